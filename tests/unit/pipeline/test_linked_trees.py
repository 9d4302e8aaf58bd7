"""Linked packages, as pnpm, Yarn's pnpm linker, Bun and npm's workspaces lay them out: each is packed once."""

from __future__ import annotations

import os
import shutil
import subprocess
import zipfile
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

import pytest

from packager.cli import run
from packager.inventory.archive import scan
from tests.support.proving import needs_node
from tests.support.trees import package_json, write_tree

if TYPE_CHECKING:
    from pathlib import Path

STATE = "exports.state = {};\n"
STORES = {
    "pnpm": ("node_modules/.pnpm/{}@1.0.0/node_modules/{}", "../../../{}@1.0.0/node_modules/{}"),
    "bun": ("node_modules/.bun/{}@1.0.0/node_modules/{}", "../../../{}@1.0.0/node_modules/{}"),
    "yarn": ("node_modules/.store/{}-npm-1.0.0-0123456789/package", ""),
}
ASKS = "exports.handler = async () => require('a').state === require('b').a;\n"


def linked(folder: Path, store: str) -> Path:
    """Write an app that needs a and b; b needs a, a's circle back needs b; dev is for development."""
    place, _ = STORES[store]
    where = {name: place.format(name, name) for name in ("a", "b", "dev", "unused")}
    code = {"a": STATE, "b": "exports.a = require('a').state;\n", "dev": "x" * 9000, "unused": ""}
    needs = {"a": {"b": "1"}, "b": {"a": "1"}, "dev": {"unused": "1"}, "unused": {}}
    files = {
        "package.json": package_json(dependencies={"a": "1", "b": "1"}, devDependencies={"dev": "1"}),
        "index.js": ASKS,
        **{f"{where[n]}/index.js": text for n, text in code.items()},
        **{f"{where[n]}/package.json": package_json(n, dependencies=needs[n]) for n in code},
        f"{where['a']}/README.md": "",
        f"{where['a']}/LICENSE": "",
    }
    links = {f"node_modules/{n}": os.path.relpath(where[n], "node_modules") for n in ("a", "b", "dev")}
    for name, needed in needs.items():
        for other in needed:
            beside = f"{where[name]}/node_modules/{other}" if store == "yarn" else where[name][: -len(name)] + other
            links[beside] = os.path.relpath(where[other], str(PurePosixPath(beside).parent))
    return write_tree(folder, files, links)


def packed(folder: Path, out: Path, *words: str) -> dict[str, bytes]:
    """Pack a folder and return what the archive holds; of a link, where it leads."""
    assert run(["pack", str(folder), "-o", str(out), "--no-cache", *words]) == 0
    with zipfile.ZipFile(out) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def unpacked(archive: Path, into: Path) -> Path:
    if shutil.which("unzip") is None:
        pytest.skip("unzip is not installed")
    subprocess.run(["unzip", "-q", archive, "-d", into], check=True)
    return into


