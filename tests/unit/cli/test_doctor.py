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
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache/x").write_bytes(b"123")
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("PACKAGER_CACHE", str(tmp_path / place))

    check = _cache()

    assert check.state == state
    assert said in check.detail
    assert bool(check.fix) is (state == "warning")
    assert not (tmp_path / "new").exists()


def test_what_other_builds_remove_meanwhile_does_not_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PACKAGER_CACHE", str(tmp_path))
    (tmp_path / "stays").write_bytes(b"123")
    enough = threading.Event()

    def build() -> None:
        while not enough.is_set():
            for number in range(9):
                (tmp_path / "room" / str(number)).mkdir(parents=True)
                (tmp_path / "room" / str(number) / "x").touch()
            shutil.rmtree(tmp_path / "room")

    other = threading.Thread(target=build)
    other.start()
    try:
        said = {_cache().detail for _ in range(300)}
    finally:
        enough.set()
        other.join()

    assert said == {f"{tmp_path}, 3 B"}
