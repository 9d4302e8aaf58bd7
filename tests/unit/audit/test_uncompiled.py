"""Packages that are compiled on installation, and what is left of them for another architecture."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from packager.audit.binaries.uncompiled import check_uncompiled
from packager.inventory.tree import scan_tree
from packager.model.selection import Choice, Selection
from tests.support.elfs import EM_AARCH64, EM_X86_64, write_elf
from tests.support.mounts import target
from tests.support.trees import package_json, write_tree

if TYPE_CHECKING:
    from pathlib import Path

GYP = "node_modules/native/binding.gyp"


def codes(root: Path, files: dict[str, bytes | str]) -> list[tuple[str, str, str]]:
    """Return (code, severity, package) of a tree of which every file is kept, for arm64."""
    inventory, graph = scan_tree(write_tree(root, files), {})
    selection = Selection(tuple(Choice(file, True, "dependency", "test") for file in inventory.files))
    findings = check_uncompiled(inventory, graph, selection, target(arch="arm64"), "dist/app.zip")
    return [(finding.code, finding.severity, finding.package) for finding in findings]


def app(**kinds: dict[str, str]) -> dict[str, bytes | str]:
    """Return an app with the package ``native`` that has a binding.gyp."""
    return {
        "package.json": package_json("app", "1.0.0", **kinds),
        "node_modules/native/package.json": package_json("native", "2.0.0", optionalDependencies={"native-arm64": "1"}),
        GYP: "{}",
    }


def test_a_required_package_without_a_binary_is_an_error(tmp_path: Path) -> None:
    assert codes(tmp_path, app(dependencies={"native": "2"})) == [("PKG001", "error", "native@2.0.0")]


def test_an_optional_one_is_a_warning(tmp_path: Path) -> None:
    assert codes(tmp_path, app(optionalDependencies={"native": "2"})) == [("PKG001", "warning", "native@2.0.0")]


def test_a_binary_for_another_architecture_does_not_count(tmp_path: Path) -> None:
    files = app(dependencies={"native": "2"})
    files["node_modules/native/build/Release/native.node"] = write_elf(machine=EM_X86_64)
    assert codes(tmp_path, files) == [("PKG001", "error", "native@2.0.0")]


@pytest.mark.parametrize(
    "path",
    [
        "node_modules/native/build/Release/native.node",
        "node_modules/native/prebuilds/linux-arm64/native.node",
        "node_modules/native-arm64/native.node",
    ],
    ids=["compiled", "prebuilt", "a package of its own"],
)
def test_a_binary_for_the_target_is_enough(tmp_path: Path, path: str) -> None:
    files = app(dependencies={"native": "2"})
    files["node_modules/native-arm64/package.json"] = package_json("native-arm64")
    files[path] = write_elf(machine=EM_AARCH64)
    assert codes(tmp_path, files) == []