@needs_node
@pytest.mark.parametrize("words", [(), ("--trim", "none"), ("--trim", "safe"), ("--trim", "strict")])
@pytest.mark.parametrize("store", STORES)
def test_what_loads_in_the_folder_loads_out_of_the_archive(tmp_path: Path, store: str, words: tuple[str, ...]) -> None:
    held = packed(linked(tmp_path / "in", store), tmp_path / "out.zip", *words)

    there = unpacked(tmp_path / "out.zip", tmp_path / "there")
    asked = "require('./index.js').handler().then((same) => console.log(same))"
    done = subprocess.run(["node", "-e", asked], cwd=there, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("true\n", "")
    assert sum(text == STATE.encode() for text in held.values()) == 1
    assert not [link for link in there.rglob("*") if link.is_symlink() and not link.exists()]
    if words:
        assert not [name for name in held if "dev" in name or "unused" in name]
    assert not scan(tmp_path / "out.zip").faults


def test_links_are_links_with_the_mode_of_links_and_lead_to_relative_paths(tmp_path: Path) -> None:
    linked(tmp_path / "in", "pnpm")
    packed(tmp_path / "in", tmp_path / "out.zip")

    with zipfile.ZipFile(tmp_path / "out.zip") as archive:
        link = archive.getinfo("node_modules/b")
        assert (link.external_attr >> 16, archive.read(link)) == (0o120777, b".pnpm/b@1.0.0/node_modules/b")
        assert archive.testzip() is None


def test_an_absolute_link_into_the_tree_is_the_same_archive(tmp_path: Path) -> None:
    first = packed(linked(tmp_path / "in", "pnpm"), tmp_path / "one.zip")
    link = tmp_path / "in/node_modules/b"
    link.unlink()
    link.symlink_to(tmp_path / "in/node_modules/.pnpm/b@1.0.0/node_modules/b")

    assert packed(tmp_path / "in", tmp_path / "two.zip") == first


def test_a_link_that_changes_changes_the_archive_and_nothing_else_does(tmp_path: Path) -> None:
    folder, cache = linked(tmp_path / "in", "pnpm"), str(tmp_path / "cache")
    write_tree(folder, {"node_modules/.pnpm/a@2.0.0/node_modules/a/index.js": "exports.two = 2"})
    words = ["pack", str(folder), "-o", str(tmp_path / "out.zip"), "--cache", cache]
    assert run(words) == 0
    first = (tmp_path / "out.zip").read_bytes()
    link = folder / "node_modules/a"
    for target, same in (("a@2.0.0", False), ("a@1.0.0", True)):
        link.unlink()
        link.symlink_to(f".pnpm/{target}/node_modules/a")
        assert run(words) == 0
        assert ((tmp_path / "out.zip").read_bytes() == first) is same
        cold = packed(folder, tmp_path / "cold.zip")
        with zipfile.ZipFile(tmp_path / "out.zip") as archive:
            assert {name: archive.read(name) for name in archive.namelist()} == cold
            assert archive.getinfo("node_modules/a").external_attr >> 16 == 0o120777


def test_a_text_that_reads_like_a_link_stays_a_file(tmp_path: Path) -> None:
    folder = linked(tmp_path / "in", "pnpm")
    text = ".pnpm/b@1.0.0/node_modules/b"
    write_tree(folder, {"text": text, "marked": f"\0{text}"})
    for _ in range(2):
        assert run(["pack", str(folder), "-o", str(tmp_path / "out.zip"), "--cache", str(tmp_path / "cache")]) == 0
        (tmp_path / "out.zip").unlink()
    assert run(["pack", str(folder), "-o", str(tmp_path / "out.zip"), "--cache", str(tmp_path / "cache")]) == 0

    with zipfile.ZipFile(tmp_path / "out.zip") as archive:
        modes = {name: archive.getinfo(name).external_attr >> 16 for name in ("text", "marked", "node_modules/b")}
        assert modes == {"text": 0o100644, "marked": 0o100644, "node_modules/b": 0o120777}
        assert (archive.read("text"), archive.read("marked")) == (text.encode(), f"\0{text}".encode())


def test_a_member_of_a_workspace_is_there_once_with_what_it_needs(tmp_path: Path) -> None:
    files = {
        "package.json": package_json(workspaces=["apps/*", "packages/*"]),
        "apps/api/package.json": package_json("api", dependencies={"@acme/db": "*", "ms": "2"}),
        "apps/api/index.js": "require('@acme/db')",
        "packages/db/package.json": package_json("@acme/db", dependencies={"pg": "8"}),
        "packages/db/index.js": "require('pg')",
        "node_modules/pg/package.json": package_json("pg"),
        "node_modules/pg/index.js": "",
        "node_modules/ms/package.json": package_json("ms"),
        "node_modules/ms/index.js": "",
        "node_modules/next/package.json": package_json("next"),
        "node_modules/next/index.js": "",
    }
    folder = write_tree(tmp_path / "in", files, {"node_modules/@acme/db": "../../packages/db"})

    held = packed(folder, tmp_path / "out.zip", "--trim", "safe")

    assert held["node_modules/@acme/db"] == b"../../packages/db"
    assert {"packages/db/index.js", "node_modules/pg/index.js", "node_modules/ms/index.js"} <= held.keys()
    assert "node_modules/next/index.js" not in held


def test_what_own_code_asks_for_and_nothing_declares_is_kept(tmp_path: Path) -> None:
    files = {
        "package.json": package_json(devDependencies={"tool": "1"}),
        "index.js": "require('ms/lib'); import('@s/late')\n",
        "tool.config.js": "require('tool')",
        **{f"node_modules/{name}/index.js": "" for name in ("ms", "@s/late", "tool", "other")},
        **{f"node_modules/{name}/package.json": package_json(name) for name in ("ms", "@s/late", "tool", "other")},
    }

    held = packed(write_tree(tmp_path / "in", files), tmp_path / "out.zip", "--trim", "safe")

    assert {name.split("/index")[0] for name in held if "node_modules" in name and name.endswith("index.js")} == {
        "node_modules/ms",
        "node_modules/@s/late",
    }


def test_what_is_left_out_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = {
        "package.json": package_json(),
        "index.js": "",
        "node_modules/large/package.json": package_json("large"),
        "node_modules/large/data.bin": "x" * (60 << 20),
        "node_modules/small/package.json": package_json("small"),
    }
    assert run(["pack", str(write_tree(tmp_path / "in", files)), "-o", str(tmp_path / "o.zip"), "--trim", "safe"]) == 0

    said = capsys.readouterr().out
    assert "left out: 3 files, 60.0 MB in all" in said
    assert "needed by nothing here: large (60.0 MB), small" in said
    assert "pack without --trim" in said


def test_a_member_whose_store_lies_outside_is_refused_with_a_way(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    linked(tmp_path, "pnpm")
    member = write_tree(tmp_path / "apps/api", {"index.js": ""}, {"node_modules/a": "../../../node_modules/a"})

    assert run(["pack", str(member), "-o", str(tmp_path / "out.zip"), "--no-cache"]) != 0
    assert "pnpm --filter=NAME deploy" in capsys.readouterr().err
