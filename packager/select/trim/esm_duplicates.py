"""ES modules that lie beside the same code for require, in a bundle that is CommonJS throughout: never loaded.

Said only where all of this holds: the project's own code has no module syntax and no ``import()``; no code that stays
imports the package; neither what ``require`` takes from its package.json nor any of its scripts leads to the file.
"""

from __future__ import annotations

import json
import posixpath
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from packager.select.trim.entries import LITERAL, has_subpaths, manifest_of, strings, targets

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from packager.model.contents import Contents
    from packager.model.inventory import File
    from packager.model.packages import PackageGraph
    from packager.model.selection import Selection

REASON = "an ES module beside the same code for require; nothing in this bundle imports it"

_CODE = (".js", ".cjs", ".mjs")
_SUFFIXES = ("", ".js", ".json", ".node", ".cjs", ".mjs", "/index.js", "/index.mjs", "/index.cjs", "/index.json")
_REQUIRED = re.compile(rb"""require(?:\.resolve)?\s*\(\s*["'`]([^"'`]+)["'`]""")
_DYNAMIC = re.compile(rb"\bimport\s*\(")
_COMMENT = rb"(?:/\*[^*]*\*+(?:[^/*][^*]*\*+)*/\s*)*"
_IMPORTED = re.compile(rb"""\b(?:from|import)\s*\(?\s*""" + _COMMENT + rb"""["'`]([^"'`$]+)["'`]""")
_CALLED = re.compile(rb"""\bimport\s*\(\s*""" + _COMMENT + rb"""["'`]([^"'`$]+)["'`]""")
# What is imported is worked out at run time.
_COMPUTED = re.compile(rb"""\bimport\s*\(\s*""" + _COMMENT + rb"""(?:[^"'`\s/)]|`[^`]*\$)""")
_SYNTAX = re.compile(
    rb"""(?:^|[;}])[ \t]*(?:import(?:\s*["'{*]|\s+[\w$*{]+[^;\n]*?\bfrom\b)"""
    rb"""|export\s*(?:[{*]|(?:default|const|let|var|function|class|async)\b))""",
    re.MULTILINE,
)
_SKIPPED = re.compile(rb"""\s+|//[^\n]*|["']use strict["'];?|#![^\n]*""")
_STARTS = re.compile(rb"""import\b\s*[^\s(.]|export\b""")
_CLASSIC = re.compile(rb"\bmodule\.exports\b|\bexports\s*[.\[]|\brequire\s*\(|__esModule")
# What require takes, before and since Node learnt to require ES modules.
_CONDITIONS = (
    frozenset({"node", "require", "default", "node-addons", "production"}),
    frozenset({"node", "require", "default", "node-addons", "production", "module-sync"}),
    frozenset({"node", "require", "default", "node-addons", "development"}),
)


@dataclass(frozen=True)
class _Module:
    """One script, as far as its text tells."""

    esm: bool
    relative: frozenset[str]
    """Relative names it spells out."""
    imported: frozenset[str]
    """Packages it may import as ES modules; where that is worked out at run time, every bare name in the file."""


def module_twins(selection: Selection, graph: PackageGraph, contents: Contents) -> dict[str, str]:
    """Return file → reason for every ES module of a package that nothing can load. Reads the kept code."""
    own: list[File] = []
    packages: dict[str, dict[str, File]] = {}
    for choice in selection.kept:
        file = choice.file
        folder = file.package.path if file.package is not None else ""
        if folder:
            packages.setdefault(folder, {})[file.path] = file
        else:
            own.append(file)
    wanted = _own_imports(own, contents)
    if wanted is None:
        return {}
    rooms = {folder: _Room(folder, files, contents) for folder, files in packages.items()}
    twins = {folder: room.twins() for folder, room in rooms.items()}
    queue = [found for name in wanted if (found := graph.resolve("", name)) is not None]
    for folder, room in rooms.items():
        queue += _resolved(graph, folder, room.imports(set(room.modules) - twins[folder]))
    while queue:
        folder = queue.pop()
        if twins.get(folder):
            back, twins[folder] = twins[folder], set()
            queue += _resolved(graph, folder, rooms[folder].imports(back))
    return {path: REASON for found in twins.values() for path in found}


def _own_imports(own: Iterable[File], contents: Contents) -> set[str] | None:
    """Return the packages that the project's code names without requiring them; None if it is not all CommonJS."""
    scripts = [file for file in own if file.path.endswith((*_CODE, ".ts", ".mts", ".cts", ".tsx", ".jsx"))]
    if not scripts:
        return None  # it is not known which code will load the packages
    names: set[str] = set()
    for file in scripts:
        text = contents.read(file)
        if not file.path.endswith((".js", ".cjs")) or _DYNAMIC.search(text) or (_SYNTAX.search(text)):
            return None
        plain = {raw for raw in LITERAL.findall(text) if not raw.startswith((b".", b"/"))}
        names |= {_package(raw.decode("utf-8", "replace")) for raw in plain - set(_REQUIRED.findall(text))}
    manifest = next((file for file in own if file.path == "package.json"), None)
    return None if manifest is not None and manifest_of(manifest, contents).get("type") == "module" else names


