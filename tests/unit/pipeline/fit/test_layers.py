"""Packages into layers: closed under what they need, shared parts first, the same whatever order they are read in."""

from __future__ import annotations

from packager.model.inventory import Package
from packager.model.packages import Installed, PackageGraph
from packager.pipeline.fit.layers import Demand, LayerPart
from packager.pipeline.fit.layers import split as split_for


def graph(**needs: str) -> PackageGraph:
    """Return a graph of packages at the top level; each keyword is a package, its value what it needs."""
    installed = {"": Installed(Package("app", "1.0.0", ""), needs=tuple(sorted(needs)))}
    for name, text in needs.items():
        folder = f"node_modules/{name}"
        installed[folder] = Installed(Package(name, "1.0.0", folder), needs=tuple(text.split()))
    return PackageGraph(installed)


def sizes(**each: int) -> dict[str, int]:
    return {f"node_modules/{name}": size for name, size in each.items()}


def split(graph: PackageGraph, sizes: dict[str, int], enough: int, part: int, layers: int) -> tuple[LayerPart, ...]:
    """Split the packages of one function, that take unzipped what they take compressed."""
    weights = {folder: (size, size) for folder, size in sizes.items()}
    return split_for(graph, [Demand("api", weights, enough, layers)], weights, part)


def packages(parts: object) -> list[tuple[str, ...]]:
    return [part.packages for part in parts]  # type: ignore[attr-defined]


def test_what_most_others_need_comes_first() -> None:
    found = split(graph(a="shared", b="shared", shared=""), sizes(a=10, b=10, shared=10), 15, 20, 5)

    assert packages(found) == [("a", "shared")]
    assert found[0].zipped_bytes == 20


def test_a_package_never_comes_before_what_it_needs() -> None:
    needs = graph(top="middle", middle="bottom", bottom="")

    found = split(needs, sizes(top=10, middle=10, bottom=10), 30, 10, 5)

    assert packages(found) == [("bottom",), ("middle",), ("top",)]


def test_circles_stay_together() -> None:
    found = split(graph(a="b", b="c", c="a", d=""), sizes(a=5, b=5, c=5, d=1), 16, 15, 5)

    assert packages(found) == [("a", "b", "c"), ("d",)]


def test_no_more_than_asked_for_and_no_more_layers_than_allowed() -> None:
    many = {f"p{index}": "" for index in range(9)}
    weights = sizes(**dict.fromkeys(many, 10))

    assert packages(split(graph(**many), weights, 25, 100, 5)) == [("p0", "p1", "p2")]
    assert len(split(graph(**many), weights, 90, 20, 3)) == 3


def test_a_package_that_is_too_big_for_a_layer_stays_with_all_that_needs_it() -> None:
    found = split(graph(big="", user="big", small=""), sizes(big=99, user=1, small=5), 100, 50, 5)

    assert packages(found) == [("small",)]


def test_copies_of_one_package_go_together() -> None:
    installed = dict(graph(a="b", b="").installed)
    nested = "node_modules/a/node_modules/b"
    installed[nested] = Installed(Package("b", "2.0.0", nested), needs=())
    weights = {**sizes(a=1, b=3), nested: 4}

    (part,) = split(PackageGraph(installed), weights, 7, 50, 5)

    assert (part.packages, part.zipped_bytes) == (("b",), 7)


def test_the_order_they_are_read_in_does_not_matter() -> None:
    needs = {"a": "c d", "b": "d", "c": "e", "d": "e", "e": "", "f": "a"}
    weights = {"a": 3, "b": 5, "c": 7, "d": 2, "e": 4, "f": 1}
    backwards = dict(reversed(list(needs.items())))

    one = split(graph(**needs), sizes(**weights), 20, 9, 5)
    other = split(graph(**backwards), sizes(**dict(reversed(list(weights.items())))), 20, 9, 5)

    assert one == other


def platform_part(name: str) -> Installed:
    """Return a package for one system."""
    return Installed(Package(name, "1.0.0", f"node_modules/{name}", os=("linux",)), needs=(), cpu=("x64",))


