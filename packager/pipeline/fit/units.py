"""Packages that can only be moved together, by name, and what each of these units needs. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from packager.model.packages import PackageGraph


@dataclass(frozen=True)
class Unit:
    """Packages that need each other in a circle, mostly one; they go together."""

    name: str
    """Of its first member."""
    members: tuple[str, ...]
    """Package names: a layer takes all copies of one."""
    below: frozenset[str]
    """Names of the units it needs, directly or not."""
    size: int
    dependents: int
    """How many packages outside need it."""


def units_of(graph: PackageGraph, sizes: Mapping[str, int]) -> dict[str, Unit]:
    """Return the units by name, sorted; `sizes` maps the folder of each package that counts to its bytes.

    A package for one system, or one that a generator wrote, goes together with those that need it: they look for it by
    a path of their own (sharp for libvips, ffmpeg for its program), which leads out of a layer only to nowhere. For the
    same reason an optional peer that is there counts as needed: code in a layer does not see the function's packages.
    """
    weights: dict[str, int] = {}
    edges: dict[str, set[str]] = {}
    for folder, size in sizes.items():
        here = graph.installed.get(folder)
        if here is None:
            continue
        name = here.package.name
        weights[name] = weights.get(name, 0) + size
        edges.setdefault(name, set())
        for need in (*here.needs, *here.optional_peers):
            other = graph.resolve(folder, need)
            if other is None or other not in sizes:
                continue
            found = graph.installed[other]
            edges[name].add(found.package.name)
            if found.cpu or found.package.os or found.package.name.startswith(".") or other in graph.generated:
                edges.setdefault(found.package.name, set()).add(name)
    below = {name: _reached(edges, name) for name in edges}
    members = {name: tuple(sorted({name, *(other for other in below[name] if name in below[other])})) for name in edges}
    return {
        name: Unit(
            name=name,
            members=members[name],
            below=frozenset(members[need][0] for need in below[name] if need not in members[name]),
            size=sum(weights[member] for member in members[name]),
            dependents=sum(name in reached for other, reached in below.items() if other not in members[name]),
        )
        for name in sorted(edges)
        if members[name][0] == name
    }


def _reached(edges: Mapping[str, set[str]], start: str) -> set[str]:
    found: set[str] = set()
    queue = sorted(edges.get(start, ()))
    while queue:
        name = queue.pop()
        if name not in found:
            found.add(name)
            queue += sorted(edges.get(name, ()))
    return found
