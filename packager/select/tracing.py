"""What code reaches decides what is packed: the tree as a bundle with ``trim: trace`` or ``trim: bundle`` sees it."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from packager.languages.registry import LANGUAGES
from packager.model.inventory import File, Inventory
from packager.model.plan import TRACED
from packager.model.tracing import BundleQuestion, TraceQuestion, View
from packager.select.bundle.esbuild import module_format, output_of
from packager.select.bundle.outside import names, outside, unjoinable, with_dependents, with_their_keepers
from packager.select.trace.entries import TYPESCRIPT, code_asked_for, entry_files
from packager.select.trace.licences import licence_files, licence_text
from packager.select.trace.preloads import Preloads, preloads
from packager.select.trace.reach import CODE, Reach, reach
from packager.select.trim.patterns import compiled
from packager.select.trim.rulebook import package_rules

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from packager.model.contents import Contents
    from packager.model.packages import PackageGraph
    from packager.model.stages import TraceInputs
    from packager.model.tools import Tools
    from packager.model.tracing import Bundled, Trace

LICENCES = "LICENSES-OF-BUNDLED-CODE.txt"
AWAITS = "it awaits at its top level"
"""What the bundler says of code that can be no part of CommonJS."""
_EVERY_PACKAGE = ("*",)
_REQUIRES_ESM = 20
"""Node's first major whose last releases load ES modules by ``require`` (20.19)."""
_LOOKS = 6
"""How often what one look has shown is looked at in turn."""


@dataclass(frozen=True)
class _Doors:
    """Tracer, bundler and contents, asked on behalf of one bundle."""

    inputs: TraceInputs
    tools: Tools
    contents: Contents
    first: Preloads

    def trace(
        self, entries: Iterable[str], overlay: Mapping[str, str] | None = None, modules: Iterable[str] = ()
    ) -> Trace:
        """Return what these files reach, and what is loaded besides them."""
        inputs = self.inputs
        project = inputs.graph.installed.get("")
        question = TraceQuestion(
            inputs.name,
            inputs.target,
            tuple(dict.fromkeys(entries)),
            overlay or {},
            modules=tuple(dict.fromkeys((*self.first.modules, *_kept_by_name(inputs), *modules))),
            named=tuple(name for name in (project.needs if project else ()) if inputs.graph.resolve("", name)),
        )
        return self.tools.tracer(question, self.contents)

    def reach(self, entries: Sequence[str]) -> Reach:
        """Return every file that a bundle of these entries must have, the code it finds by no name included."""
        inputs = self.inputs
        for _ in range(_LOOKS):
            found = reach(self.trace(entries), inputs.inventory, inputs.graph, inputs.clients)
            if not found.code:
                break
            entries = [*entries, *found.code]
        return found

    def bundle(self, entries: tuple[str, ...], external: tuple[str, ...], files: Iterable[str] = ()) -> Bundled:
        """Return the entries joined with the code they reach."""
        question = BundleQuestion(
            self.inputs.name,
            self.inputs.target,
            entries,
            external,
            files=tuple(sorted(files)),
            require_esm=loads_es_modules(self.inputs),
            plain=external == _EVERY_PACKAGE,
        )
        return self.tools.bundler(question, self.contents)


def trace(inputs: TraceInputs, tools: Tools, contents: Contents) -> View:
    """Return the tree as the bundle sees it.

    Raises ConfigError where there is no entry, EnvironmentFault and GeneratorFault of the tools.
    """
    if inputs.trim not in TRACED or inputs.kind == "layer" or not LANGUAGES[inputs.target.language].traceable:
        return View(inputs.inventory)
    doors = _Doors(inputs, tools, contents, preloads(inputs))
    entries = entry_files(inputs)
    besides = [*code_asked_for(inputs), *_pinned_code(inputs), *doors.first.files]
    if inputs.trim == "trace":
        found = doors.reach((*entries, *besides)).files
        return View(inputs.inventory, {**found, **_kept_whole(inputs)})
    return _bundled_view(doors, entries, besides)