def test_the_part_for_one_system_stays_with_what_looks_for_it_by_path() -> None:
    installed = dict(graph(sharp="sharp-linux semver", semver="").installed)
    installed["node_modules/sharp-linux"] = platform_part("sharp-linux")
    weights = {**sizes(sharp=1, semver=2), "node_modules/sharp-linux": 30}

    found = split(PackageGraph(installed), weights, 30, 50, 5)

    assert packages(found) == [("semver", "sharp", "sharp-linux")]


def test_what_a_generator_wrote_stays_with_the_package_that_runs_it() -> None:
    installed = dict(graph(client=".generated/client").installed)
    folder = "node_modules/.generated/client"
    installed[folder] = Installed(Package(".generated/client", "", folder), needs=())

    found = split(PackageGraph(installed, generated=(folder,)), {**sizes(client=5), folder: 9}, 9, 50, 5)

    assert packages(found) == [(".generated/client", "client")]


def test_an_optional_peer_that_is_there_comes_first() -> None:
    installed = dict(graph(driver="").installed)
    installed["node_modules/knex"] = Installed(
        Package("knex", "1.0.0", "node_modules/knex"), needs=(), optional_peers=("driver", "absent")
    )

    found = split(PackageGraph(installed), sizes(driver=5, knex=9), 6, 9, 5)

    assert packages(found) == [("driver",), ("knex",)]


def share(
    needs: PackageGraph, layers: int = 5, part: int = 100, **demands: tuple[dict[str, int], int]
) -> list[LayerPart]:
    """Split for several functions: name → (its packages, how much is to leave it)."""
    weights = {folder: (size, size) for has, _ in demands.values() for folder, size in has.items()}
    asked = [
        Demand(name, {folder: (size, size) for folder, size in has.items()}, enough, layers)
        for name, (has, enough) in demands.items()
    ]
    return list(split_for(needs, asked, weights, part))


def test_what_all_have_comes_before_what_fewer_have() -> None:
    needs = graph(all="", two="", one="")

    found = share(
        needs,
        api=(sizes(all=10, two=10, one=10), 30),
        jobs=(sizes(all=10, two=10), 20),
        mail=(sizes(all=10), 10),
    )

    assert [(part.functions, part.packages) for part in found] == [
        (("api", "jobs", "mail"), ("all",)),
        (("api", "jobs"), ("two",)),
        (("api",), ("one",)),
    ]
    assert [part.saves for part in found][1] == (("api", 10), ("jobs", 10))


def test_who_has_enough_gets_no_more_layers() -> None:
    found = share(graph(a="", b=""), part=10, api=(sizes(a=10, b=10), 20), jobs=(sizes(a=10, b=10), 5))

    assert [(part.functions, part.packages) for part in found] == [(("api", "jobs"), ("a",)), (("api",), ("b",))]


def test_a_shared_layer_that_nobody_needs_is_not_made() -> None:
    found = share(
        graph(small="", big="", large=""), api=(sizes(small=1, big=50), 40), jobs=(sizes(small=1, large=50), 40)
    )

    assert [(part.functions, part.packages) for part in found] == [(("api",), ("big",)), (("jobs",), ("large",))]


def test_what_others_need_of_a_shared_package_comes_along() -> None:
    # Traced, jobs does not reach the part of it that api does.
    found = share(graph(tool="part", part=""), api=(sizes(tool=20, part=5), 10), jobs=(sizes(tool=20), 10))

    assert [(part.functions, part.packages) for part in found] == [(("api", "jobs"), ("part", "tool"))]
    assert found[0].saves == (("api", 25), ("jobs", 20))


def test_no_more_than_five_layers_whoever_shares_them() -> None:
    many = {f"p{index}": "" for index in range(8)}
    each = sizes(**dict.fromkeys(many, 10))

    found = share(graph(**many), layers=5, part=10, api=(each, 80), jobs=(each, 80))

    assert [part.functions for part in found] == [("api", "jobs")] * 5
