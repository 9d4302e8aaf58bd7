"""A glance says what the command would say, or nothing; and it loads next to nothing for that."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from packager.archive.fastpath import snapshot as snapshot_module
from packager.archive.fastpath.noop_check import check_unchanged, read_words
from packager.cli import main, run
from tests.support.trees import write_tree

if TYPE_CHECKING:
    from pathlib import Path

DEAR = (
    "click",
    "typing",
    "dataclasses",
    "pathlib",
    "inspect",
    "hashlib",
    "re",
    "packager.archive.write",
    "packager.archive.read",
)


@pytest.fixture
def words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Of a folder packed a moment ago, links and odd names in it."""
    monkeypatch.setattr(snapshot_module, "_COARSEST_CLOCK_NS", 0)
    root = write_tree(tmp_path / "in", {"a.js": "a" * 99, "b/ü c.js": "c", "b/d/e": ""})
    (root / "link.js").symlink_to("a.js")
    (root / "linked").symlink_to("b/d")
    time.sleep(0.02)  # more than the tick by which file systems count time
    found = [str(root), "-o", str(tmp_path / "out.zip"), "--cache", str(tmp_path / "cache")]
    assert run(["pack", *found]) == 0
    return found


def test_what_is_said_is_what_the_command_says(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    seen = check_unchanged(words)
    glanced = capsys.readouterr().out
    run(["pack", *words])

    assert seen is not None
    assert seen.unchanged
    assert ": unchanged, 5 files, " in glanced
    assert "".join(capsys.readouterr().out.splitlines(keepends=True)[:-1]) == glanced  # the last line has a time


@pytest.mark.parametrize("option", [["--compress", "fast"], ["--compress", "max"]])
def test_another_level_is_a_change(words: list[str], option: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    seen = check_unchanged([*words, *option])

    assert seen is not None
    assert not seen.unchanged
    assert capsys.readouterr().out == ""


def _touch(root: Path, _: Path) -> None:
    os.utime(root / "a.js")


def _add(root: Path, _: Path) -> None:
    (root / "b" / "new").write_text("")


def _remove(root: Path, _: Path) -> None:
    (root / "b" / "d" / "e").unlink()


def _turn(root: Path, _: Path) -> None:
    (root / "link.js").unlink()
    (root / "link.js").symlink_to("b/d/e")


def _spoil(_: Path, out: Path) -> None:
    with out.open("r+b") as file:
        file.write(b"PK")


def _lose(_: Path, out: Path) -> None:
    out.unlink()


@pytest.mark.parametrize("change", [_touch, _add, _remove, _turn, _spoil, _lose])
def test_every_change_is_seen_and_what_was_seen_is_used(words: list[str], tmp_path: Path, change: object) -> None:
    before = (tmp_path / "out.zip").read_bytes()
    time.sleep(0.02)
    assert callable(change)
    change(tmp_path / "in", tmp_path / "out.zip")
    seen = check_unchanged(words)
    assert seen is not None
    assert not seen.unchanged
    with pytest.raises(SystemExit) as stopped:
        main(["pack", *words])

    assert stopped.value.code == 0
    run(["pack", *words[:2], str(tmp_path / "fresh.zip"), "--no-cache"])
    after = (tmp_path / "out.zip").read_bytes()
    assert after == (tmp_path / "fresh.zip").read_bytes()
    assert (after == before) == (change in (_touch, _spoil, _lose))


@pytest.mark.parametrize(
    "more", [["--json"], ["--jobs", "2"], ["--no-cache"], ["--trim", "safe"], ["--help"], ["more"], ["--compress", "x"]]
)
def test_anything_else_is_left_to_the_command(words: list[str], more: list[str]) -> None:
    assert read_words([*words, *more]) is None
    assert check_unchanged([*words, *more]) is None


def test_faults_are_left_to_the_command(words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "in" / "bad").symlink_to("nowhere")

    assert check_unchanged(words) is None
    assert run(["pack", *words]) == 6
    assert "nowhere" in capsys.readouterr().err


def test_the_archive_may_lie_in_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshot_module, "_COARSEST_CLOCK_NS", 0)
    root = write_tree(tmp_path / "in", {"a.js": "a"})
    words = [str(root), "-o", str(root / "out.zip"), "--cache", str(tmp_path / "cache")]
    time.sleep(0.02)
    run(["pack", *words])
    seen = check_unchanged(words)

    assert seen is not None
    assert seen.unchanged


def test_next_to_nothing_is_loaded(words: list[str]) -> None:
    code = (
        "import sys, packager.cli\nbefore = set(sys.modules)\n"
        "try: packager.cli.main(sys.argv[1:])\n"
        "except SystemExit as stop: assert stop.code == 0\n"
        "print(*sys.modules)"
    )
    command = [sys.executable, "-I", "-S", "-c", f"import sys; sys.path += {sys.path!r}\n{code}", "pack", *words]
    time.sleep(2.1)  # the process trusts no file younger
    first, second = (subprocess.run(command, capture_output=True, text=True, check=True).stdout for _ in range(2))

    assert ": unchanged" in first
    assert ": unchanged" in second
    assert not set(DEAR) & set(second.splitlines()[-1].split())
