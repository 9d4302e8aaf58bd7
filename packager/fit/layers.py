"""Splitting a function's packages into layers along the package graph: shared parts first, nothing cut in two. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from packager.inventory.packages import PackageGraph


@dataclass(frozen=True)
class Part:
    """The packages of one layer."""

    packages: tuple[str, ...]
    """Names, sorted. All that they need is in this part or in an earlier one."""
    zipped_bytes: int
    """About: the compressed sizes of their files."""


def split(
    graph: PackageGraph, sizes: Mapping[str, int], enough_bytes: int, part_bytes: int, parts: int
) -> tuple[Part, ...]:
    """Return at most `parts` parts of at most `part_bytes` each that together hold `enough_bytes`, or as much as goes.

    `sizes` maps the folder of each package that is packed to its compressed bytes. Packages come in the order of the
    graph, those first that most others need, so that what several functions share ends in the same first layers; the
    order depends on nothing but names and graph. A part that would be too big by a single package is not made.
    """
    units = _units(graph, sizes)
    placed: set[str] = set()
    found: list[Part] = []
    total = 0
    for _ in range(parts):
        chosen: list[str] = []
        size = 0
        while total + size < enough_bytes:
            ready = [
                unit
                for unit in units.values()
                if unit.name not in placed and unit.needs <= placed and size + unit.size <= part_bytes
            ]
            if not ready:
                break
            unit = min(ready, key=lambda unit: (-unit.dependents, -unit.size, unit.name))
            placed.update(unit.members)
            chosen += unit.members
            size += unit.size
        if not chosen:
            break
        found.append(Part(tuple(sorted(chosen)), size))
        total += size
    return tuple(found)


@dataclass(frozen=True)
class _Unit:
    """Packages that need each other in a circle, mostly one; they go together."""

    name: str
    members: tuple[str, ...]
    needs: frozenset[str]
    """Names outside the unit, direct or not."""
    size: int
    dependents: int


def _units(graph: PackageGraph, sizes: Mapping[str, int]) -> dict[str, _Unit]:
    """Return the units by the name of their first member: package names, since a layer takes all copies of one."""
    weights: dict[str, int] = {}
    edges: dict[str, set[str]] = {}
    for folder, size in sizes.items():
        here = graph.installed.get(folder)
        if here is None:
            continue
        name = here.package.name
        weights[name] = weights.get(name, 0) + size
        found = (graph.resolve(folder, need) for need in here.needs)
        edges.setdefault(name, set()).update(
            graph.installed[other].package.name for other in found if other is not None and other in sizes
        )
    below = {name: _reached(edges, name) for name in edges}
    units: dict[str, _Unit] = {}
    for name in sorted(edges):
        members = tuple(sorted({name, *(other for other in below[name] if name in below[other])}))
        if members[0] == name:
            units[name] = _Unit(
                name=name,
                members=members,
                needs=frozenset(below[name]) - set(members),
                size=sum(weights[member] for member in members),
                dependents=sum(name in reached for other, reached in below.items() if other not in members),
            )
    return units


def _reached(edges: Mapping[str, set[str]], start: str) -> set[str]:
    found: set[str] = set()
    queue = sorted(edges.get(start, ()))
    while queue:
        name = queue.pop()
        if name not in found:
            found.add(name)
            queue += sorted(edges.get(name, ()))
    return found
