"""Why a package is there, told from package.json files alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packager.archive.pack import pack
from packager.report.contents import read_contents
from tests.support.trees import package_json, write_tree

if TYPE_CHECKING:
    from pathlib import Path

PACKAGES = {
    "node_modules/express/package.json": package_json("express", dependencies={"body-parser": "1", "bytes": "2"}),
    "node_modules/express/node_modules/bytes/package.json": package_json("bytes", "2.0.0"),
    "node_modules/body-parser/package.json": package_json("body-parser", dependencies={"bytes": "3", "qs": "1"}),
    "node_modules/bytes/package.json": package_json("bytes", "3.0.0"),
    "node_modules/qs/package.json": package_json("qs", dependencies={"express": "1"}),
    "node_modules/left-over/package.json": package_json("left-over", dependencies={"qs": "1"}),
}
APP = {"package.json": package_json("app", dependencies={"express": "1"}), **PACKAGES}


def reasons(path: Path) -> dict[str, str]:
    return {item.folder: item.reason for item in read_contents(path).items if item.folder}


def test_the_shortest_way_from_the_projects_own_dependencies(tmp_path: Path) -> None:
    path = pack(write_tree(tmp_path / "in", APP), tmp_path / "api.zip").path

    assert reasons(path) == {
        "node_modules/body-parser": "express > body-parser",
        "node_modules/bytes": "express > body-parser > bytes",
        "node_modules/express": "express",
        "node_modules/express/node_modules/bytes": "express > bytes",
        "node_modules/left-over": "",
        "node_modules/qs": "express > body-parser > qs",
    }
    assert reasons(tmp_path / "in") == reasons(path)


def test_in_a_layer_from_what_no_other_needs(tmp_path: Path) -> None:
    layer = {f"nodejs/{path}": text for path, text in PACKAGES.items()}

    found = reasons(write_tree(tmp_path, layer))

    assert found["nodejs/node_modules/left-over"] == "left-over"
    assert found["nodejs/node_modules/express"] == "left-over > qs > express"


def test_what_the_manifest_says_comes_first(tmp_path: Path) -> None:
    path = pack(write_tree(tmp_path / "in", APP), tmp_path / "api.zip").path
    row = '{"path": "node_modules/qs/package.json", "reason": "by hand"}'
    (tmp_path / "api.manifest.json").write_text(f'{{"version": 1, "files": [{row}]}}')

    assert reasons(path)["node_modules/qs"] == "by hand"


def test_a_broken_package_json_is_no_error(tmp_path: Path) -> None:
    found = reasons(write_tree(tmp_path, {**APP, "node_modules/express/package.json": "{"}))

    assert found["node_modules/express"] == "express"
    assert found["node_modules/qs"] == ""
