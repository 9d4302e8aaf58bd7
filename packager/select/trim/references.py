"""What code and package.json name is not dropped by a trim level: the names in the kept files are read and looked up.

Rules go by file names, so they are guesses about packages that were not tried. Here each guess is held against the code
itself: a relative path, a file name or a module that a kept file spells out and that leads to a dropped file spares it.
Too much is named rather than too little; what is put together at run time is not seen, which is what proofs are for.
"""

from __future__ import annotations

import posixpath
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from packager.catalog.trim_rules import trim_rules
from packager.languages.registry import LANGUAGES
from packager.select.trim.entries import LITERAL, manifest_of
from packager.select.trim.esm_duplicates import module_twins
from packager.select.trim.layer_dedup import provided_by
from packager.select.trim.pythonnames import imported_modules
from packager.select.trim.rules import NOTHING_SETTLED, Settled, apply_rules

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from packager.model.contents import Contents
    from packager.model.inventory import File
    from packager.model.selection import Selection
    from packager.model.stages import TrimInputs

STRICT = ("strict", "trace", "bundle")
"""Levels for which the code is asked whether it is CommonJS throughout."""
_JS = (".js", ".cjs", ".mjs")
_SUFFIXES = ("", ".js", ".json", ".node", ".cjs", ".mjs", "/index.js", "/index.json", "/index.node", "/package.json")
# Conditions of "exports" that Node itself never takes.
_NOT_NODE = frozenset({"types", "typings", "source", "bun", "deno", "react-native", "workerd", "edge-light"})
# Named in "exports" for others: Node takes no TypeScript from node_modules.
_NOT_RUN = (".ts", ".mts", ".cts", ".tsx", ".map", ".flow", ".md")
_FOR_BROWSERS = (".min.js", ".umd.js", ".umd.cjs", ".iife.js")
# Read by compilers and debuggers, who name them all day.
_NEVER_OPENED = (".d.ts", ".d.mts", ".d.cts", ".map", ".flow", ".pyi")
_ENTRY_KEYS = ("main", "module", "bin", "exports", "imports", "browser")


def trim(inputs: TrimInputs, contents: Contents) -> Selection:
    """Return the verdict on every file of the tree; what the layers beneath carry is left out."""
    selection = _trim_unnamed(inputs, contents, NOTHING_SETTLED)
    if not inputs.layers:
        return selection
    language = LANGUAGES[inputs.target.language]
    packages, files = provided_by(selection, inputs.layers, file_by_file=language.package_layout == "shared")
    return _trim_unnamed(inputs, contents, Settled(provided=packages, provided_files=files))


def _trim_unnamed(inputs: TrimInputs, contents: Contents, settled: Settled) -> Selection:
    """Return the verdict on every file of the tree, in which no level's rule drops what the kept code names.

    Reads the kept code. What is pinned may itself name files, so it is asked until nothing is added.
    """
    pinned = dict(inputs.pinned)
    read: set[str] = set()
    has_twins = LANGUAGES[inputs.target.language].has_module_twins
    if inputs.trim in STRICT and inputs.kind == "function" and has_twins:
        first = apply_rules(inputs, settled)
        settled = replace(settled, twins=module_twins(first, inputs.graph, contents))
    while True:
        selection = apply_rules(inputs, replace(settled, pinned=pinned))
        found = _DroppedNames(selection, inputs, contents).found(read)
        if found.keys() <= pinned.keys():
            return selection
        pinned = {**found, **pinned}


