"""Which package a file belongs to, and how packages need each other: as Node resolves them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from packager.inventory.packages import read_packages
from packager.model.packages import PackageGraph, package_folder
from tests.support.trees import package_json, write_tree

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def graph(
    root: Path, files: Mapping[str, str], companions: Mapping[str, tuple[str, ...]] | None = None
) -> PackageGraph:
    write_tree(root, files)
    return read_packages(root, files, companions or {})


@pytest.mark.parametrize(
    ("path", "folder"),
    [
        ("index.js", ""),
        ("src/node_modules.js", ""),
        ("node_modules/a/index.js", "node_modules/a"),
        ("node_modules/@s/a/lib/x.js", "node_modules/@s/a"),
        ("node_modules/a/node_modules/b/x.js", "node_modules/a/node_modules/b"),
        ("node_modules/.prisma/client/index.js", "node_modules/.prisma/client"),
        ("packages/p/node_modules/a/x.js", "packages/p/node_modules/a"),
        ("node_modules/loose.js", ""),
        ("node_modules/@s/loose.js", ""),
        ("node_modules/.bin/tsc", ""),
    ],
)
def test_the_folder_of_a_path(path: str, folder: str) -> None:
    assert package_folder(path) == folder


def test_node_looks_beside_the_importer_first_and_then_above(tmp_path: Path) -> None:
    found = graph(
        tmp_path,
        {
            "package.json": package_json(dependencies={"a": "1", "b": "2"}),
            "node_modules/a/package.json": package_json("a", dependencies={"b": "1", "c": "1"}),
            "node_modules/a/node_modules/b/package.json": package_json("b", "1.0.0"),
            "node_modules/b/package.json": package_json("b", "2.0.0"),
            "node_modules/c/package.json": package_json("c"),
        },
    )

    assert found.resolve("node_modules/a", "b") == "node_modules/a/node_modules/b"
    assert found.resolve("", "b") == "node_modules/b"
    assert found.resolve("node_modules/a/node_modules/b", "c") == "node_modules/c"
    assert found.resolve("node_modules/b", "absent") is None
    assert found.production() == {
        "node_modules/a": "",
        "node_modules/b": "",
        "node_modules/a/node_modules/b": "node_modules/a",
        "node_modules/c": "node_modules/a",
    }


def test_what_counts_as_needed(tmp_path: Path) -> None:
    package = package_json(
        dependencies={"a": "1"},
        optionalDependencies={"b": "1"},
        peerDependencies={"c": "1", "d": "1"},
        peerDependenciesMeta={"d": {"optional": True}},
        devDependencies={"e": "1"},
    )

    assert graph(tmp_path, {"package.json": package}).installed[""].needs == ("a", "b", "c")


def test_companions_are_edges_no_package_json_names(tmp_path: Path) -> None:
    files = {
        "package.json": package_json(dependencies={"@prisma/client": "7"}),
        "node_modules/@prisma/client/package.json": package_json("@prisma/client"),
        "node_modules/.prisma/client/package.json": package_json(".prisma/client"),
    }

    assert "node_modules/.prisma/client" not in graph(tmp_path, files).production()
    found = graph(tmp_path, files, {"@prisma/client": (".prisma/client",)})
    assert found.production()["node_modules/.prisma/client"] == "node_modules/@prisma/client"


def test_circles_and_missing_packages_end(tmp_path: Path) -> None:
    files = {
        "package.json": package_json(dependencies={"a": "1", "absent": "1"}),
        "node_modules/a/package.json": package_json("a", dependencies={"b": "1"}),
        "node_modules/b/package.json": package_json("b", dependencies={"a": "1"}),
    }

    assert set(graph(tmp_path, files).production()) == {"node_modules/a", "node_modules/b"}
    assert set(graph(tmp_path, files).production(without={"b"})) == {"node_modules/a"}


@pytest.mark.parametrize("broken", ["{", "[]", '"x"', "\x00"])
def test_broken_fixtures_inside_packages_do_no_harm(tmp_path: Path, broken: str) -> None:
    files = {
        "package.json": package_json(dependencies={"a": "1"}),
        "node_modules/a/package.json": package_json("a"),
        "node_modules/a/test/node_modules/x/package.json": broken,
    }

    assert set(graph(tmp_path, files).installed) == {"", "node_modules/a"}


def test_a_package_json_deeper_inside_a_package_is_no_package(tmp_path: Path) -> None:
    files = {
        "package.json": package_json(),
        "node_modules/a/package.json": package_json("a"),
        "node_modules/a/esm/package.json": '{"type": "module"}',
        "src/package.json": '{"type": "commonjs"}',
    }

    found = graph(tmp_path, files)

    assert set(found.installed) == {"", "node_modules/a"}
    owner = found.of("node_modules/a/esm/x.js")
    assert owner is not None
    assert owner.package.name == "a"


def test_strange_fields_are_passed_over(tmp_path: Path) -> None:
    files = {
        "package.json": package_json(dependencies=["a"], peerDependencies=None),
        "node_modules/a/package.json": package_json("a", "1.0.0", os="linux", dependencies=3),
    }

    found = graph(tmp_path, files).installed

    assert found[""].needs == ()
    assert found["node_modules/a"].package.os == ("linux",)
