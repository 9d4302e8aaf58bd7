"""A built tree becomes an inventory: every file once, natives with their facts."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

import pytest

from packager.core.errors import ArtifactError
from packager.inventory.tree import scan_tree
from tests.support.elfs import write_elf
from tests.support.trees import package_json, write_tree

if TYPE_CHECKING:
    from pathlib import Path


def test_every_file_is_there_once_in_the_order_of_bytes(tmp_path: Path) -> None:
    write_tree(tmp_path, {"b": "", "a/x": "12", "a-b": "", "é": "", "Z": ""}, {"link": "a"})

    inventory, _ = scan_tree(tmp_path, {})

    assert [file.path for file in inventory.files] == ["Z", "a-b", "a/x", "b", "link/x", "é"]
    assert inventory.by_path["a/x"].size_bytes == 2
    assert inventory.size_bytes == 4


def test_files_know_their_package(tmp_path: Path) -> None:
    files = {
        "package.json": package_json(dependencies={"a": "1"}),
        "node_modules/a/package.json": package_json("a", "1.2.3"),
    }
    write_tree(tmp_path, {**files, "node_modules/a/lib/x.js": "", "src/x.js": ""})

    inventory, _ = scan_tree(tmp_path, {})

    package = inventory.by_path["node_modules/a/lib/x.js"].package
    assert package is not None
    assert (package.name, package.version, package.path) == ("a", "1.2.3", "node_modules/a")
    own = inventory.by_path["src/x.js"].package
    assert own is None or own.path == ""


@pytest.mark.parametrize(
    "name",
    [
        "x.node",
        "x.bare",
        "libx.so",
        "libx.so.3",
        "libx.so.1.2.3",
        "program",
        "query-engine-rhel-openssl-1.0.x",
        "deep/bin/tool",
    ],
)
def test_machine_code_is_read_wherever_it_hides(tmp_path: Path, name: str) -> None:
    write_tree(tmp_path, {name: write_elf(needed=("libc.so.6",), soname="x")})

    (file,) = scan_tree(tmp_path, {})[0].files

    assert file.format == "elf"
    assert file.elf is not None
    assert file.elf.needed == ("libc.so.6",)


def test_other_systems_and_scripts_are_told_apart(tmp_path: Path) -> None:
    write_tree(tmp_path, {"a.node": b"\xcf\xfa\xed\xfe" + bytes(60), "b.dll": b"MZ" + bytes(62), "run": "#!/bin/sh\n"})

    formats = {file.path: file.format for file in scan_tree(tmp_path, {})[0].files}

    assert formats["a.node"] == "macho"
    assert formats["run"] == "script"


def test_a_broken_binary_is_a_fact_not_an_error(tmp_path: Path) -> None:
    write_tree(tmp_path, {"broken.node": write_elf()[:80]})

    (file,) = scan_tree(tmp_path, {})[0].files

    assert file.format == "elf"
    assert file.elf is None
    assert file.unreadable


def test_faults_are_named_relative_to_the_tree(tmp_path: Path) -> None:
    write_tree(tmp_path / "tree", {"src/x": ""}, {"src/out": "../../secret"})
    write_tree(tmp_path, {"secret": ""})

    with pytest.raises(ArtifactError) as caught:
        scan_tree(tmp_path / "tree", {})

    assert caught.value.where == "src/out"
    assert str(tmp_path / "tree") not in str(caught.value)


def test_a_file_that_may_not_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests may run as root, who may read everything: so it is the system's answer that is given here."""
    write_tree(tmp_path, {"bin/tool": ""})

    def refuse(*_: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr("pathlib.Path.open", refuse)

    with pytest.raises(ArtifactError, match="bin/tool: cannot be read: Permission denied\n  fix: make it readable"):
        scan_tree(tmp_path, {})
