"""The local builder with commands of every system: no Node, no network."""

from __future__ import annotations

import errno
import os
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from packager.builders.local import LocalBuilder
from packager.core.errors import EnvironmentFault, GeneratorFault
from packager.core.progress import Stopwatch
from packager.model.builds import WORKDIR
from tests.support.jobs import make_job, write_project

if TYPE_CHECKING:
    from pathlib import Path

    from packager.model.builds import Tree


class Heard:
    """A `Progress` that remembers."""

    def __init__(self) -> None:
        self.steps: list[tuple[str, bool]] = []
        self.lines: list[str] = []

    def started(self, step: str, detail: str) -> None:
        """Wait for the end."""

    def line(self, text: str) -> None:
        """Remember it."""
        self.lines.append(text)

    def finished(self, step: str, detail: str, seconds: float, ok: bool) -> None:
        """Remember it."""
        self.steps.append((step, ok))


def build(
    source: Path, *lines: str, heard: Heard | None = None, outside: dict[str, str] | None = None, **changes: Any
) -> Tree:
    job = make_job(source, language="provided", language_version="", generate=lines, **changes)
    environment = {**os.environ, **(outside or {})}
    scratch = source.parent / "scratch"
    return LocalBuilder(environment=environment).build(job, scratch, Stopwatch(heard or Heard()))


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return write_project(tmp_path / "my project", {"schema.txt": "model", "src/a.js": "a"})


def picture(folder: Path) -> dict[str, tuple[bytes, int]]:
    return {
        str(path.relative_to(folder)): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_the_generator_works_in_a_copy_and_the_project_stays_as_it_was(project: Path) -> None:
    before = picture(project)
    heard = Heard()
    tree = build(project, "cp schema.txt generated.txt; rm schema.txt; echo made", heard=heard)
    assert (tree.root / "generated.txt").read_text() == "model"
    assert picture(project) == before
    assert heard.lines == ["made"]
    assert heard.steps == [("copy", True), ("generate", True), ("normalise", True)]
    assert (tree.builder, tree.notes) == ("local", ())


def test_the_scratch_path_does_not_stay_in_texts_and_is_reported_in_binaries(project: Path) -> None:
    tree = build(project, 'pwd > where.txt; printf "\\0%s" "$PWD" > where.bin')
    assert (tree.root / "where.txt").read_text() == f"{WORKDIR}\n"
    assert "where.bin" in tree.notes[0]


def test_two_folders_zones_and_umasks_give_the_same_tree(tmp_path: Path) -> None:
    lines = ("date -d @0 > zone.txt 2>/dev/null || date -r 0 > zone.txt", "pwd > pwd.txt; touch a; env | grep ^LC > l")
    trees = []
    for name, zone, mask in (("a", "Asia/Tokyo", 0o077), ("b b", "America/Lima", 0o022)):
        project = write_project(tmp_path / name / "project", {"x.js": "x"})
        before = os.umask(mask)
        try:
            trees.append(build(project, *lines, outside={"TZ": zone, "LC_ALL": f"{zone[:2].lower()}_XX"}).root)
        finally:
            os.umask(before)
    first, second = (
        {str(path.relative_to(root)): (path.read_bytes(), path.stat().st_mode) for path in root.iterdir()}
        for root in trees
    )
    assert first == second


def test_settings_reach_the_generator_and_any_file_is_an_executable(project: Path) -> None:
    environment = (("ENGINE", "{any_file}"), ("MODE", "small"))
    tree = build(project, 'test -x "$ENGINE" && echo "$MODE" > mode', environment=environment)
    assert (tree.root / "mode").read_text() == "small\n"


def test_a_failure_says_what_failed_with_its_last_lines_and_no_secrets(project: Path) -> None:
    heard = Heard()
    with pytest.raises(GeneratorFault) as caught:
        build(project, "seq 1 100; echo my-s3cr3t >&2; exit 7", heard=heard, outside={"DEPLOY_TOKEN": "my-s3cr3t"})
    fault = caught.value
    assert fault.exit_code == 5
    assert fault.message == "ended with exit code 7"
    assert fault.where.startswith("generate: seq 1 100")
    assert fault.output.splitlines()[-2:] == ["100", "***"]
    assert len(fault.output.splitlines()) == 20
    assert "my-s3cr3t" not in "".join(heard.lines) + str(fault)
    assert heard.steps[-1] == ("generate", False)


def test_a_known_cause_is_named(project: Path) -> None:
    with pytest.raises(GeneratorFault, match="no command no-such-generator") as caught:
        build(project, "no-such-generator --fast")
    assert "development dependency" in caught.value.fix


def test_a_generator_that_hangs_is_stopped(project: Path) -> None:
    with pytest.raises(GeneratorFault, match=r"did not end within 0\.5 s") as caught:
        build(project, "echo waiting; sleep 300", timeout_seconds=0.5)
    assert caught.value.output == "waiting"
    assert "--timeout" in caught.value.fix


def test_a_command_that_finds_the_disk_full_is_this_machines_trouble(project: Path) -> None:
    with pytest.raises(EnvironmentFault, match="disk is full"):
        build(project, "echo 'npm error code ENOSPC'; exit 1")


def test_a_disk_that_fills_up_while_copying_is_this_machines_trouble(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(source: Path, destination: Path) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(destination))

    monkeypatch.setattr(shutil, "copyfile", full)
    with pytest.raises(EnvironmentFault, match="disk is full") as caught:
        build(project, "true")
    assert caught.value.exit_code == 4


def test_a_scratch_that_cannot_be_made_is_this_machines_trouble(project: Path) -> None:
    (project.parent / "scratch").write_text("a file")
    with pytest.raises(EnvironmentFault, match="cannot be used"):
        build(project, "true")


def test_odd_names_survive(tmp_path: Path) -> None:
    names = ["-rf", "a b", "ünï", "Readme", "README", ".hidden", "new\nline"]
    project = write_project(tmp_path / "p", dict.fromkeys(names, "x"))
    kept = sorted(path.name for path in project.iterdir())  # a file system may hold one of Readme and README only
    assert sorted(path.name for path in build(project, "true").root.iterdir()) == kept
