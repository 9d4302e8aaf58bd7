"""SHA-256 of many files, by one process and by two."""

from __future__ import annotations

import hashlib
import random
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from packager.archive.fastpath.snapshot import see
from packager.archive.fastpath.walk import look
from packager.archive.incremental import hashing
from packager.archive.incremental.hashing import hash_files
from packager.core.errors import ArtifactError
from tests.support.trees import write_tree

if TYPE_CHECKING:
    from packager.archive.fastpath.snapshot import Snapshot


@pytest.fixture(params=["one process", "two processes"])
def root(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(hashing, "_BUFFER_BYTES", 1 << 16)
    monkeypatch.setattr(hashing, "_WORTH_HALVING", 0 if request.param == "two processes" else 1 << 60)
    chance = random.Random(1)
    sizes = [0, 1, hashing._BUFFER_BYTES - 1, hashing._BUFFER_BYTES, 3 * hashing._BUFFER_BYTES + 7]
    sizes += [chance.randrange(5000) for _ in range(100)]
    return write_tree(tmp_path / "in", {f"{n % 7}/{n}": chance.randbytes(size) for n, size in enumerate(sizes)})


def _expected(sight: Snapshot) -> list[bytes]:
    return [hashlib.sha256(Path(source).read_bytes()).digest() for source in sight.sources()]


def test_every_file_is_hashed(root: Path) -> None:
    sight = see(look(root))
    assert hash_files(sight, range(len(sight))) == dict(enumerate(_expected(sight)))


def test_some_files_are_hashed(root: Path) -> None:
    sight, rows = see(look(root)), [100, 3, 41]
    expected = _expected(sight)
    assert hash_files(sight, rows) == {row: expected[row] for row in rows}
    assert hash_files(sight, []) == {}


@pytest.mark.parametrize("name", ["0/0", "1/1", "3/3", "4/4", "6/104"])
@pytest.mark.parametrize("what", ["gone", "grown", "cut"])
def test_a_file_that_changes_meanwhile_is_named(root: Path, name: str, what: str) -> None:
    sight, path = see(look(root)), root / name
    if what == "gone":
        path.unlink()
    elif what == "cut" and path.stat().st_size:
        path.write_bytes(path.read_bytes()[:-1])
    else:
        path.write_bytes(path.read_bytes() + b"x")

    with pytest.raises(ArtifactError) as raised:
        hash_files(sight, range(len(sight)))

    assert raised.value.where == str(path)


def test_what_the_other_process_did_not_do_is_done_here(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("packager.archive.fastpath.fork_worker.Aside.finish", lambda _: None)
    sight = see(look(root))
    assert hash_files(sight, range(len(sight))) == dict(enumerate(_expected(sight)))
