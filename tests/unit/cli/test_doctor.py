"""``packager doctor``: what it says of the cache, which everything else leans on."""

from __future__ import annotations

import shutil
import threading
from typing import TYPE_CHECKING

import pytest

from packager.cli.doctor import _cache

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("place", "state", "said"),
    [
        ("cache", "ok", "cache, 3 B"),
        ("new/cache", "ok", "cache, not made yet"),
        ("file", "warning", "cannot be written"),
        ("file/cache", "warning", "cannot be written"),
    ],
)
def test_the_cache_is_looked_at_before_it_is_made(
    place: str, state: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cache/proofs").mkdir(parents=True)
    (tmp_path / f"cache/proofs/{'0' * 64}.json").write_bytes(b"123")
    (tmp_path / "cache/notes.txt").write_bytes(b"the user's own")
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("PACKAGER_CACHE", str(tmp_path / place))

    check = _cache()

    assert check.state == state
    assert said in check.detail
    assert bool(check.fix) is (state == "warning")
    assert not (tmp_path / "new").exists()


def test_what_other_builds_remove_meanwhile_does_not_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PACKAGER_CACHE", str(tmp_path))
    (tmp_path / "bytecode/3.13.1-0").mkdir(parents=True)
    (tmp_path / f"bytecode/3.13.1-0/{'0' * 64}").write_bytes(b"123")
    enough = threading.Event()

    def build() -> None:
        while not enough.is_set():
            for number in range(9):
                (tmp_path / "bytecode" / str(number)).mkdir()
                (tmp_path / "bytecode" / str(number) / ("1" * 64)).touch()
            for number in range(9):
                shutil.rmtree(tmp_path / "bytecode" / str(number))

    other = threading.Thread(target=build)
    other.start()
    try:
        said = {_cache().detail for _ in range(300)}
    finally:
        enough.set()
        other.join()

    assert said == {f"{tmp_path}, 3 B"}
