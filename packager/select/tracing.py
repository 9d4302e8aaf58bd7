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
from packager.select.bundle.outside import names, outside
from packager.select.trace.entries import TYPESCRIPT, code_asked_for, entry_files
from packager.select.trace.licences import licence_files, licence_text
from packager.select.trace.reach import reach

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from packager.model.contents import Contents
    from packager.model.stages import TraceInputs
    from packager.model.tools import Tools
    from packager.model.tracing import Bundled, Trace

LICENCES = "LICENSES-OF-BUNDLED-CODE.txt"


@dataclass(frozen=True)
class _Doors:
    """Tracer, bundler and contents, asked on behalf of one bundle."""

    inputs: TraceInputs
    tools: Tools
    contents: Contents

    def trace(self, entries: Iterable[str], overlay: Mapping[str, str] | None = None) -> Trace:
        """Return what these files reach."""
        question = TraceQuestion(self.inputs.name, self.inputs.target, tuple(dict.fromkeys(entries)), overlay or {})
        return self.tools.tracer(question, self.contents)

    def bundle(self, entries: tuple[str, ...], external: tuple[str, ...]) -> Bundled:
        """Return the entries joined with the code they reach."""
        return self.tools.bundler(
            BundleQuestion(self.inputs.name, self.inputs.target, entries, external), self.contents
        )


def trace(inputs: TraceInputs, tools: Tools, contents: Contents) -> View:
    """Return the tree as the bundle sees it.

    Raises ConfigError where there is no entry, EnvironmentFault and GeneratorFault of the tools.
    """
    if inputs.trim not in TRACED or inputs.kind == "layer" or not LANGUAGES[inputs.target.language].traceable:
        return View(inputs.inventory)
    doors = _Doors(inputs, tools, contents)
    entries = entry_files(inputs)
    besides = [*code_asked_for(inputs), *_pinned_code(inputs)]
    if inputs.trim == "trace":
        found = reach(doors.trace((*entries, *besides)), inputs.inventory, inputs.graph, inputs.clients).files
        return View(inputs.inventory, {**found, **_kept_whole(inputs)})
    return _bundled_view(doors, entries, besides)


def _bundled_view(doors: _Doors, entries: tuple[str, ...], besides: list[str]) -> View:
    """Join the project's own code first, to see which packages it reaches and which of them must stay outside."""
    inputs, contents = doors.inputs, doors.contents
    inventory, graph = inputs.inventory, inputs.graph
    own = doors.bundle(entries, ("*",))
    first = doors.trace(own.outputs, own.outputs)
    missed = {folder: "a proof missed it" for folder in inputs.pinned if folder in graph.installed}
    kept = {**outside(inputs, first), **missed}
    if all(module_format(contents.root, entry) == "cjs" for entry in entries):  # `import` does not look into layers
        kept.update((folder, "a layer carries it") for folder in inputs.beneath if folder in graph.installed)
    bundled = doors.bundle(entries, names(kept, graph))
    inlined = _named(bundled, inventory)
    besides = [path for path in besides if path not in inlined and path not in bundled.outputs]
    overlaid = _overlaid(inventory, bundled, contents)
    found_again = doors.trace((*bundled.outputs, *besides), bundled.outputs)
    joined = {holder.package.path for path in inlined if (holder := graph.of(path)) is not None}
    own_data = {path: parent for path, parent in first.files.items() if path in first.read and not graph.of(path)}
    found_again = replace(found_again, files={**own_data, **found_again.files})
    reached = reach(found_again, overlaid, graph, inputs.clients, joined).files
    found = {**reached, **_kept_whole(inputs)}
    licences = _licences(inventory, joined, contents)
    if licences is not None:
        overlaid = _with(overlaid, [licences])
        found[LICENCES] = "the licences of the packages whose code is in the bundle"
    for path in [path for path in found if path in inlined or path.endswith(TYPESCRIPT)]:
        if graph.of(path) is None and path not in besides:
            del found[path]  # read as a file at most by a look around its own folder
    inlined = {path: output for path, output in inlined.items() if path not in found}
    return View(overlaid, found, inlined, bundled.maps, {entry: output_of(entry) for entry in entries})


def _kept_whole(inputs: TraceInputs) -> dict[str, str]:
    """Return the files that were missed, and all those of packages that were."""
    found = {}
    for file in inputs.inventory.files:
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
