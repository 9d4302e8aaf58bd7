"""Unpacking stays inside, and packing makes one canonical archive out of any archive."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from packager.archive.pack import pack
from packager.archive.read.reader import open_archive
from packager.archive.read.unpack import unpack
from packager.core.errors import ArtifactError, EnvironmentFault, UsageError
from tests.unit.archive.zips import TREE, Record, contents, handmade, tree

LINK = 0o120777


def _unpacked(archive: Path, into: Path, *, portable: bool = False) -> dict[str, bytes]:
    with open_archive(archive) as opened:
        unpack(opened, into, portable=portable)
    return {path.relative_to(into).as_posix(): path.read_bytes() for path in into.rglob("*") if path.is_file()}


def test_contents_and_modes(tmp_path: Path) -> None:
    path = handmade(
        tmp_path / "a.zip",
        Record(b"dir/"),
        Record(b"dir/run", b"1", mode=0o100755),
        Record(b"private", b"2", mode=0o100600),
        Record(b"suid", b"3", mode=0o104755),
        Record(b"dos", b"4", made_by=20, mode=0),
        Record(b"./deep/er/x", b"5", method=8),
    )
    old = os.umask(0o077)
    try:
        found = _unpacked(path, tmp_path / "out")
    finally:
        os.umask(old)

    assert found == {"dir/run": b"1", "private": b"2", "suid": b"3", "dos": b"4", "deep/er/x": b"5"}
    modes = {
        name: stat.S_IMODE((tmp_path / "out" / name).stat().st_mode) for name in (*found, "dir", "deep", "deep/er")
    }
    assert modes == {
        "dir/run": 0o755, "private": 0o600, "suid": 0o755, "dos": 0o644, "deep/er/x": 0o644,
        "dir": 0o755, "deep": 0o755, "deep/er": 0o755,
    }  # fmt: skip


def test_links_inside_are_made(tmp_path: Path) -> None:
    path = handmade(
        tmp_path / "a.zip",
        Record(b"a/link", b"../b/file", mode=LINK),
        Record(b"b/file", b"x"),
        Record(b"dir", b"b", mode=LINK),
        Record(b"gone", b"nowhere", mode=LINK),
    )

    assert _unpacked(path, tmp_path / "out") == {"a/link": b"x", "b/file": b"x"}
    assert (tmp_path / "out/a/link").readlink() == Path("../b/file")
    assert (tmp_path / "out/dir/file").read_bytes() == b"x"


@pytest.mark.parametrize(
    "name", [b"../evil", b"a/../../evil", b"/evil", b"a//b", b"a/./b", b"a\0b", b"..", b"a/../", b"/", b"x" * 300]
)
def test_unsafe_names_write_nothing(tmp_path: Path, name: bytes) -> None:
    path = handmade(tmp_path / "a.zip", Record(b"good", b"1"), Record(name, b"evil"))

    with pytest.raises(ArtifactError, match="unsafe name"):
        _unpacked(path, tmp_path / "out")

    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["a.zip"]


@pytest.mark.parametrize(
    "records",
    [
        [Record(b"out", b"/etc", mode=LINK)],
        [Record(b"out", b"..", mode=LINK)],
        [Record(b"a/out", b"../../x", mode=LINK)],
        # Each of the two is harmless alone: the first resolves to the root's parent once the second is there.
        [Record(b"out", b"dot/..", mode=LINK), Record(b"dot", b".", mode=LINK)],
        [Record(b"out", b"", mode=LINK)],
        [Record(b"out", b"a\0b", mode=LINK)],
        [Record(b"out", b"x" * 5000, mode=LINK)],
    ],
    ids=["absolute", "parent", "from below", "by another link", "empty", "NUL", "too long"],
)
def test_links_that_lead_out_are_not_left_behind(tmp_path: Path, records: list[Record]) -> None:
    path = handmade(tmp_path / "a.zip", *records)

    with pytest.raises(ArtifactError, match="leads out"):
        _unpacked(path, tmp_path / "out")

    assert not any(entry.is_symlink() for entry in (tmp_path / "out").rglob("*"))


@pytest.mark.parametrize(
    "records",
    [
        [Record(b"a", b"/tmp", mode=LINK), Record(b"a/evil", b"x")],
        [Record(b"a", b"1"), Record(b"a", b"2")],
        [Record(b"a", b"1"), Record(b"a/", b"")],
        [Record(b"a/b", b"1"), Record(b"a/b/c/", b"")],
    ],
    ids=["through a link", "twice", "file and folder", "folder in a file"],
)
def test_names_that_are_two_things_write_nothing(tmp_path: Path, records: list[Record]) -> None:
    path = handmade(tmp_path / "a.zip", *records)

    with pytest.raises(ArtifactError):
        _unpacked(path, tmp_path / "out")

    assert not (tmp_path / "out").exists()


def test_the_folder_must_be_empty_and_writable(tmp_path: Path) -> None:
    path = handmade(tmp_path / "a.zip", Record(b"a", b"1"))

    with pytest.raises(UsageError, match="not empty"):
        _unpacked(path, tmp_path)
    with pytest.raises(EnvironmentFault, match="cannot be unpacked"):
        _unpacked(path, path / "below-a-file")


def test_backslashes_are_letters_to_hosts_and_separators_when_packing(tmp_path: Path) -> None:
    path = handmade(
        tmp_path / "a.zip", Record(b"dir\\a.txt", b"1", made_by=20, mode=0), Record(b"dir\\", made_by=20, mode=0)
    )

    assert _unpacked(path, tmp_path / "portable", portable=True) == {"dir/a.txt": b"1"}
    with pytest.raises(ArtifactError, match="backslash"):
        _unpacked(path, tmp_path / "literal")


def test_packing_a_folder_and_packing_its_archive_give_the_same_bytes(tmp_path: Path) -> None:
    root = tree(tmp_path / "in", TREE)
    shutil.make_archive(str(tmp_path / "theirs"), "zip", root)

    made = [
        pack(root, tmp_path / "1.zip"),
        pack(tmp_path / "1.zip", tmp_path / "2.zip"),
        pack(tmp_path / "theirs.zip", tmp_path / "3.zip", jobs=1),
    ]

    assert len({artifact.sha256 for artifact in made}) == 1
    assert contents(tmp_path / "3.zip") == TREE


def test_an_archive_can_replace_itself(tmp_path: Path) -> None:
    path = handmade(tmp_path / "a.zip", Record(b"b", b"1", method=9), Record(b"a", b"2"))

    assert pack(path, path).sha256 == pack(path, tmp_path / "again.zip").sha256
    assert contents(path) == {"a": b"2", "b": b"1"}


def test_the_destination_is_no_part_of_itself(tmp_path: Path) -> None:
    root = tree(tmp_path / "in", {"a": b"1", "dist/old.js": b"2"})

    first = pack(root, root / "dist" / "out.zip").sha256

    assert pack(root, root / "dist" / "out.zip").sha256 == first
    assert list(contents(root / "dist" / "out.zip")) == ["a", "dist/old.js"]


def test_links_of_an_archive_become_content(tmp_path: Path) -> None:
    path = handmade(tmp_path / "a.zip", Record(b"lib.so.1", b"x"), Record(b"lib.so", b"lib.so.1", mode=LINK))

    assert pack(path, tmp_path / "out.zip").unzipped_bytes == 2
    assert contents(tmp_path / "out.zip") == {"lib.so": b"x", "lib.so.1": b"x"}


@pytest.mark.skipif(shutil.which("unzip") is None, reason="unzip is not installed")
def test_unzip_accepts_our_archives(tmp_path: Path) -> None:
    pack(tree(tmp_path / "in", TREE), tmp_path / "out.zip")

    done = subprocess.run(["unzip", "-tqq", tmp_path / "out.zip"], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
