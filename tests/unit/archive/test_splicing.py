"""Copying begun before it is known whether the archive is the same: kept if it is, and else gone without a trace."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from packager.archive import rework as rework_module
from packager.archive.cache import Cache, open_cache
from packager.archive.pack import pack
from packager.archive.splicing import Splicing
from packager.errors import ArtifactError
from packager.glance.columns import DamagedError
from tests.support.trees import write_tree

if TYPE_CHECKING:
    from pathlib import Path

    from packager.archive import Artifact


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


def _splicing(cache: Cache, made: Artifact, out: Path) -> Splicing:
    from packager.archive.deflate import codec

    record = cache.record(made.path)
    assert record is not None
    return Splicing(record.table, cache.packs(made.codec), out, codec(6).crc32)


def test_a_fresh_checkout_gets_what_was_copied_meanwhile(
    root: Path, cache: Cache, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = pack(root, out, cache=cache)
    data = out.read_bytes()
    _check_out(root, out)
    # Not copied once more.
    monkeypatch.setattr(rework_module, "splice", None)

    again = pack(root, out, cache=cache)

    assert out.read_bytes() == data
    assert (again.sha256, again.zipped_bytes, again.written) == (first.sha256, first.zipped_bytes, True)
    assert _names(out) == ["out.zip"]


def test_more_than_a_few_changes_discard_what_was_copied(
    root: Path, cache: Cache, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rework_module, "MAX_FRESH", 3)
    pack(root, out, cache=cache)
    _check_out(root, out)
    for path in sorted(root.iterdir())[:10]:
        path.write_bytes(path.read_bytes()[::-1])

    pack(root, out, cache=cache)

    pack(root, out.parent / "anew.zip")
    assert out.read_bytes() == (out.parent / "anew.zip").read_bytes()
    assert _names(out) == ["anew.zip", "out.zip"]


def test_a_file_that_cannot_be_read_leaves_nothing(
    root: Path, cache: Cache, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pack(root, out, cache=cache)
    _check_out(root, out)

    def failing(*_: object) -> None:
        msg = "gone"
        raise ArtifactError(msg, where="x", fix="y")

    monkeypatch.setattr(rework_module, "hash_files", failing)

    with pytest.raises(ArtifactError, match="gone"):
        pack(root, out, cache=cache)

    assert _names(out) == []


def test_nothing_takes_the_place_of_the_archive_before_that_is_decided(root: Path, cache: Cache, out: Path) -> None:
    made = pack(root, out, cache=cache)
    out.write_bytes(b"another")

    with _splicing(cache, made, out) as splicing:
        splicing._thread.join(0.2)  # long enough to copy some kilobytes
        assert splicing._thread.is_alive()
        assert out.read_bytes() == b"another"

    assert out.read_bytes() == b"another"
    assert _names(out) == ["out.zip"]


def test_what_stopped_the_copying_is_raised_to_whoever_wants_it(root: Path, cache: Cache, out: Path) -> None:
    made = pack(root, out, cache=cache)
    for path in cache.folder.glob("members/*/*.pack"):
        path.unlink()

    with _splicing(cache, made, out) as splicing, pytest.raises(DamagedError):
        splicing.finish()