class _Room:
    """One package: its scripts and what they name of one another."""

    def __init__(self, folder: str, files: Mapping[str, File], contents: Contents) -> None:
        self._contents = contents
        self._folder = folder
        self._files = files
        manifest = files.get(f"{folder}/package.json")
        self._manifest = manifest_of(manifest, contents) if manifest else {}
        self._types: dict[str, str] = {}
        self.modules: dict[str, _Module] = {}
        if self._has_twins():
            for path, file in files.items():
                if path.endswith(_CODE):
                    self.modules[path] = self._read(file)
        else:
            for path, file in files.items():
                if path.endswith(_CODE) and file.source:
                    text = contents.read(file)
                    if path.endswith(".mjs") or self._type(path) == "module" or _DYNAMIC.search(text):
                        self.modules[path] = self._read(file, text)

    def twins(self) -> set[str]:
        """Return the ES modules that are reached neither from the scripts of the package nor by who requires it."""
        if not self._has_twins():
            return set()
        modules = {path for path, module in self.modules.items() if module.esm}
        queue = [path for path in self._files if path not in modules]
        queue += [path for target in self._entries() for path in self._at(target)]
        seen: set[str] = set()
        while queue:
            path = queue.pop()
            if path in seen:
                continue
            seen.add(path)
            if path in self.modules:
                here = posixpath.dirname(path)
                for name in self.modules[path].relative:
                    queue += self._at(posixpath.normpath(posixpath.join(here, name)))
        return modules - seen

    def imports(self, paths: Iterable[str]) -> Iterator[str]:
        """Yield the packages that these scripts may import."""
        for path in paths:
            yield from self.modules[path].imported

    def _has_twins(self) -> bool:
        exports = json.dumps(self._manifest.get("exports") or "")
        return bool(self._manifest.get("module")) or '"import"' in exports or '"module"' in exports

    def _read(self, file: File, text: bytes | None = None) -> _Module:
        if text is None:
            text = self._contents.read(file)
        esm = (
            file.path.endswith(".mjs")
            or (file.path.endswith(".js") and self._type(file.path) == "module")
            or (file.path.endswith(".js") and _is_module(text))
        )
        literals = {raw.decode("utf-8", "replace") for raw in LITERAL.findall(text)}
        relative = frozenset(name for name in literals if name.startswith("."))
        imported = {raw.decode("utf-8", "replace") for raw in (_IMPORTED if esm else _CALLED).findall(text)}
        if _COMPUTED.search(text):
            imported |= literals
        bare = (name for name in imported if not name.startswith((".", "/")))
        return _Module(esm, relative, frozenset(map(_package, bare)))

    def _type(self, path: str) -> str:
        """Return "module" or "commonjs", by the nearest package.json above a script."""
        folder = posixpath.dirname(path)
        if folder not in self._types:
            manifest = self._files.get(f"{folder}/package.json")
            if manifest is not None:
                self._types[folder] = str(manifest_of(manifest, self._contents).get("type") or "commonjs")
            elif folder in ("", self._folder):
                self._types[folder] = "commonjs"
            else:
                self._types[folder] = self._type(folder)
        return self._types[folder]

    def _entries(self) -> Iterator[str]:
        """Yield the paths that requiring the package, running it or its own imports may lead to; ``*`` included."""
        exports = self._manifest.get("exports")
        found: list[str] = [str(self._manifest.get("main") or "index"), *strings(self._manifest.get("bin"))]
        for conditions in _CONDITIONS:
            entries = list(exports.values()) if isinstance(exports, dict) and has_subpaths(exports) else [exports]
            found += [target for entry in entries for target in targets(entry, conditions)]
        found += strings(self._manifest.get("imports"))
        for text in found:
            yield posixpath.normpath(posixpath.join(self._folder, text))

    def _at(self, path: str) -> list[str]:
        """Return the file a path leads to as Node resolves it; with a ``*`` all that match."""
        if "*" in path:
            head, _, tail = path.partition("*")
            return [file for file in self._files if file.startswith(head) and file.endswith(tail)]
        return [path + suffix for suffix in _SUFFIXES if path + suffix in self._files][:1]


def _is_module(text: bytes) -> bool:
    """Return whether a script is an ES module by its text: its first statement says so, or all of it does."""
    at = 0
    while True:
        # Step by step, as one expression for all of it would try every way to read a comment.
        if text.startswith(b"/*", at):
            end = text.find(b"*/", at)
            if end < 0:
                return False
            at = end + 2
        elif skipped := _SKIPPED.match(text, at):
            at = skipped.end()
        else:
            break
    return bool(_STARTS.match(text, at)) or (bool(_SYNTAX.search(text)) and not _CLASSIC.search(text))


def _package(name: str) -> str:
    """Return the package of a module's name.

    >>> _package("@aws-sdk/core/protocols"), _package("lodash/fp")
    ('@aws-sdk/core', 'lodash')
    """
    parts = name.split("/")
    return "/".join(parts[: 2 if name.startswith("@") else 1])


def _resolved(graph: PackageGraph, folder: str, names: Iterable[str]) -> list[str]:
    return [found for name in names if (found := graph.resolve(folder, name)) is not None]
