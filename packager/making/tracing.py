"""What code reaches decides what is packed: the tree as a bundle with ``trim: trace`` or ``trim: bundle`` sees it."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from packager.bundling.esbuild import module_format, output_of
from packager.bundling.outside import names, outside
from packager.languages.registry import LANGUAGES
from packager.model.inventory import File, Inventory
from packager.model.plan import TRACED
from packager.trace.entries import TYPESCRIPT, code_asked_for, entry_files
from packager.trace.licences import licence_files, licence_text
from packager.trace.reach import reach

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

    from packager.model.clients import Client
    from packager.model.packages import PackageGraph
    from packager.model.plan import Bundle
    from packager.model.tracing import Bundled, Bundler, Tracer

LICENCES = "LICENSES-OF-BUNDLED-CODE.txt"


@dataclass(frozen=True)
class View:
    """A tree as one bundle sees it."""

    inventory: Inventory
    """With bundled entries in the place of their sources."""
    reached: Mapping[str, str] | None = None
    """File → what asks for it; None: nothing was traced, everything counts as reached."""
    inlined: Mapping[str, str] = field(default_factory=dict)
    """File → bundled entry it has become a part of."""
    maps: Mapping[str, Path] = field(default_factory=dict)
    """``src/handler.js.map`` → its file in scratch."""
    renamed: Mapping[str, str] = field(default_factory=dict)
    """Entry → what it is called once bundled, where that differs: ``api/users.ts`` → ``api/users.js``."""


@dataclass(frozen=True)
class Tools:
    """The doors to the tools, and where they may work."""

    tracer: Tracer
    bundler: Bundler
    cache: Path
    scratch: Path
    """A folder for this bundle's files; made when needed."""


def view(
    bundle: Bundle,
    root: Path,
    inventory: Inventory,
    graph: PackageGraph,
    clients: Collection[Client],
    tools: Tools,
    spared: Mapping[str, object] | None = None,
    beneath: Collection[str] = (),
) -> View:
    """Return the tree as the bundle sees it. `spared`: file or package folder → why it must be kept whole.

    `beneath` are the package folders that layers carry: bundled code asks for them there.

    Raises ConfigError where there is no entry, EnvironmentFault and GeneratorFault of the tools.
    """
    if bundle.trim not in TRACED or bundle.kind == "layer" or not LANGUAGES[bundle.target.language].traceable:
        return View(inventory)
    spared = spared or {}
    entries = entry_files(bundle, inventory)
    besides = [*code_asked_for(bundle, inventory), *_spared_code(spared, inventory)]
    if bundle.trim == "trace":
        trace = tools.tracer(bundle, root, tuple(dict.fromkeys((*entries, *besides))), {}, tools.cache)
        found = {**reach(trace, root, inventory, graph, clients).files, **_kept_whole(spared, inventory)}
        return View(inventory, found)
    return _bundled_view(bundle, root, inventory, graph, clients, tools, entries, besides, spared, beneath)