def loads_es_modules(inputs: TraceInputs) -> bool:
    """Return whether the host's Node loads ES modules by ``require``; where it is not known, it counts as not.

    The condition ``module-sync`` is taken only then. Source: nodejs.org/api/packages.html, "Conditional exports".
    """
    flags = {each.flag for each in inputs.target.system.flags_of(dict(inputs.environment))}
    return int(inputs.target.language_version or 0) >= _REQUIRES_ESM and "--no-experimental-require-module" not in flags


@dataclass(frozen=True)
class _Split:
    """What of a bundle's code is joined and what is not."""

    bundled: Bundled
    apart: frozenset[str]
    """Own code that stays in files."""
    noted: Mapping[str, str]
    """Package folder → why it stays outside, where reading its code has shown that it must."""


def _bundled_view(doors: _Doors, entries: tuple[str, ...], besides: list[str]) -> View:
    """Join the project's own code first, to see which packages it reaches and which of them must stay outside.

    What the code reads and loads is traced in its sources: joined code does not show it any more.
    """
    inputs, contents = doors.inputs, doors.contents
    inventory, graph = inputs.inventory, inputs.graph
    own = doors.bundle(entries, _EVERY_PACKAGE)
    first = doors.trace((*entries, *_own_code(own.inlined, graph), *doors.first.files), own.plain)
    split = _split(doors, entries, own, first)
    bundled = split.bundled
    inlined = _named(bundled, inventory)
    besides = [*(path for path in besides if path not in inlined and path not in bundled.outputs), *split.apart]
    overlaid = _overlaid(inventory, bundled, contents)
    overlay = {path: bundled.asks.get(path, source) for path, source in bundled.outputs.items()}
    by_name = {graph.installed[folder].package.name for folder in _loaded_by_name(own, first, graph)}
    found_again = doors.trace((*bundled.outputs, *besides), overlay, sorted(by_name))
    joined = {holder.package.path for path in inlined if (holder := graph.of(path)) is not None}
    own_data = _own_data(first, inlined, graph) | dict.fromkeys(bundled.located, "its place is asked for")
    found_again = replace(
        found_again,
        files={**own_data, **found_again.files},
        folders=first.folders,
        data={**first.data, **found_again.data},
        idle=first.idle | found_again.idle,
    )
    reached = reach(found_again, overlaid, graph, inputs.clients, joined).files
    found = {**reached, **_kept_whole(inputs)}
    licences = _licences(inventory, joined, contents)
    if licences is not None:
        overlaid = _with(overlaid, [licences])
        found[LICENCES] = "the licences of the packages whose code is in the bundle"
    for path in [path for path in found if path in inlined or path.endswith(TYPESCRIPT)]:
        if graph.of(path) is None and path not in besides and path not in own_data:
            del found[path]
    inlined = {path: output for path, output in inlined.items() if path not in found}
    return View(
        overlaid,
        found,
        inlined,
        bundled.maps,
        {entry: output_of(entry) for entry in entries},
        apart={graph.installed[folder].package.name: why for folder, why in sorted(split.noted.items())},
        absent=tuple(name for name in bundled.outside if graph.resolve("", name) is None),
        needed=_needed(first, graph),
    )


