"""What two processes see is what one sees, whichever sees what; a fault is the same one."""

from __future__ import annotations

import os
import random
from typing import TYPE_CHECKING

import pytest

from packager.archive.fastpath import parallel_walk
from packager.archive.fastpath.fork_worker import can_work_aside
from packager.archive.fastpath.parallel_walk import see_folder
from packager.archive.fastpath.snapshot import Snapshot, see
from packager.archive.fastpath.walk import look
from packager.core.errors import ArtifactError
from tests.support.trees import write_tree

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(not can_work_aside(), reason="processes are copied on Linux, and without threads, only")


@pytest.fixture(autouse=True)
def two_processors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parallel_walk, "_processors", lambda: 2)


def _tree(root: Path, seed: int) -> Path:
    chance = random.Random(seed)
    files = {}
    for folder in range(chance.choice([3, 60, 200])):
        for _ in range(chance.randrange(5)):
            inner = "/".join(chance.choice("abc") for _ in range(chance.randrange(3)))
            files[f"m/{folder}/{inner}/{chance.randrange(9)}.js".replace("//", "/")] = b"x" * chance.randrange(9)
        if chance.random() < 0.1:
            (root / "m" / f"empty{folder}" / "inner").mkdir(parents=True)
    made = write_tree(root, {"index.js": b"1", "m/0/é.js": b"1", **files})
    (made / "m" / "link").symlink_to("0")
    (made / "m" / "0" / "file.js").symlink_to("../../index.js")
    return made


def _told(sight: Snapshot) -> tuple[object, ...]:
    groups = [(group.prefix, group.names, group.folder, group.files) for group in sight.groups]
    return sight.names, sight.identities, sight.paths(), sight.sources(), groups


@pytest.mark.parametrize("seed", range(12))
def test_two_see_what_one_sees(tmp_path: Path, seed: int) -> None:
    root = _tree(tmp_path, seed)

    def skip(name: str) -> bool:
        return name.endswith("3.js") or name == "m/7"

    assert _told(see_folder(root)) == _told(see(look(root)))
    assert _told(see_folder(root, skip=skip)) == _told(see(look(root, skip=skip)))


def test_without_an_answer_one_sees_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = _tree(tmp_path, 1)
    monkeypatch.setattr("packager.archive.fastpath.fork_worker.Aside.finish", lambda _: None)
    assert _told(see_folder(root)) == _told(see(look(root)))


def test_without_another_process_one_sees_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def none() -> int:
        raise BlockingIOError

    root = _tree(tmp_path, 2)
    monkeypatch.setattr(os, "fork", none)
    assert _told(see_folder(root)) == _told(see(look(root)))


def test_the_first_fault_is_told_whoever_meets_it(tmp_path: Path) -> None:
    root = write_tree(tmp_path, {f"{number:03}/a.js": b"1" for number in range(300)})
    for number in (17, 150, 290):
        (root / f"{number:03}" / "nowhere").symlink_to("gone")

    for _ in range(5):
        with pytest.raises(ArtifactError) as raised:
            see_folder(root)
        assert raised.value.where == str(root / "017" / "nowhere")


def test_too_many_files_are_too_many_for_both_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("packager.archive.fastpath.walk.MAX_FILES", 250)
    root = write_tree(tmp_path, {f"{number:03}/a.js": b"1" for number in range(300)})
    with pytest.raises(ArtifactError, match="more than 250 files"):
        see_folder(root)
