"""``packager pack``: what it says, and what its cache options do."""

from __future__ import annotations

import gc
import json
import os
import zipfile
from typing import TYPE_CHECKING

import pytest

from packager.cli import main, run
from tests.support.cli import packager
from tests.support.documents import check
from tests.support.trees import write_tree

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def words(tmp_path: Path) -> list[str]:
    root = write_tree(tmp_path / "in", {"a.js": "a" * 99, "b/c.js": "c"})
    return ["pack", str(root), "-o", str(tmp_path / "out.zip"), "--json"]


def _packed(words: list[str], capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    assert run(words) == 0
    document = json.loads(capsys.readouterr().out)
    check("pack", document)
    return dict(document)


def test_the_second_time_nothing_is_written(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cached = [*words, "--cache", str(tmp_path / "cache")]
    first, second = _packed(cached, capsys), _packed(cached, capsys)

    assert (first["written"], second["written"]) == (True, False)
    assert {**first, "written": False} == second


def test_no_cache_writes_each_time_and_remembers_nothing(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PACKAGER_CACHE", str(tmp_path / "cache"))
    written = [_packed([*words, "--no-cache"], capsys)["written"] for _ in range(2)]

    assert written == [True, True]
    assert not (tmp_path / "cache").exists()


def test_people_are_told_what_is_unchanged(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for expected in ("out.zip: 2 files", "out.zip: unchanged, 2 files"):
        assert run([*words[:-1], "--cache", str(tmp_path / "cache")]) == 0
        assert expected in capsys.readouterr().out


def test_the_garbage_collector_is_as_before(words: list[str], tmp_path: Path) -> None:
    assert gc.isenabled()
    run([*words, "--cache", str(tmp_path / "cache")])
    run(["pack", str(tmp_path / "nothing"), "-o", str(tmp_path / "out.zip"), "--no-cache"])

    assert gc.isenabled()


@pytest.mark.parametrize("trim", [[], ["--trim", "none"]])
def test_what_killed_runs_left_of_the_archive_is_no_part_of_it(
    trim: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed runs leave the beginning of the archive beside it; it goes once it is certain that nothing uses it."""
    folder = write_tree(tmp_path / "in", {"a.js": "a", "sub/.out.zip.9-0.partial": "the user's own"})
    (folder / ".out.zip.9-0.partial").write_bytes(b"of a run that was killed just now")
    (folder / ".out.zip.7-0.partial").write_bytes(b"of a run that was killed long ago")
    os.utime(folder / ".out.zip.7-0.partial", (0, 0))
    monkeypatch.chdir(folder)
    words = ["pack", ".", "-o", "out.zip", "--cache", str(tmp_path / "cache"), *trim]

    for _ in range(2):
        assert run(words) == 0
        with zipfile.ZipFile("out.zip") as archive:
            assert archive.namelist() == ["a.js", "sub/.out.zip.9-0.partial"]
    assert sorted(path.name for path in folder.glob(".*")) == [".out.zip.9-0.partial"]


@pytest.mark.parametrize("trim", [[], ["--trim", "none"]])
def test_a_cache_in_the_folder_is_no_part_of_the_archive(
    trim: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(write_tree(tmp_path / "in", {"a.js": "a", "sub/b.js": "b"}))
    for words in (["pack", ".", "-o", "../out.zip"], ["pack", ".", "-o", "out.zip"]):
        for _ in range(3):
            assert run([*words, "--cache", "sub/cache", *trim]) == 0
            with zipfile.ZipFile(words[3]) as archive:
                assert [name for name in archive.namelist() if name != "out.zip"] == ["a.js", "sub/b.js"]


def test_a_file_is_no_cache_folder_for_the_quick_way_either(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (write_tree(tmp_path / "in", {"a.js": "a"}) / "file").write_bytes(b"")
    with pytest.raises(SystemExit) as left:
        main(["pack", str(tmp_path / "in"), "-o", str(tmp_path / "out.zip"), "--cache", str(tmp_path / "in" / "file")])
    assert left.value.code == 2
    assert "is a file" in capsys.readouterr().err


def test_names_are_utf8_whatever_the_locale_says(tmp_path: Path) -> None:
    write_tree(tmp_path / "in", {"ü.txt": "1", "日本/x": "2"})
    for words in (["in", "-o", "ñ.zip", "--cache", "cache"], ["in", "-o", "ö.zip", "--no-cache"]):
        ran = packager("pack", *words, cwd=tmp_path, LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0")
        assert ran.code == 0, ran.stderr
        with zipfile.ZipFile(tmp_path / words[2]) as archive:
            assert archive.namelist() == ["ü.txt", "日本/x"]


@pytest.mark.parametrize("option", [["--target", "now"], ["--runtime", "nodejs22.x"], ["--arch", "x86_64"]])
def test_what_only_trimming_asks_for_is_refused_without_it(
    option: list[str], words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*words, *option]) == 2
    error = json.loads(capsys.readouterr().out)["error"]
    assert error["message"].startswith(option[0])
    assert "--trim" in error["fix"]


def test_a_bug_on_the_quick_way_is_told_as_one(
    words: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(_: object) -> None:
        msg = "not expected"
        raise ZeroDivisionError(msg)

    monkeypatch.setattr("packager.archive.fastpath.noop_check.check_unchanged", broken)
    with pytest.raises(SystemExit) as left:
        main(words)
    assert left.value.code == 70
    told = capsys.readouterr().err
    assert "ZeroDivisionError: not expected" in told
    assert "this is a bug in packager" in told