def _split(doors: _Doors, entries: tuple[str, ...], own: Bundled, first: Trace) -> _Split:
    """Join the code, putting outside what turns out to be no part of another file."""
    inputs, graph = doors.inputs, doors.inputs.graph
    stays = [
        path for path in _own_code(first.files, graph) if path not in own.inlined and path not in doors.first.files
    ]
    apart, packages = _files_apart(doors, entries, own, [*stays, *_own_code(own.apart, graph)])
    hooks = _hooking(doors, first)
    if hooks:
        used = {holder.package.path for path in first.files if (holder := graph.of(path)) is not None}
        bundled = doors.bundle(entries, _EVERY_PACKAGE, apart)
        return _Split(bundled, apart, dict.fromkeys(used - {""}, hooks))
    missed = {folder: "a proof missed it" for folder in (*inputs.pinned, *inputs.apart) if folder in graph.installed}
    kept = {**outside(inputs, first), **missed, **_loaded_by_name(own, first, graph)}
    # `import` does not look into layers.
    if all(module_format(doors.contents.root, entry) == "cjs" for entry in entries):
        kept.update((folder, "a layer carries it") for folder in inputs.beneath if folder in graph.installed)
    noted = dict(packages)
    for _ in range(_LOOKS):
        bundled = doors.bundle(entries, names({**kept, **noted}, graph), apart)
        more = _found_unjoinable(bundled, graph, first)
        waiting = [path for path in _own_code(bundled.apart, graph) if path not in apart]
        if not (more.keys() - kept.keys() - noted.keys()) and not waiting:
            break
        apart, packages = _files_apart(doors, entries, own, [*apart, *waiting])
        noted = {**packages, **more, **noted}
    return _Split(bundled, apart, {folder: why for folder, why in noted.items() if folder not in kept})


def _loaded_by_name(own: Bundled, first: Trace, graph: PackageGraph) -> dict[str, str]:
    """Return the packages that no code loads itself, but has others load by their names."""
    named = {graph.resolve("", name): asker for name, asker in first.named.items()}
    found = {folder: f"{asker} names it in a text" for folder, asker in named.items() if folder}
    for path, parent in first.files.items():
        holder = graph.of(path)
        if holder is None or "node_modules/" in parent or not parent:
            continue
        if holder.package.name not in own.outside:
            found[holder.package.path] = f"{parent} names it in a text"
    return found


def _found_unjoinable(bundled: Bundled, graph: PackageGraph, first: Trace) -> dict[str, str]:
    """Return the packages of which joining has shown that they must stay outside, and those that need them so."""
    waiting = {path: why for path, why in bundled.apart.items() if why == AWAITS}
    found = {**unjoinable(bundled.apart, graph)}
    found.update(with_dependents(unjoinable(waiting, graph), graph, first.files))
    return with_their_keepers(found, graph, set(first.files))


def _files_apart(
    doors: _Doors, entries: tuple[str, ...], own: Bundled, files: list[str]
) -> tuple[frozenset[str], dict[str, str]]:
    """Return the own code that stays in files, with all own code it asks for, and the packages it asks for.

    None of these is joined: the same module would be there twice, each with a state of its own.
    """
    if not files:
        return frozenset(), {}
    graph = doors.inputs.graph
    traced = doors.trace([path for path in files if path not in entries], own.plain)
    found = frozenset(path for path in _own_code(traced.files, graph) if path not in entries)
    packages = unjoinable({path: f"{_shown(found)} asks for it" for path in traced.files}, graph)
    return frozenset(path for path in found if not path.endswith(TYPESCRIPT)), packages


def _shown(files: Collection[str]) -> str:
    return min(files, default="code that stays a file")


def _hooking(doors: _Doors, first: Trace) -> str:
    """Return what changes how modules are loaded; empty if nothing does.

    It sees no module that has become a part of another, so then every package stays outside.
    """
    if doors.first.elsewhere:
        return f"{doors.first.elsewhere[0]} is loaded first, and may instrument packages as they are loaded"
    return f"{first.hooks[0]} instruments packages as they are loaded" if first.hooks else ""


def _own_code(files: Iterable[str], graph: PackageGraph) -> list[str]:
    return [path for path in files if path.endswith((*CODE, *TYPESCRIPT, ".jsx")) and graph.of(path) is None]


def _own_data(first: Trace, inlined: Collection[str], graph: PackageGraph) -> dict[str, str]:
    """Return the project's own files that its code reads, and those it loads that can be no part of another file."""
    code = (*CODE, *TYPESCRIPT, ".jsx")
    return {
        path: parent
        for path, parent in first.files.items()
        if graph.of(path) is None and (path in first.read or (path not in inlined and not path.endswith(code)))
    }


