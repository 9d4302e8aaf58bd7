"""Copying begun before it is known whether the archive is the same: kept if it is, and else gone without a trace."""

from __future__ import annotations

import os
import threading
import time
from typing import TYPE_CHECKING

import pytest

from packager.archive.cache.member_cache import Cache, open_cache
from packager.archive.incremental import rebuild as rebuild_module
from packager.archive.incremental.splice import made_by, splicing
from packager.archive.pack import pack
from packager.core.errors import ArtifactError
from tests.support.trees import write_tree

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from packager.archive.fastpath.fork_worker import Aside
    from packager.model.archives import Artifact


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_tree(tmp_path / "in", {f"{number}.js": b"%d " % number * 5000 for number in range(100)})


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return open_cache(tmp_path / "cache")


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out" / "out.zip"


def _check_out(root: Path, out: Path) -> None:
    for path in root.iterdir():
        os.utime(path, (1, 1))
    out.unlink()


def _names(out: Path) -> list[str]:
    return sorted(path.name for path in out.parent.iterdir())


def _splicing(cache: Cache, made: Artifact, out: Path) -> Aside:
    from packager.archive.write.deflate import codec

    record = cache.record(made.path)
    assert record is not None
    return splicing(record.table, cache.packs(made.codec), out, codec(6).crc32)


def test_a_fresh_checkout_gets_what_was_copied_meanwhile(
    root: Path, cache: Cache, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = pack(root, out, cache=cache)
    data = out.read_bytes()
    _check_out(root, out)
    # Not copied once more.
    monkeypatch.setattr(rebuild_module, "splice", None)

    again = pack(root, out, cache=cache)

    assert out.read_bytes() == data
    assert (again.sha256, again.zipped_bytes, again.written) == (first.sha256, first.zipped_bytes, True)
    assert _names(out) == ["out.zip"]


def test_more_than_a_few_changes_discard_what_was_copied(
    root: Path, cache: Cache, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rebuild_module, "MAX_FRESH", 3)
    pack(root, out, cache=cache)
    _check_out(root, out)
    for path in sorted(root.iterdir())[:10]:
        path.write_bytes(path.read_bytes()[::-1])

    pack(root, out, cache=cache)

    pack(root, out.parent / "fresh.zip")
    assert out.read_bytes() == (out.parent / "fresh.zip").read_bytes()
    assert _names(out) == ["fresh.zip", "out.zip"]


def test_a_file_that_cannot_be_read_leaves_nothing(
    root: Path, cache: Cache, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pack(root, out, cache=cache)
    _check_out(root, out)

    def failing(*_: object) -> None:
        msg = "gone"
        raise ArtifactError(msg, where="x", fix="y")

    monkeypatch.setattr(rebuild_module, "hash_files", failing)

    with pytest.raises(ArtifactError, match="gone"):
        pack(root, out, cache=cache)

    assert _names(out) == []


def test_nothing_takes_the_place_of_the_archive_before_that_is_decided(root: Path, cache: Cache, out: Path) -> None:
    made = pack(root, out, cache=cache)
    out.write_bytes(b"another")

    with _splicing(cache, made, out):
        _wait_until(lambda: len(_names(out)) == 2)
        time.sleep(0.2)  # long enough to copy some kilobytes
        assert len(_names(out)) == 2
        assert out.read_bytes() == b"another"

    assert out.read_bytes() == b"another"
    assert _names(out) == ["out.zip"]


def test_what_was_copied_is_told(root: Path, cache: Cache, out: Path) -> None:
    made = pack(root, out, cache=cache)
    data = out.read_bytes()
    out.unlink()

    with _splicing(cache, made, out) as copying:
        answer = copying.finish()

    assert answer is not None
    assert made_by(answer) == (len(data), made.sha256)
    assert out.read_bytes() == data


def test_copying_that_fails_is_told(root: Path, cache: Cache, out: Path) -> None:
    made = pack(root, out, cache=cache)
    for path in cache.folder.glob("members/*/*.pack"):
        path.unlink()

    with _splicing(cache, made, out) as copying:
        assert copying.finish() is None


def test_a_process_with_threads_copies_afterwards(root: Path, cache: Cache, out: Path) -> None:
    pack(root, out, cache=cache)
    data = out.read_bytes()
    _check_out(root, out)
    done = threading.Event()
    thread = threading.Thread(target=done.wait)
    thread.start()
    try:
        pack(root, out, cache=cache)
    finally:
        done.set()
        thread.join()

    assert out.read_bytes() == data


def _wait_until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)
