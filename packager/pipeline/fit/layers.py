"""Splitting packages into layers along the package graph: what functions share first, nothing cut in two. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from packager.pipeline.fit.units import Unit, units_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from packager.model.packages import PackageGraph

Weight = tuple[int, int]
"""(compressed, unzipped) bytes."""


@dataclass(frozen=True)
class LayerPart:
    """The packages of one layer, and the functions it is mounted beneath."""

    packages: tuple[str, ...]
    """Names, sorted. All that they need is in this part or in an earlier one beneath the same functions."""
    zipped_bytes: int
    """About: the compressed sizes of their files."""
    saves: tuple[tuple[str, int], ...] = ()
    """(function, compressed bytes that leave its zip), sorted."""

    @property
    def functions(self) -> tuple[str, ...]:
        """Return the names of the functions, sorted."""
        return tuple(name for name, _ in self.saves)

    def saving(self, function: str) -> int:
        """Return the compressed bytes that leave a function's zip."""
        return dict(self.saves).get(function, 0)


@dataclass(frozen=True)
class Demand:
    """One function that is too big."""

    name: str
    weights: Mapping[str, Weight]
    """Folder of each package in its zip → what its files there take."""
    enough_bytes: int
    """Compressed, that are to leave it."""
    layers: int
    """How many more it may have."""
    room_bytes: int | None = None
    """Unzipped bytes it may grow by: a layer may carry more of a package than the function did. None: any number."""
    refuses: frozenset[str] = frozenset()
    """Names no layer of ours may carry for it: other layers do, or it would keep its own copy all the same."""


def split(
    graph: PackageGraph, demands: Sequence[Demand], weights: Mapping[str, Weight], part_bytes: int
) -> tuple[LayerPart, ...]:
    """Return layers of at most `part_bytes` each that together take off each function what is too much, or what goes.

    `weights` maps the folder of each package that a layer would carry to what it takes there. What most functions have
    comes first, in one layer beneath all of them, then what fewer have, in the end what is one function's own. Within a
    layer those packages come first that most others need; none comes before what it needs, and no function sees a
    package in two layers. The order depends on nothing but names, sizes and graph. A package that is too big for a
    layer stays where it is, with all that needs it.
    """
    return _Cut(units_of(graph, {folder: weight[0] for folder, weight in weights.items()}), demands, weights, graph,
                part_bytes).parts()  # fmt: skip


class _Function:
    """What one function has lost and gained so far."""

    def __init__(self, demand: Demand, by_name: Mapping[str, Weight]) -> None:
        self.demand = demand
        self.by_name = by_name
        """Package → what its copies take in the function's zip."""
        self.wanting = demand.enough_bytes
        self.slots = demand.layers
        self.room = demand.room_bytes
        self.beneath: set[str] = set()
        """Units that layers of ours carry for it."""


@dataclass(frozen=True)
class _Choice:
    """A unit and what has to come along with it."""

    units: tuple[Unit, ...]
    size: int

    @property
    def rank(self) -> tuple[int, int, str]:
        """Return what the lowest of is taken first."""
        return -self.units[0].dependents, -self.units[0].size, self.units[0].name


