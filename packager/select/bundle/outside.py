"""Which packages cannot be joined into one file and stay as they are, beside it. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packager.select.trim.patterns import compiled

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from packager.model.generators import Engine
    from packager.model.packages import PackageGraph
    from packager.model.stages import TraceInputs
    from packager.model.tracing import Trace


_JOINED = (".js", ".cjs", ".mjs", ".json", ".ts", ".cts", ".mts", ".tsx", ".jsx", ".node")
"""Endings of what can be a part of an entry; what has native files stays outside anyway."""


def outside(inputs: TraceInputs, trace: Trace) -> Mapping[str, str]:
    """Return package folder → why it stays outside the bundle.

    Those with native files, those whose code reads files beside it or may, those that go with a generated client, those
    the configuration names; what needs one of these from where the entry would not find it; and what no package
    declares.
    """
    found: dict[str, str] = {}
    inventory, graph = inputs.inventory, inputs.graph
    generated = {name for engine in inputs.engines if engine.generate or engine.client for name in engine.packages}
    for folder, installed in graph.installed.items():
        name = installed.package.name
        if not folder:
            continue
        if any(compiled(pattern).match(name) for pattern in inputs.external):
            found[folder] = "the configuration names it"
        elif name in generated or folder in graph.generated or "/." in f"/{name}":
            found[folder] = "a generated client looks for its files beside itself"
    for file in inventory.files:
        if file.package is not None and file.package.path and (file.elf is not None or file.path.endswith(".node")):
            found.setdefault(file.package.path, "it has native code")
    for path, parent in trace.files.items():
        if path in trace.read and (holder := graph.of(path)) is not None and holder.package.path:
            found.setdefault(holder.package.path, f"its code reads {path[len(holder.package.path) + 1 :]}")
            if (asking := graph.of(parent)) is not None and asking.package.path:
                found.setdefault(asking.package.path, f"its code reads {path}")
        elif not path.endswith(_JOINED) and (holder := graph.of(path)) is not None and holder.package.path:
            found.setdefault(holder.package.path, f"its code loads {path[len(holder.package.path) + 1 :]}")
    for folder, why in unjoinable({**trace.data, **trace.places, **trace.whole}, graph).items():
        found.setdefault(folder, why)
    return {**_undeclared(inputs.engines, trace, graph), **with_their_keepers(found, graph, set(trace.files))}


def unjoinable(signs: Mapping[str, str], graph: PackageGraph) -> dict[str, str]:
    """Return package folder → why, for files of packages that show why their code cannot be a part of another file."""
    found: dict[str, str] = {}
    for path in sorted(signs):
        holder = graph.of(path)
        if holder is not None and holder.package.path:
            found.setdefault(holder.package.path, signs[path])
    return found


def with_dependents(folders: Mapping[str, str], graph: PackageGraph, traced: Iterable[str]) -> dict[str, str]:
    """Add the packages in use that need one of these, and so on: they load it as its own format demands."""
    used = {holder.package.path for path in traced if (holder := graph.of(path)) is not None}
    found = dict(folders)
    queue = sorted(found)
    while queue:
        folder = queue.pop(0)
        name = graph.installed[folder].package.name
        for other in sorted(used - found.keys() - {""}):
            if name in graph.installed[other].needs and graph.resolve(other, name) == folder:
                found[other] = f"it needs {name}, which stays outside"
                queue.append(other)
    return found


def _undeclared(engines: Iterable[Engine], trace: Trace, graph: PackageGraph) -> dict[str, str]:
    """Return the packages that other packages' code names, though no production dependency leads to them.

    An installer leaves such behind: fallbacks for systems it has skipped. Every level leaves them out, and code that
    is joined would bring them in. What the project's own code names is joined with all that it needs, declared or not.
    """
    if "" not in graph.installed:
        return {}
    asked: set[str] = set()
    by_project: set[str] = set()
    for path, parent in trace.files.items():
        holder = graph.of(path)
        if holder is not None and holder.package.path:
            asked.add(holder.package.path)
            if "node_modules/" not in parent:
                by_project.add(holder.package.path)
    build_only = frozenset(name for engine in engines for name in engine.build_only)
    needed = {*graph.production(build_only), *graph.closure(sorted(by_project))}
    known = {graph.installed[folder].package.name for folder in needed}
    return {
        folder: "no production dependency needs it"
        for folder in sorted(asked)
        if graph.installed[folder].package.name not in known
    }


def with_their_keepers(found: dict[str, str], graph: PackageGraph, traced: Iterable[str]) -> dict[str, str]:
    """Add the packages that see another copy of an outside package than the entry would."""
    used = {holder.package.path for path in traced if (holder := graph.of(path)) is not None}
    queue = sorted(found)
    while queue:
        folder = queue.pop(0)
        name = graph.installed[folder].package.name
        if graph.resolve("", name) == folder:
            continue
        for other in sorted(used):
            needs = bool(other) and name in graph.installed[other].needs
            if needs and other not in found and graph.resolve(other, name) == folder:
                found[other] = f"it needs {name} from {folder}"
                queue.append(other)
    return found


def names(folders: Iterable[str], graph: PackageGraph) -> tuple[str, ...]:
    """Return the names esbuild is told, sorted."""
    return tuple(sorted({graph.installed[folder].package.name for folder in folders}))