class _DroppedNames:
    """What is dropped, by every way of naming it."""

    def __init__(self, selection: Selection, inputs: TrimInputs, contents: Contents) -> None:
        by_level = {"twin", *(rule.name for file in trim_rules() for rule in file.rules if rule.level != "always")}
        self._graph = inputs.graph
        self._python = inputs.python_packages
        self._contents = contents
        self._kept = [choice.file for choice in selection.kept]
        self._kept_paths = {file.path for file in self._kept}
        self._dropped = {choice.file.path: choice.file for choice in selection.dropped if choice.rule in by_level}
        self._twins = {choice.file.path for choice in selection.dropped if choice.rule == "twin"}
        self._folders: dict[str, list[str]] = {}
        self._by_name: dict[tuple[str, str], list[str]] = {}
        live = {folder for path in self._kept_paths for folder in _folders_of(path)}
        for path, file in self._dropped.items():
            for folder in _folders_of(path):
                if folder not in live:
                    self._folders.setdefault(folder, []).append(path)
            name = path.rpartition("/")[2]
            if not name.endswith(_NEVER_OPENED) and not name.startswith(("index.", "__init__.")):
                self._by_name.setdefault((self._owner(file), name), []).append(path)
        for file in self._kept:
            self._by_name.pop((self._owner(file), file.path.rpartition("/")[2]), None)  # that is the one it means
        self._words = {word for path in self._dropped for word in _words(path)}
        self._words |= {folder.rpartition("/")[2] for folder in self._folders}

    def found(self, read: set[str]) -> dict[str, str]:
        """Return dropped path → why it must stay, from the kept files that are not in `read`, which are added to it."""
        named: dict[str, str] = {}
        if not self._dropped:
            return named
        for file in self._kept:
            if file.path in read or not file.source:
                continue
            read.add(file.path)
            name = file.path.rpartition("/")[2]
            if name.endswith(_JS):
                found: Iterable[str] = self._of_code(file)
            elif name == "package.json" and file.package is not None:
                found = self._of_manifest(file, file.package.path)
            elif name.endswith(".py"):
                found = self._of_python(file)
            else:
                continue
            for path in found:
                named.setdefault(path, f"{file.path} names it")
        return named

    def _of_code(self, file: File) -> Iterator[str]:
        folder = file.path.rpartition("/")[0]
        owner = self._owner(file)
        for raw in set(LITERAL.findall(self._contents.read(file))):
            text = raw.decode("utf-8", "replace").rstrip("/")
            last = text.rpartition("/")[2]
            if last not in self._words:
                continue
            if "." in last and last == text:
                # Put together from parts, perhaps: join(__dirname, "..", "README.md").
                yield from self._by_name.get((owner, last), ())
            if text.startswith("."):
                yield from self._at(posixpath.normpath(posixpath.join(folder, text)))
            elif "/" in text:
                yield from self._at(posixpath.normpath(posixpath.join(folder, text.lstrip("/"))))
                yield from self._at(posixpath.normpath(posixpath.join(owner, text.lstrip("/"))))
                parts = text.split("/")
                length = 2 if text.startswith("@") else 1
                resolved = self._graph.resolve(owner, "/".join(parts[:length]))
                if resolved is not None and len(parts) > length:
                    yield from self._at(posixpath.join(resolved, *parts[length:]))

    def _of_manifest(self, file: File, folder: str) -> Iterator[str]:
        if file.path != posixpath.join(folder, "package.json"):
            return
        data = manifest_of(file, self._contents)
        for key in _ENTRY_KEYS:
            for text in _leaves(data.get(key)):
                head, star, _ = text.partition("*")
                path = posixpath.normpath(posixpath.join(folder, head))
                # "./*" opens everything to everybody and asks for nothing.
                if path != posixpath.normpath(folder or "."):
                    yield from (
                        found
                        for found in self._at(path, only_folder=bool(star))
                        # Which entries of package.json lead to a twin was asked when it was found.
                        if not found.endswith(_NOT_RUN) and (found not in self._twins or found.endswith(_FOR_BROWSERS))
                    )

    def _of_python(self, file: File) -> Iterator[str]:
        text = self._contents.read(file)
        owner = self._owner(file)
        for raw in LITERAL.findall(text):
            last = raw.decode("utf-8", "replace").rpartition("/")[2]
            if "." in last and last in self._words:
                yield from self._by_name.get((owner, last), ())
        if b"test" in text:
            for module in imported_modules(text, file.path, self._python):
                yield from self._module(module)

    def _module(self, path: str) -> Iterator[str]:
        """Yield the dropped files that importing a module reads: its own and those of the packages around it."""
        if any(where in self._dropped for where in (f"{path}.py", f"{path}/__init__.py")):
            for where in (path, *_folders_of(path)):
                yield from (name for name in (f"{where}.py", f"{where}/__init__.py") if name in self._dropped)

    def _at(self, path: str, *, only_folder: bool = False) -> Iterable[str]:
        """Return the dropped files that a path means as Node resolves it, or all of a folder that is dropped whole."""
        for suffix in () if only_folder else _SUFFIXES:
            if path + suffix in self._kept_paths:
                return ()
            if path + suffix in self._dropped:
                return (path + suffix,)
        return self._folders.get(path, ())

    def _owner(self, file: File) -> str:
        """Return the folder of a file's package; of Python's the folder of the top module."""
        if file.package is not None and file.package.path:
            return file.package.path
        start = "" if self._python in ("", ".") else f"{self._python}/"
        return start + file.path.removeprefix(start).partition("/")[0] if self._python else ""


def _folders_of(path: str) -> Iterator[str]:
    while path := path.rpartition("/")[0]:
        yield path


def _words(path: str) -> Iterator[str]:
    """Yield what the last part of a name for this file may be: with its ending and without."""
    name = path.rpartition("/")[2]
    yield name
    stem, dot, ending = name.rpartition(".")
    if dot and f".{ending}" in _SUFFIXES:
        yield stem
        if stem == "index":
            yield path.split("/")[-2] if "/" in path else ""


def _leaves(value: Any) -> Iterator[str]:
    """Yield the paths in a value of package.json that Node may take."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from _leaves(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            if key not in _NOT_NODE and not str(key).startswith("types@"):
                yield from _leaves(item)
