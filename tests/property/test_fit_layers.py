"""Splitting packages into layers for several functions: whatever is asked for, no rule of layers is broken."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from hypothesis import given, settings
from hypothesis import strategies as st

from packager.model.inventory import Package
from packager.model.packages import Installed, PackageGraph
from packager.pipeline.fit.layers import Demand, split

if TYPE_CHECKING:
    from collections.abc import Mapping

    from packager.pipeline.fit.layers import Weight

    Task = tuple[PackageGraph, list[Demand], dict[str, Weight], int]
    """Graph, functions, what a layer carries of each package, and how much goes into one."""

T = TypeVar("T")
QUIETLY = settings(deadline=None, max_examples=300)
"""A busy machine is not a failure."""
NAMES = tuple("abcdef")
FUNCTIONS = ("api", "jobs", "mail", "web")


def folder(name: str) -> str:
    return f"node_modules/{name}"


def graph_of(chance: random.Random) -> PackageGraph:
    """Return any graph of the packages, now and then with a circle, copies, or a need that is not installed."""
    installed = {"": Installed(Package("app", "1.0.0", ""), needs=NAMES)}
    for index, name in enumerate(NAMES):
        needs = {need for need in NAMES[index + 1 :] if chance.random() < 0.3}
        if chance.random() < 0.1:
            needs.add(chance.choice((*NAMES, "absent")))
        installed[folder(name)] = Installed(Package(name, "1.0.0", folder(name)), needs=tuple(sorted(needs - {name})))
    if chance.random() < 0.3:
        inner = f"{folder('a')}/{folder('b')}"
        installed[inner] = Installed(Package("b", "2.0.0", inner), needs=())
    return PackageGraph(installed)


def task_of(seed: int) -> Task:
    """Return functions that have some of the packages each, whole or a part of them, as traced ones do.

    By a seed: drawn piece by piece, hypothesis prefers simple functions, and simple functions break no rule.
    """
    chance = random.Random(seed)
    graph = graph_of(chance)
    folders = sorted(graph.installed.keys() - {""})
    weights = {path: (chance.randint(1, 50), chance.randint(50, 99)) for path in folders}
    demands = []
    for name in FUNCTIONS[: chance.randint(1, len(FUNCTIONS))]:
        share = chance.choice((1, 1, 2))
        demands.append(
            Demand(
                name=name,
                weights={
                    path: (weights[path][0] // share, weights[path][1] // share)
                    for path in folders
                    if chance.random() < 0.5
                },
                enough_bytes=chance.choice((0, chance.randint(1, 120), 400)),
                layers=chance.choice((0, 1, 3, 5, 5, 5)),
                room_bytes=chance.choice((None, None, None, 0, 60, 200)),
                refuses=frozenset(chance.choice(((), (), (), tuple(chance.choice(NAMES))))),
            )
        )
    return graph, demands, weights, chance.choice((20, 60, 150, 500))


TASKS = st.integers(0, 1 << 32).map(task_of)


def total(weights: Mapping[str, Weight], graph: PackageGraph, packages: tuple[str, ...], which: int) -> int:
    """Return what packages take, all copies of each together."""
    return sum(weight[which] for path, weight in weights.items() if graph.installed[path].package.name in packages)


@QUIETLY
@given(TASKS)
def test_no_limit_is_exceeded(task: Task) -> None:
    graph, demands, weights, part_bytes = task

    parts = split(graph, demands, weights, part_bytes)

    for part in parts:
        assert part.packages
        assert part.zipped_bytes == total(weights, graph, part.packages, 0) <= part_bytes
    for demand in demands:
        beneath = [part for part in parts if demand.name in part.functions]
        assert len(beneath) <= demand.layers
        assert not any(demand.refuses.intersection(part.packages) for part in beneath)
        assert [part.saving(demand.name) for part in beneath] == [
            total(demand.weights, graph, part.packages, 0) for part in beneath
        ]
        grown = sum(total(weights, graph, part.packages, 1) for part in beneath)
        lost = sum(total(demand.weights, graph, part.packages, 1) for part in beneath)
        assert demand.room_bytes is None or not beneath or grown - lost <= demand.room_bytes


@QUIETLY
@given(TASKS)
def test_nothing_is_twice_or_lacks_what_it_needs(
    task: Task,
) -> None:
    graph, demands, weights, part_bytes = task

    parts = split(graph, demands, weights, part_bytes)

    for demand in demands:
        beneath = [part for part in parts if demand.name in part.functions]
        seen = [name for part in beneath for name in part.packages]
        assert len(seen) == len(set(seen))
    for index, part in enumerate(parts):
        # A layer is made on top of those that all its functions have: nothing else may be asked for there.
        there = {name for other in parts[: index + 1] if set(part.functions) <= set(other.functions)
                 for name in other.packages}  # fmt: skip
        for path in weights:
            if graph.installed[path].package.name not in part.packages:
                continue
            needs = (graph.resolve(path, need) for need in graph.installed[path].needs)
            assert {graph.installed[need].package.name for need in needs if need} <= there


@QUIETLY
@given(TASKS, st.integers(0).map(random.Random))
def test_the_order_of_nothing_matters(task: Task, chance: random.Random) -> None:
    graph, demands, weights, part_bytes = task

    one = split(graph, demands, weights, part_bytes)
    other = split(PackageGraph(shuffled(graph.installed, chance)),
                  [changed(demand, chance) for demand in chance.sample(demands, len(demands))],
                  shuffled(weights, chance), part_bytes)  # fmt: skip

    assert one == other


@QUIETLY
@given(TASKS)
def test_no_layer_is_there_for_nothing(task: Task) -> None:
    graph, demands, weights, part_bytes = task
    enough = {demand.name: demand.enough_bytes for demand in demands}

    parts = split(graph, demands, weights, part_bytes)

    for index, part in enumerate(parts):
        others = (*parts[:index], *parts[index + 1 :])
        relied_on = any(
            graph.resolve(path, need) and graph.installed[str(graph.resolve(path, need))].package.name in part.packages
            for other in others
            if set(other.functions) <= set(part.functions)
            for path in weights
            if graph.installed[path].package.name in other.packages
            for need in graph.installed[path].needs
        )
        assert relied_on or any(sum(other.saving(name) for other in others) < enough[name] for name in part.functions)


def shuffled(mapping: Mapping[str, T], chance: random.Random) -> dict[str, T]:
    items = list(mapping.items())
    return dict(chance.sample(items, len(items)))


def changed(demand: Demand, chance: random.Random) -> Demand:
    return replace(demand, weights=shuffled(demand.weights, chance))
