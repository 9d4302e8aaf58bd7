"""``packager report`` and ``packager diff`` over real archives, and the page in a real browser where there is one."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from packager.archive.pack import pack
from packager.cli import run
from tests.support.documents import check
from tests.support.trees import package_json, write_tree

if TYPE_CHECKING:
    from pathlib import Path

APP = {
    "index.js": "exports.handler = 1\n",
    "node_modules/a/package.json": package_json("a", "1.2.3"),
    "node_modules/a/x.js": "x" * 9000,
}


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    return pack(write_tree(tmp_path / "in", APP), tmp_path / "api.zip").path


def test_identical_archives_exit_0(archive: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copy(archive, tmp_path / "copy.zip")

    assert run(["diff", str(archive), str(tmp_path / "copy.zip")]) == 0
    assert "identical, byte for byte" in capsys.readouterr().out
    assert run(["diff", str(archive), str(tmp_path / "in")]) == 0


def test_the_same_files_packed_by_another_tool(
    archive: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.make_archive(str(tmp_path / "other"), "zip", tmp_path / "in")

    assert run(["diff", str(archive), str(tmp_path / "other.zip")]) == 1
    told = capsys.readouterr().out
    assert "the same 3 files with the same contents" in told
    assert "dates: " in told
    assert "1980-01-01 00:00:00 → " in told


def test_a_new_version_as_json(archive: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    changed = {**APP, "node_modules/a/package.json": package_json("a", "1.3.0"), "new.js": "1"}
    after = pack(write_tree(tmp_path / "after", changed), tmp_path / "after.zip").path

    assert run(["diff", str(archive), str(after), "--json"]) == 1
    data = json.loads(capsys.readouterr().out)
    check("diff", data)
    assert (data["version"], data["identical"], data["same_contents"]) == (1, False, False)
    assert [(row["name"], row["before"], row["after"]) for row in data["packages"]] == [("a", "1.2.3", "1.3.0")]
    assert [row["path"] for row in data["added"]] == ["new.js"]
    assert data["bytes"]["offset"] > 0


def test_what_is_not_there_is_an_error(archive: Path) -> None:
    assert run(["diff", str(archive), str(archive) + ".nothing"]) == 6
    assert run(["report", str(archive) + ".nothing"]) == 6


def test_the_pages_data_as_json(archive: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for extra in ((), ("--against", str(tmp_path / "in"))):
        assert run(["report", str(archive), "--json", *extra]) == 0
        check("report", json.loads(capsys.readouterr().out))
    assert list(tmp_path.glob("*.html")) == []


def test_the_page_is_written_beside_and_repeats(archive: Path, tmp_path: Path) -> None:
    assert run(["report", str(archive)]) == 0
    first = (tmp_path / "api.zip.report.html").read_bytes()
    assert run(["report", str(archive), "-o", str(tmp_path / "again.html")]) == 0

    assert (tmp_path / "again.html").read_bytes() == first


@pytest.mark.parametrize(
    ("word", "page"), [(".", "in.report.html"), ("../in", "in.report.html"), ("deep/..", "in.report.html")]
)
def test_a_folder_without_a_name_of_its_own_has_a_page_beside_it(
    word: str, page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_tree(tmp_path / "in", {**APP, "deep/x": ""})
    monkeypatch.chdir(folder)

    assert run(["report", word]) == 0

    assert (tmp_path / page).is_file()
    assert not list(folder.glob("*.html"))


def test_a_dash_is_stdout_and_no_file(
    archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)

    assert run(["report", str(archive), "--sbom", "-"]) == 0
    assert json.loads(capsys.readouterr().out)["bomFormat"] == "CycloneDX"
    assert run(["report", str(archive), "-o", "-"]) == 0
    assert capsys.readouterr().out.lstrip().lower().startswith("<!doctype html>")
    assert not (tmp_path / "-").exists()


def test_no_packages_have_no_licences_and_that_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["report", str(write_tree(tmp_path / "own", {"a.txt": ""})), "--licences"]) == 0
    assert capsys.readouterr().out == "own: no packages are recognised in it\n"


def test_a_browser_draws_the_page_without_a_complaint(archive: Path, tmp_path: Path) -> None:
    browser = shutil.which("chromium-headless-shell") or shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        pytest.skip("no Chromium here")
    run(["report", str(archive), "--against", str(tmp_path / "in"), "-o", str(tmp_path / "page.html")])
    command = [browser, "--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr", "--dump-dom",
               f"--user-data-dir={tmp_path / 'profile'}", (tmp_path / "page.html").as_uri()]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)

    assert "CONSOLE" not in done.stderr
    assert "<title>api.zip · packager report</title>" in done.stdout
    assert 'aria-label="index.js: ' in done.stdout  # the map
    assert "2 packages, largest first" in done.stdout