def _bundled_view(
    bundle: Bundle,
    root: Path,
    inventory: Inventory,
    graph: PackageGraph,
    clients: Collection[Client],
    tools: Tools,
    entries: tuple[str, ...],
    besides: list[str],
    spared: Mapping[str, object],
    beneath: Collection[str],
) -> View:
    """Join the project's own code first, to see which packages it reaches and which of them must stay outside."""
    own = tools.bundler(bundle, root, entries, ("*",), tools.scratch / "own", tools.cache)
    first = tools.tracer(bundle, root, tuple(own.outputs), own.outputs, tools.cache)
    missed = {folder: "a proof missed it" for folder in spared if folder in graph.installed}
    kept = {**outside(bundle, first, inventory, graph), **missed}
    if all(module_format(root.resolve(), entry) == "cjs" for entry in entries):  # `import` does not look into layers
        kept.update((folder, "a layer carries it") for folder in beneath if folder in graph.installed)
    bundled = tools.bundler(bundle, root, entries, names(kept, graph), tools.scratch / "bundled", tools.cache)
    inlined = _named(bundled, root, inventory)
    besides = [path for path in besides if path not in inlined and path not in bundled.outputs]
    overlaid = _overlaid(inventory, bundled)
    trace = tools.tracer(bundle, root, (*bundled.outputs, *besides), bundled.outputs, tools.cache)
    joined = {holder.package.path for path in inlined if (holder := graph.of(path)) is not None}
    own_data = {path: parent for path, parent in first.files.items() if path in first.read and not graph.of(path)}
    trace = replace(trace, files={**own_data, **trace.files})
    reached = reach(trace, root, overlaid, graph, clients, joined).files
    found = {**reached, **_kept_whole(spared, inventory)}
    licences = _licences(inventory, joined, tools.scratch / LICENCES)
    if licences is not None:
        overlaid = _with(overlaid, [licences])
        found[LICENCES] = "the licences of the packages whose code is in the bundle"
    for path in [path for path in found if path in inlined or path.endswith(TYPESCRIPT)]:
        if graph.of(path) is None and path not in besides:
            del found[path]  # read as a file at most by a look around its own folder
    inlined = {path: output for path, output in inlined.items() if path not in found}
    return View(overlaid, found, inlined, bundled.maps, {entry: output_of(entry) for entry in entries})


def _kept_whole(spared: Mapping[str, object], inventory: Inventory) -> dict[str, str]:
    """Return the files that were missed, and all those of packages that were."""
    found = {}
    for file in inventory.files:
        why = spared.get(file.path) or (spared.get(file.package.path) if file.package else None)
        if why is not None:
            found[file.path] = str(why)
    return found


def _spared_code(spared: Mapping[str, object], inventory: Inventory) -> list[str]:
    """Return the files a proof has missed that ask for others in turn."""
    return [path for path in spared if path in inventory.by_path and path.endswith((".js", ".cjs", ".mjs"))]


def _named(bundled: Bundled, root: Path, inventory: Inventory) -> dict[str, str]:
    base = f"{root.resolve()}/"
    return {
        file.path: output
        for file in inventory.files
        if (output := bundled.inlined.get(str(file.source).removeprefix(base)) or bundled.inlined.get(file.path))
        and file.path not in bundled.outputs
    }


def _overlaid(inventory: Inventory, bundled: Bundled) -> Inventory:
    files = [
        File(path=path, size_bytes=source.stat().st_size, source=source) for path, source in bundled.outputs.items()
    ]
    return _with(inventory, files)


def _with(inventory: Inventory, files: list[File]) -> Inventory:
    together = {**inventory.by_path, **{file.path: file for file in files}}
    ordered = sorted(together.values(), key=lambda file: file.path.encode())
    return replace(inventory, files=tuple(ordered))


def _licences(inventory: Inventory, folders: Collection[str], place: Path) -> File | None:
    """Write the licence texts of these packages into one file; None if they have none."""
    beside: dict[str, dict[str, File]] = {}
    for file in inventory.files:
        if file.package and file.package.path in folders and posixpath.dirname(file.path) == file.package.path:
            beside.setdefault(file.package.path, {})[posixpath.basename(file.path)] = file
    texts: dict[str, list[str]] = {}
    for files in beside.values():
        for name in sorted(licence_files(files)):
            package, source = files[name].package, files[name].source
            if package is None or source is None:
                continue
            if text := licence_text(name, source.read_text(encoding="utf-8", errors="replace")):
                texts.setdefault(text, []).append(f"{package.name}@{package.version}")
    if not texts:
        return None
    written = [f"==== {', '.join(dict.fromkeys(owners))}\n\n{text}\n" for text, owners in texts.items()]
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text("\n".join(written), encoding="utf-8", newline="\n")
    return File(path=place.name, size_bytes=place.stat().st_size, source=place)
