"""Trace → every file a bundle must have: what a static analysis cannot see follows from the packages. Pure."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from packager.select.trace.licences import is_licence
from packager.select.trim.rulebook import package_rules

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from packager.model.clients import Client
    from packager.model.inventory import File, Inventory
    from packager.model.packages import PackageGraph
    from packager.model.tracing import Trace


CODE = (".js", ".cjs", ".mjs")
"""Endings of what Node runs."""
_SOURCES = (".ts", ".mts", ".cts", ".tsx", ".jsx")


def reach(
    trace: Trace,
    inventory: Inventory,
    graph: PackageGraph,
    clients: Iterable[Client] = (),
    joined: Collection[str] = (),
) -> Reach:
    """Return the traced files as the inventory calls them, and what belongs to them.

    Of each package that is reached at all: its package.json, its licence, its native files, and the packages it has
    installed for this very system (``optionalDependencies`` restricted by os, cpu or libc), whole. A generated
    client is taken whole as soon as anything of it, or of the package it is loaded through, is reached. What is for
    another system, or another engine than the target's, is for the rules that come before to drop. `joined` are folders
    of packages whose code has become part of an entry: of them, only what they have installed for the system counts.
    A package whose reached code opens files by paths that are not spelt out has its data, too, or all its files.
    """
    files = _named(trace, inventory)
    _add_clients(files, inventory, clients, graph)
    members = _members(inventory)
    reached: dict[str, str] = {}
    for path in files:
        installed = graph.of(path)
        if installed is not None and installed.package.path:
            reached.setdefault(installed.package.path, files[path])
    code: set[str] = set()
    for path, why in _opened(trace, inventory, graph, members, reached).items():
        if path not in files:
            files[path] = why
            if path.endswith(CODE):
                code.add(path)
    docs = package_rules("folders", "strict")
    queue = sorted({*reached, *joined})
    while queue:
        folder = queue.pop(0)
        for name in graph.installed[folder].optional:
            other = graph.resolve(folder, name)
            if other is None or not _for_one_system(graph, other):
                continue
            for file in members.get(other, ()):
                if not docs.rule(file.path[len(other) + 1 :], graph.installed[other].package.name):
                    files.setdefault(file.path, f"the part of {graph.installed[folder].package.name} for this system")
            if other not in reached:
                reached[other] = folder
                queue.append(other)
    for folder in reached:
        for file in members.get(folder, ()):
            inner = file.path[len(folder) + 1 :]
            if inner == "package.json":
                files.setdefault(file.path, "decides how Node reads its package")
            elif file.elf is not None:
                files.setdefault(file.path, "native code of a package that is asked for")
            elif "/" not in inner and is_licence(inner):
                files.setdefault(file.path, "the licence of a package that is asked for")
    return Reach(files, tuple(sorted(code)))


def _opened(
    trace: Trace,
    inventory: Inventory,
    graph: PackageGraph,
    members: Mapping[str, list[File]],
    reached: Collection[str],
) -> dict[str, str]:
    """Return the files that reached code may open by paths no tracer can follow."""
    found: dict[str, str] = {}
    docs, plain = package_rules("folders", "strict"), package_rules("folders", "safe")
    for level, signs in (("data", trace.places), ("whole", trace.whole)):
        for folder, why in _packages_of(signs, trace, inventory, graph).items():
            if folder not in reached:
                continue
            name = graph.installed[folder].package.name
            for file in members.get(folder, ()):
                inner = file.path[len(folder) + 1 :]
                if level == "data" and (file.path.endswith(CODE) or file.elf is not None or docs.rule(inner, name)):
                    continue
                if not plain.rule(inner, name):
                    found.setdefault(file.path, f"its package may open it: {why}")
    opened = [
        *((place, why, False) for place, why in trace.folders.items()),
        *((*item, True) for item in trace.data.items()),
    ]
    for place, why, data in opened:
        for file in inventory.files:
            inside = file.source == place or file.source.startswith(f"{place}/") or file.path.startswith(f"{place}/")
            if not inside or (
                data and (file.path.endswith((*CODE, *_SOURCES)) or file.elf or file.source in trace.idle)
            ):
                continue
            holder = graph.of(file.path)
            rules = docs if data else plain
            if holder is None or not rules.rule(file.path[len(holder.package.path) + 1 :], holder.package.name):
                found.setdefault(file.path, why)
    return found


def _packages_of(signs: Mapping[str, str], trace: Trace, inventory: Inventory, graph: PackageGraph) -> dict[str, str]:
    """Return package folder → the first sign found in its code; the project's own code is none."""
    found: dict[str, str] = {}
    by_source = {file.source: file.path for file in inventory.files} if signs else {}
    for path in sorted(signs):
        for name in dict.fromkeys((path, by_source.get(path, path))):
            holder = graph.of(name)
            if path in trace.files and holder is not None and holder.package.path:
                found.setdefault(holder.package.path, signs[path])
    return found


def _named(trace: Trace, inventory: Inventory) -> dict[str, str]:
    """Return path in the inventory → why; a file that links lead to has several paths, and all of them count."""
    by_source: dict[str, list[str]] = {}
    for file in inventory.files:
        by_source.setdefault(file.source, []).append(file.path)
    return {
        path: f"{parent} asks for it" if parent else "where the host starts"
        for real, parent in trace.files.items()
        for path in dict.fromkeys((*by_source.get(real, ()), real))
        if path in inventory.by_path
    }


def _add_clients(files: dict[str, str], inventory: Inventory, clients: Iterable[Client], graph: PackageGraph) -> None:
    """Add the files of generated clients in use: schema, engine and WebAssembly are opened by computed names."""
    touched = {installed.package.name for path in files if (installed := graph.of(path)) is not None}
    for client in clients:
        inside = f"{client.folder}/"
        through = set(client.engine.packages) & touched if client.engine and "node_modules/" in inside else set()
        if not through and not any(path.startswith(inside) for path in files):
            continue
        for file in inventory.files:
            if file.path.startswith(inside):
                files.setdefault(file.path, "part of a generated client that is asked for")


def _members(inventory: Inventory) -> Mapping[str, list[File]]:
    found: dict[str, list[File]] = {}
    for file in inventory.files:
        if file.package is not None and file.package.path:
            found.setdefault(file.package.path, []).append(file)
    return found


def _for_one_system(graph: PackageGraph, folder: str) -> bool:
    """Return whether a package is one of several that npm chooses from by the system, or says so by its name."""
    installed = graph.installed[folder]
    name = posixpath.basename(folder)
    return bool(installed.package.os or installed.cpu or installed.libc or "linux" in name)


@dataclass(frozen=True)
class Reach:
    """Every file of a tree that a bundle must have, by the trace and by what we know of packages."""

    files: Mapping[str, str] = field(default_factory=dict)
    """Path in the inventory → why, as a clause: "src/handler.js asks for it"."""
    code: tuple[str, ...] = ()
    """Those of them that are code and that the trace has not followed, sorted."""