class _Cut:
    """One split, part by part."""

    def __init__(
        self,
        units: Mapping[str, Unit],
        demands: Sequence[Demand],
        weights: Mapping[str, Weight],
        graph: PackageGraph,
        part_bytes: int,
    ) -> None:
        self.units = units
        self.part_bytes = part_bytes
        self.functions = {
            demand.name: _Function(demand, _by_name(graph, demand.weights))
            for demand in sorted(demands, key=lambda demand: demand.name)
        }
        raw = _by_name(graph, weights)
        self.unzipped = {
            name: sum(raw.get(member, (0, 0))[1] for member in unit.members) for name, unit in units.items()
        }
        self.users = {
            name: frozenset(key for key, function in self.functions.items() if self._has(function, unit))
            for name, unit in units.items()
        }
        self.refused = {
            name: frozenset(key for key, function in self.functions.items()
                            if not function.demand.refuses.isdisjoint(unit.members))
            for name, unit in units.items()
        }  # fmt: skip
        self.made: list[tuple[frozenset[str], tuple[Unit, ...]]] = []

    def parts(self) -> tuple[LayerPart, ...]:
        """Return the parts in the order they are to be made."""
        hopeless: set[frozenset[str]] = set()
        while sharers := self._sharers(hopeless):
            chosen = self._fill(sharers)
            if not chosen:
                hopeless.add(sharers)
                continue
            self.made.append((sharers, chosen))
            for name in sharers:
                function = self.functions[name]
                function.slots -= 1
                function.wanting -= self._saved(function, chosen)[0]
                function.beneath.update(unit.name for unit in chosen)
                if function.room is not None:
                    function.room -= self._growth(function, chosen)
        self._drop_spare_parts()
        return tuple(self._part(sharers, chosen) for sharers, chosen in self.made)

    def _sharers(self, hopeless: set[frozenset[str]]) -> frozenset[str]:
        """Return the functions the next layer is for: the most that have something in common; none if all is done."""
        waiting = {name for name, function in self.functions.items() if function.wanting > 0 and function.slots > 0}
        sizes: dict[frozenset[str], int] = {}
        for name, users in self.users.items():
            if sharers := users & waiting:
                sizes[sharers] = sizes.get(sharers, 0) + self.units[name].size
        left = [sharers for sharers in sizes if sharers not in hopeless]
        return min(left, key=lambda sharers: (-len(sharers), -sizes[sharers], sorted(sharers)), default=frozenset())

    def _fill(self, sharers: frozenset[str]) -> tuple[Unit, ...]:
        """Return what goes into one layer beneath these functions."""
        functions = [self.functions[name] for name in sorted(sharers)]
        chosen: list[Unit] = []
        size = 0
        while any(self._saved(function, chosen)[0] < function.wanting for function in functions):
            ready = [
                choice
                for choice in self._ready(sharers, functions, chosen)
                if size + choice.size <= self.part_bytes and self._has_room(functions, [*chosen, *choice.units])
            ]
            if not ready:
                break
            choice = min(ready, key=lambda choice: choice.rank)
            chosen += choice.units
            size += choice.size
        return tuple(chosen)

    def _ready(
        self, sharers: frozenset[str], functions: Sequence[_Function], chosen: Sequence[Unit]
    ) -> Iterator[_Choice]:
        """Yield what all these functions have and may come now: its needs are there, or no function waits for them."""
        there = {unit.name for others, units in self.made if sharers <= others for unit in units}
        there |= {unit.name for unit in chosen}
        closed = {name for function in functions for name in function.beneath} - there
        closed |= {name for name, others in self.refused.items() if others & sharers}
        for name, unit in self.units.items():
            if name in there or name in closed or not sharers <= self.users[name]:
                continue
            missing = sorted(unit.below - there)
            # What they all have is moved for its own sake, before; the rest comes along.
            if closed.isdisjoint(missing) and not any(sharers <= self.users[need] for need in missing):
                together = (unit, *(self.units[need] for need in missing))
                yield _Choice(together, sum(one.size for one in together))

    def _has_room(self, functions: Sequence[_Function], chosen: Sequence[Unit]) -> bool:
        return all(function.room is None or self._growth(function, chosen) <= function.room for function in functions)

    def _growth(self, function: _Function, chosen: Sequence[Unit]) -> int:
        """Return by how much a function grows, unzipped and with its layers."""
        return sum(self.unzipped[unit.name] for unit in chosen) - self._saved(function, chosen)[1]

    def _drop_spare_parts(self) -> None:
        """Take back layers, small ones first, without which every function still has what it asks for."""
        while spare := [item for item in self.made if self._is_spare(*item)]:
            item = min(spare, key=lambda item: (sum(unit.size for unit in item[1]), sorted(item[0])))
            self.made.remove(item)
            for name in item[0]:
                self.functions[name].wanting += self._saved(self.functions[name], item[1])[0]

    def _is_spare(self, sharers: frozenset[str], chosen: tuple[Unit, ...]) -> bool:
        names = {unit.name for unit in chosen}
        functions = [self.functions[name] for name in sharers]
        if any(function.wanting + self._saved(function, chosen)[0] > 0 for function in functions):
            return False
        upper = [unit for others, units in self.made if others <= sharers for unit in units]
        return not any(unit.name not in names and not names.isdisjoint(unit.below) for unit in upper)

    def _part(self, sharers: frozenset[str], chosen: Sequence[Unit]) -> LayerPart:
        packages = tuple(sorted(member for unit in chosen for member in unit.members))
        saves = tuple((name, self._saved(self.functions[name], chosen)[0]) for name in sorted(sharers))
        return LayerPart(packages, sum(unit.size for unit in chosen), saves)

    def _saved(self, function: _Function, chosen: Sequence[Unit]) -> Weight:
        """Return what leaves a function's zip: (compressed, unzipped) bytes."""
        found = [function.by_name.get(member, (0, 0)) for unit in chosen for member in unit.members]
        return sum(zipped for zipped, _ in found), sum(unzipped for _, unzipped in found)

    def _has(self, function: _Function, unit: Unit) -> bool:
        return any(member in function.by_name for member in unit.members)


def _by_name(graph: PackageGraph, weights: Mapping[str, Weight]) -> dict[str, Weight]:
    """Return the weights by package name: a layer takes all copies of one."""
    found: dict[str, Weight] = {}
    for folder, (zipped, unzipped) in weights.items():
        here = graph.installed.get(folder)
        if here is not None:
            before = found.get(here.package.name, (0, 0))
            found[here.package.name] = (before[0] + zipped, before[1] + unzipped)
    return found
