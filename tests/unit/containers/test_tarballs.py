"""Trees as tar streams; nothing in an untrusted one gets out of its folder."""

from __future__ import annotations

import io
import os
import tarfile
from typing import TYPE_CHECKING

import pytest

from packager.containers.tarballs import ChunkReader, tar_stream, unpack_stream
from packager.core.errors import ArtifactError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


Member = tuple[str, bytes | str, bytes]


def _tar(*members: Member) -> list[bytes]:
    """Return a tar of (name, content or link target, type) in pieces of odd length."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for name, content, kind in members:
            member = tarfile.TarInfo(name)
            member.type = kind
            if isinstance(content, str):
                member.linkname = content
                tar.addfile(member)
            else:
                member.size, member.mode = len(content), 0o4777
                tar.addfile(member, io.BytesIO(content))
    data = buffer.getvalue()
    return [data[start : start + 997] for start in range(0, len(data), 997)]


FILE, LINK, HARD, FOLDER = tarfile.REGTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE


def _tree(folder: Path) -> dict[str, bytes | str]:
    return {
        path.relative_to(folder).as_posix(): str(path.readlink()) if path.is_symlink() else path.read_bytes()
        for path in folder.rglob("*")
        if path.is_symlink() or path.is_file()
    }


def test_round_trip(tmp_path: Path) -> None:
    source, into = tmp_path / "source", tmp_path / "into"
    source.mkdir()
    into.mkdir()
    (source / "run").write_bytes(b"#!/bin/sh\n")
    (source / "run").chmod(0o700)
    entries: dict[str, Path | bytes] = {
        "a/big": os.urandom(3_000_000),
        "a b/-é": b"",
        "run": source / "run",
        "x/" * 60 + "deep": b"1",
        "script": b"#!/usr/bin/env node\n",
    }

    assert unpack_stream(tar_stream(entries.items()), into) == 5

    expected = {name: s if isinstance(s, bytes) else s.read_bytes() for name, s in entries.items()}
    assert _tree(into) == expected
    assert [(into / name).stat().st_mode & 0o7777 for name in ("run", "script", "a b/-é")] == [0o755, 0o755, 0o644]


def test_equal_trees_are_equal_streams(tmp_path: Path) -> None:
    file = tmp_path / "f"
    file.write_bytes(b"x" * 1000)
    first = b"".join(tar_stream([("f", file)]))
    os.utime(file, (1, 1))
    file.chmod(0o600)

    assert b"".join(tar_stream([("f", file)])) == first


def test_modes_are_ours_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        unpack_stream(_tar(("t/x", b"1", FILE)), tmp_path, root="t")
    finally:
        os.umask(before)

    assert (tmp_path / "x").stat().st_mode & 0o7777 == 0o755
    assert (tmp_path / "x").stat().st_uid == os.geteuid()


def test_links_that_stay_inside(tmp_path: Path) -> None:
    members: list[Member] = [
        ("t/a/link", "../b/file", LINK),
        ("t/absolute", "/var/task/t/b", LINK),
        ("t/.bin/dangling", "../gone", LINK),
        ("t/b/file", b"1", FILE),
        ("t/b/twin", "t/b/file", HARD),
    ]

    assert unpack_stream(_tar(*members), tmp_path, root="t", origin="/var/task/t") == 5

    assert _tree(tmp_path) == {
        "a/link": "../b/file",
        "absolute": "b",
        ".bin/dangling": "../gone",
        "b/file": b"1",
        "b/twin": b"1",
    }
    assert (tmp_path / "b/twin").stat().st_nlink == 1


@pytest.mark.parametrize(
    ("members", "why"),
    [
        ([("/etc/x", b"", FILE)], "leaves its folder"),
        ([("t/../x", b"", FILE)], "leaves its folder"),
        ([("../x", b"", FILE)], "leaves its folder"),
        ([("u/x", b"", FILE)], "not below t"),
        ([("t", b"", FILE)], "is not a folder"),
        ([("t", "/etc", LINK)], "is not a folder"),
        ([("t/x", "../y", LINK)], "outside"),
        ([("t/x", "/etc/passwd", LINK)], "outside"),
        ([("t/x", "/var/task/other", LINK)], "outside"),
        ([("t/d/e/b", ".", LINK), ("t/d/e/a", "b/../../..", LINK)], "outside"),
        ([("t/d", "d2/d3", LINK), ("t/d2/d3/x", b"", FILE), ("t/y", "d/../../..", LINK)], "outside"),
        ([("t/x", ".", LINK), ("t/x/y", b"", FILE)], "link"),
        ([("t/x", b"", FILE), ("t/x/y", b"", FILE)], "link or a file"),
        ([("t/x", b"1", FILE), ("t/x", b"2", FILE)], "twice"),
        ([("t/x", "y", LINK), ("t/x", b"2", FILE)], "twice"),
        ([("t/x", "/etc/passwd", HARD)], "leaves its folder"),
        ([("t/x", "t/../../y", HARD)], "leaves its folder"),
        ([("t/x", "t/nothing", HARD)], "hard link"),
        ([("t/x", "t/link", HARD), ("t/link", "y", LINK)], "hard link"),
        ([("t/x", b"", tarfile.CHRTYPE)], "device"),
        ([("t/x", b"", tarfile.BLKTYPE)], "device"),
        ([("t/x", b"", tarfile.FIFOTYPE)], "device"),
    ],
)
def test_hostile_members_are_refused(tmp_path: Path, members: list[Member], why: str) -> None:
    into = tmp_path / "a/b/into"
    into.mkdir(parents=True)

    with pytest.raises(ArtifactError, match=why):
        unpack_stream(_tar(*members), into, root="t", origin="/var/task/t")

    assert [path for path in tmp_path.rglob("*") if path.is_file() and into not in path.parents] == []
    assert not [path for path in into.rglob("*") if path.is_symlink() and not path.resolve().is_relative_to(into)]


def test_links_through_links_are_followed_to_their_end(tmp_path: Path) -> None:
    """Each text stays inside; only the file system knows that the second one ends above the folder."""
    into = tmp_path / "into"
    into.mkdir()
    members: list[Member] = [("t/p/q/self", ".", LINK), ("t/p/q/out", "self/self/../../..", LINK)]

    with pytest.raises(ArtifactError, match="leads outside"):
        unpack_stream(_tar(*members), into, root="t")

    assert [path for path in into.rglob("*") if path.is_symlink()] == []


def test_nothing_is_written_through_a_link_that_was_there(tmp_path: Path) -> None:
    into, outside = tmp_path / "into", tmp_path / "outside"
    into.mkdir()
    outside.mkdir()
    (into / "d").symlink_to(outside)

    with pytest.raises(ArtifactError, match="link already there"):
        unpack_stream(_tar(("t/d/x", b"1", FILE)), into, root="t")

    assert list(outside.iterdir()) == []


@pytest.mark.parametrize("damage", [lambda data: data[:700], lambda data: data[:100], lambda data: b"\x07" * 2048])
def test_a_broken_stream(tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    data = b"".join(_tar(("t/x", b"1" * 5000, FILE)))

    with pytest.raises(ArtifactError):
        unpack_stream([damage(data)], tmp_path, root="t")


def test_keep_decides_by_the_relative_path(tmp_path: Path) -> None:
    asked: list[str] = []

    def keep(path: str) -> bool:
        asked.append(path)
        return path.endswith(".js")

    members: list[Member] = [
        ("t/", b"", FOLDER),
        ("t/a.js", b"", FILE),
        ("t/b.ts", b"", FILE),
        ("t/c.js", "a.js", LINK),
    ]
    unpack_stream(_tar(*members), tmp_path, root="t", keep=keep)

    assert asked == ["a.js", "b.ts", "c.js"]
    assert sorted(_tree(tmp_path)) == ["a.js", "c.js"]


def test_a_file_that_shrinks_is_an_error(tmp_path: Path) -> None:
    file = tmp_path / "log"
    file.write_bytes(b"x" * 10)
    stream = tar_stream([("log", file)])
    next(stream)
    file.write_bytes(b"")

    with pytest.raises(ArtifactError, match="shorter"):
        list(stream)


def test_chunk_reader_returns_what_is_asked() -> None:
    reader = ChunkReader(iter([b"abc", b"", b"defg"]))

    assert [reader.read(2), reader.read(4), reader.read(9), reader.read(1)] == [b"ab", b"cdef", b"g", b""]