def _needed(first: Trace, graph: PackageGraph) -> frozenset[str]:
    """Return the packages that own code names, and all they need."""
    roots = {
        holder.package.path
        for path, parent in first.files.items()
        if "node_modules/" not in parent and (holder := graph.of(path)) is not None
    }
    return frozenset(graph.closure(sorted(roots)))


def _kept_by_name(inputs: TraceInputs) -> list[str]:
    """Return the names of the packages that the configuration keeps as they are, whether code names them or not."""
    return sorted({inputs.graph.installed[folder].package.name for folder in _configured(inputs)})


def _configured(inputs: TraceInputs) -> set[str]:
    graph = inputs.graph
    patterns = [compiled(pattern) for pattern in inputs.external]
    if not patterns:
        return set()
    needed = graph.production() if "" in graph.installed else graph.installed
    return {
        folder
        for folder in needed
        if folder and any(pattern.match(graph.installed[folder].package.name) for pattern in patterns)
    }


def _kept_whole(inputs: TraceInputs) -> dict[str, str]:
    """Return the files that were missed, and all those of packages that were or that the configuration names."""
    found = {}
    configured, plain = _configured(inputs), package_rules("folders", "safe")
    for file in inputs.inventory.files:
        folder = file.package.path if file.package else ""
        if folder in configured and not plain.rule(file.path[len(folder) + 1 :], posixpath.basename(folder)):
            found[file.path] = "the configuration keeps its package as it is"
        why = inputs.pinned.get(file.path) or (inputs.pinned.get(file.package.path) if file.package else None)
        if why is not None:
            found[file.path] = why
    return found


def _pinned_code(inputs: TraceInputs) -> list[str]:
    """Return the files a proof has missed that ask for others in turn."""
    known = inputs.inventory.by_path
    return [path for path in inputs.pinned if path in known and path.endswith((".js", ".cjs", ".mjs"))]


def _named(bundled: Bundled, inventory: Inventory) -> dict[str, str]:
    return {
        file.path: output
        for file in inventory.files
        if (output := bundled.inlined.get(file.source) or bundled.inlined.get(file.path))
        and file.path not in bundled.outputs
    }


def _overlaid(inventory: Inventory, bundled: Bundled, contents: Contents) -> Inventory:
    files = [
        File(path=path, size_bytes=contents.path(source).stat().st_size, source=source)
        for path, source in bundled.outputs.items()
    ]
    return _with(inventory, files)


def _with(inventory: Inventory, files: list[File]) -> Inventory:
    together = {**inventory.by_path, **{file.path: file for file in files}}
    ordered = sorted(together.values(), key=lambda file: file.path.encode())
    return replace(inventory, files=tuple(ordered))


def _licences(inventory: Inventory, folders: Collection[str], contents: Contents) -> File | None:
    """Return one file with the licence texts of these packages; None if they have none."""
    beside: dict[str, dict[str, File]] = {}
    for file in inventory.files:
        if file.package and file.package.path in folders and posixpath.dirname(file.path) == file.package.path:
            beside.setdefault(file.package.path, {})[posixpath.basename(file.path)] = file
    texts: dict[str, list[str]] = {}
    for files in beside.values():
        for name in sorted(licence_files(files)):
            file = files[name]
            if file.package is None or not file.source:
                continue
            # Line endings as a text file's: the same licence of two packages is told once.
            said = contents.read(file).decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n")
            if text := licence_text(name, said):
                texts.setdefault(text, []).append(f"{file.package.name}@{file.package.version}")
    if not texts:
        return None
    written = [f"==== {', '.join(dict.fromkeys(owners))}\n\n{text}\n" for text, owners in texts.items()]
    content = "\n".join(written).encode()
    return File(path=LICENCES, size_bytes=len(content), source=contents.keep(content))
