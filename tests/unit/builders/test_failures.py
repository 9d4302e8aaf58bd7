"""How a failed step is told: one way for both builders, with the user's own words and no secrets."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import pytest

from packager.builders.docker import DockerBuilder
from packager.builders.local import LocalBuilder
from packager.catalog.current import load_catalog
from packager.core.errors import EnvironmentFault, GeneratorFault, PackagerError
from packager.core.progress import Silent, Stopwatch
from packager.model.containers import Command, Outcome
from tests.support.containers import FakeContainers, Files
from tests.support.jobs import make_job, write_project

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from packager.model.plan import Job

SECRET = "s3cr3t-of-mine"


class Said(NamedTuple):
    """What a command that a builder runs does: prints and ends."""

    output: str
    exit_code: int


def fail_on_host(tmp_path: Path, line: str, said: Said, job: Job) -> PackagerError:
    """Run the line with a real shell: it prints what it is told to, ends so, and never comes to the rest."""
    (tmp_path / "said.txt").write_text(said.output)
    command = f"cat {tmp_path}/said.txt; exit {said.exit_code}; {line}"
    builder = LocalBuilder(environment={"PATH": "/usr/bin:/bin", "DEPLOY_TOKEN": SECRET})
    with pytest.raises(PackagerError) as caught:
        builder.build(replace(job, generate=(command,)), tmp_path / "scratch", Stopwatch(Silent()))
    caught.value.where = caught.value.where.replace(command.removesuffix(line), "")
    return caught.value


def fail_in_docker(tmp_path: Path, line: str, said: Said, job: Job) -> PackagerError:
    def behave(command: Command, files: Files) -> Outcome:
        return Outcome(said.exit_code, said.output, 1.0) if command.argv[0] == "sh" else Outcome(0, "", 0.0)

    engine = FakeContainers(behave=behave)
    builder = DockerBuilder(
        engine, environment={"DEPLOY_TOKEN": SECRET}, home=tmp_path, node_folder=lambda major, arch: tmp_path
    )
    (tmp_path / "scratch").mkdir()
    with pytest.raises(PackagerError) as caught:
        builder.build(
            replace(job, builder="docker", platform=load_catalog().platforms["debian-bullseye"], generate=(line,)),
            tmp_path / "scratch",
            Stopwatch(Silent()),
        )
    return caught.value


BUILDERS = pytest.mark.parametrize("fail", [fail_on_host, fail_in_docker], ids=["host", "docker"])


@pytest.fixture
def job(tmp_path: Path) -> Job:
    project = write_project(tmp_path / "project", {"bootstrap": ""})
    return make_job(project, language="provided", language_version="", environment=(("OWN_PASSWORD", "0wn-s3cr3t"),))


@BUILDERS
def test_the_users_own_line_is_shown_without_secrets(
    fail: Callable[..., PackagerError], tmp_path: Path, job: Job
) -> None:
    line = f"make --token={SECRET} 'it''s' --user 0wn-s3cr3t https://me:hunter2@r.example && echo {'x' * 300}"

    fault = fail(tmp_path, line, Said(f"sent {SECRET} and 0wn-s3cr3t\n", 7), job)

    assert isinstance(fault, GeneratorFault)
    assert fault.where == (
        f"generate: make --token=*** 'it''s' --user *** https://me:***@r.example && echo {'x' * 300}"
    )
    assert fault.message == "ended with exit code 7"
    assert fault.output == "sent *** and ***"
    assert fault.fix == "see its output; run the same line in the project to try again"


@BUILDERS
def test_nothing_of_ours_is_shown(fail: Callable[..., PackagerError], tmp_path: Path, job: Job) -> None:
    fault = fail(tmp_path, "export A=1; make", Said("", 1), job)

    assert "node_modules/.bin" not in str(fault)
    assert fault.where == "generate: export A=1; make"


@BUILDERS
@pytest.mark.parametrize(
    "output",
    ["npm error code ENOSPC", "cp: x: No space left on device", "tar: x: Disk quota exceeded", "EDQUOT: write"],
)
def test_a_full_disk_is_this_machines_trouble(
    fail: Callable[..., PackagerError], tmp_path: Path, job: Job, output: str
) -> None:
    fault = fail(tmp_path, "make", Said(f"before\n{output} {SECRET}\nafter\n", 1), job)

    assert isinstance(fault, EnvironmentFault)
    assert (fault.exit_code, fault.message) == (4, f"the disk is full: {output} ***")
    assert fault.where == "generate: make"
    assert "free some space" in fault.fix


@BUILDERS
def test_too_many_watched_files_are_no_full_disk(fail: Callable[..., PackagerError], tmp_path: Path, job: Job) -> None:
    output = "Error: ENOSPC: System limit for number of file watchers reached, watch '/var/task'"

    fault = fail(tmp_path, "make", Said(output, 1), job)

    assert isinstance(fault, GeneratorFault)
    assert fault.message == "ended with exit code 1"


@BUILDERS
def test_a_known_cause_is_named(fail: Callable[..., PackagerError], tmp_path: Path, job: Job) -> None:
    fault = fail(tmp_path, "make", Said("x\nsh: 1: prisma: not found\n", 127), job)

    assert fault.message == "ended with exit code 127: there is no command prisma"
    assert "development dependency" in fault.fix


@BUILDERS
def test_the_last_lines_are_told(fail: Callable[..., PackagerError], tmp_path: Path, job: Job) -> None:
    fault = fail(tmp_path, "make", Said("\n".join(map(str, range(100))), 1), job)

    assert isinstance(fault, GeneratorFault)
    assert fault.output.splitlines() == [str(number) for number in range(80, 100)]
