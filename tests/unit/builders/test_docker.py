"""The docker builder's story, on an engine in memory."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec
import pytest

from packager.builders.docker import DockerBuilder
from packager.catalog.current import load_catalog
from packager.core.errors import ConfigError, DockerFault, GeneratorFault
from packager.core.progress import Silent, Stopwatch
from packager.model.containers import Command, Outcome
from tests.support.containers import FakeContainers, Files
from tests.support.jobs import make_job

if TYPE_CHECKING:
    from pathlib import Path

    from packager.model.builds import Tree
    from packager.model.plan import Job
    from packager.model.targets import Arch


@pytest.fixture
def job(tmp_path: Path) -> Job:
    project = tmp_path / "project"
    (project / "node_modules/from-the-host").mkdir(parents=True)
    (project / "node_modules/from-the-host/index.js").write_text("")
    (project / "index.js").write_text("exports.handler = 1\n")
    package = {"name": "p", "version": "1.0.0"}
    (project / "package.json").write_text(json.dumps(package))
    lock = {**package, "lockfileVersion": 3, "requires": True, "packages": {"": package}}
    (project / "package-lock.json").write_text(json.dumps(lock))
    return make_job(
        project,
        builder="docker",
        platform=load_catalog().platforms["debian-bullseye"],
        manager="npm",
        lock_file="package-lock.json",
        generate=("npx prisma generate",),
        environment=(("PRISMA_ENGINE", "{any_file}"),),
        timeout_seconds=77,
    )


@pytest.fixture
def builder(tmp_path: Path) -> DockerBuilder:
    """Return a builder whose Node and user configuration were made for the test."""
    node = tmp_path / "node"
    for name in ("bin/node", "include/node/node.h", "lib/node_modules/npm/bin/npm-cli.js"):
        (node / name).parent.mkdir(parents=True, exist_ok=True)
        (node / name).write_text(name)
    (node / "bin/node").chmod(0o755)
    (tmp_path / ".npmrc").write_text("//r.example/:_authToken=abcdef\nnodedir=/usr\n")

    def node_folder(major: str, arch: Arch) -> Path:
        assert (major, arch) == ("22", "x86_64")
        return node

    return DockerBuilder(
        FakeContainers(behave=_npm), environment={"HTTPS_PROXY": "http://p"}, home=tmp_path, node_folder=node_folder
    )


def _npm(command: Command, files: Files) -> Outcome:
    """Do what the job's steps would."""
    line = " ".join(command.argv)
    if line.startswith("npm ci"):
        files["/var/task/node_modules/a/index.js"] = b"a"
    if "prisma generate" in line:
        files["/var/task/node_modules/.prisma/client/index.js"] = b"generated"
    if line == "node --version":
        return Outcome(0, "v22.1.0", 0.0)
    return Outcome(0, "", 0.0)


def _build(builder: DockerBuilder, job: Job, tmp_path: Path) -> Tree:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    return builder.build(job, scratch, Stopwatch(Silent()))


def _engine(builder: DockerBuilder) -> FakeContainers:
    engine = builder._containers
    assert isinstance(engine, FakeContainers)
    return engine


def test_the_result_is_what_the_steps_left(builder: DockerBuilder, job: Job, tmp_path: Path) -> None:
    tree = _build(builder, job, tmp_path)

    found = {path.relative_to(tree.root).as_posix() for path in tree.root.rglob("*") if path.is_file()}
    assert found == {
        "index.js",
        "package.json",
        "package-lock.json",
        "node_modules/a/index.js",
        "node_modules/.prisma/client/index.js",
    }
    assert (tree.builder, tree.image) == ("docker", "debian:bullseye-slim")
    assert ("node", "22.1.0") in tree.toolchain


def test_the_projects_folder_is_only_read(builder: DockerBuilder, job: Job, tmp_path: Path) -> None:
    def look() -> dict[Path, tuple[int, int, int, int]]:
        """Return what writing would change; reading, too, leaves its date."""
        found = {path: path.stat() for path in job.source.rglob("*")}
        return {path: (now.st_ino, now.st_mode, now.st_size, now.st_mtime_ns) for path, now in found.items()}

    before = look()
    _build(builder, job, tmp_path)

    assert look() == before


def test_steps_run_in_the_workdir_with_the_targets_node(builder: DockerBuilder, job: Job, tmp_path: Path) -> None:
    _build(builder, job, tmp_path)

    (container,) = _engine(builder).started
    steps = [command for command in container.commands if str(command.workdir) == "/var/task"]
    assert [command.argv[0] for command in steps] == ["npm", "sh", "node"]
    assert {command.timeout_seconds for command in steps} == {77}
    environment = dict(steps[1].environment)
    assert environment["PATH"].startswith("/opt/packager/node/bin:")
    assert environment["npm_config_nodedir"] == "/opt/packager/node"
    assert environment["PRISMA_ENGINE"] == "/bin/sh"
    assert environment["https_proxy"] == environment["HTTPS_PROXY"] == "http://p"
    assert container.removed
    assert {volume.name for volume in container.volumes} == {
        "packager-npm-cache",
        "packager-pip-cache",
        "packager-yarn-cache",
    }


def test_credentials_lie_outside_the_project_for_root_only(builder: DockerBuilder, job: Job, tmp_path: Path) -> None:
    tree = _build(builder, job, tmp_path)

    (container,) = _engine(builder).started
    assert container.files["/opt/packager/npmrc"] == b"//r.example/:_authToken=abcdef\n"
    assert container.modes["/opt/packager/npmrc"] == 0o600
    assert dict(container.commands[-1].environment)["npm_config_userconfig"] == "/opt/packager/npmrc"
    assert not any(b"abcdef" in path.read_bytes() for path in tree.root.rglob("*") if path.is_file())
    assert "abcdef" not in str(container.environment)


@pytest.mark.parametrize(
    ("outcome", "message", "fix"),
    [
        (Outcome(1, "npm error code SELF_SIGNED_CERT_IN_CHAIN", 1.0), "certificate", "PACKAGER_CA_BUNDLE"),
        (Outcome(3, "what is this", 1.0), "exit code 3", "output"),
        (Outcome(137, "", 77.0, timed_out=True), "did not end within 77 s", "--timeout"),
        (Outcome(137, "Killed", 1.0, out_of_memory=True), "out of memory", "memory"),
    ],
)
def test_a_failing_step(
    builder: DockerBuilder, job: Job, tmp_path: Path, outcome: Outcome, message: str, fix: str
) -> None:
    def behave(command: Command, files: Files) -> Outcome:
        return outcome if command.argv[:2] == ("npm", "ci") else _npm(command, files)

    _engine(builder).behave = behave
    with pytest.raises(GeneratorFault, match=message) as caught:
        _build(builder, job, tmp_path)

    assert caught.value.where.startswith("install: npm ci")
    assert fix in caught.value.fix
    assert caught.value.output == outcome.output
    assert [container.removed for container in _engine(builder).started] == [True]


def test_an_image_that_cannot_run_the_node_uses_its_own(builder: DockerBuilder, job: Job, tmp_path: Path) -> None:
    def behave(command: Command, files: Files) -> Outcome:
        if command.argv == ("node", "--version") and "/var/lang" not in dict(command.environment)["PATH"]:
            return Outcome(1, "node: /lib64/libc.so.6: version `GLIBC_2.28' not found", 0.0)
        if command.argv[-1] == "node --version && npm --version":
            return Outcome(0, "v22.5.0\n10.8.0", 0.0)
        return _npm(command, files)

    _engine(builder).behave = behave
    _build(builder, job, tmp_path)

    steps = [command for command in _engine(builder).started[0].commands if str(command.workdir) == "/var/task"]
    assert {dict(command.environment)["PATH"].split(":")[0] for command in steps} == {"/var/lang/bin"}


def test_no_node_runs_at_all(builder: DockerBuilder, job: Job, tmp_path: Path) -> None:
    _engine(builder).behave = lambda command, files: Outcome(1, "GLIBC_2.28 not found", 0.0)

    with pytest.raises(DockerFault, match=r"GLIBC_2\.28") as caught:
        _build(builder, job, tmp_path)

    assert "public.ecr.aws/lambda/nodejs:22" in caught.value.fix


@pytest.mark.parametrize(
    ("release", "family"),
    [
        ("ID=debian\n", "debian"),
        ('ID=linuxmint\nID_LIKE="ubuntu debian"\n', "debian"),
        ('PRETTY_NAME="Amazon Linux 2023"\nID="amzn"\nID_LIKE="fedora"\n', "amazonlinux"),
    ],
)
def test_a_named_image_chooses_its_dockerfile(
    builder: DockerBuilder, job: Job, tmp_path: Path, release: str, family: str
) -> None:
    engine = _engine(builder)
    engine.pullable = frozenset({"mine:1"})
    engine.behave = lambda command, files: Outcome(0, release, 0.0) if "cat" in command.argv else _npm(command, files)

    tree = _build(builder, replace(job, image="mine:1"), tmp_path)

    assert tree.image == "mine:1"
    assert [(built.base, built.dockerfile.parent.name) for built in engine.built] == [("mine:1", family)]


def test_a_named_image_of_no_known_family(builder: DockerBuilder, job: Job, tmp_path: Path) -> None:
    engine = _engine(builder)
    engine.pullable = frozenset({"mine:1"})
    engine.behave = lambda command, files: Outcome(0, "ID=alpine\nPRETTY_NAME=Alpine", 0.0)

    with pytest.raises(ConfigError, match="Alpine"):
        _build(builder, replace(job, image="mine:1"), tmp_path)


def test_a_pinned_platform_is_built_from_its_digest(builder: DockerBuilder, job: Job, tmp_path: Path) -> None:
    pinned = replace(
        job, platform=msgspec.structs.replace(job.platform, image="reg.example:5000/debian:x", digest="sha256:abc")
    )
    _engine(builder).pullable = frozenset({"reg.example:5000/debian@sha256:abc"})

    _build(builder, pinned, tmp_path)

    assert _engine(builder).built[0].base == "reg.example:5000/debian@sha256:abc"


def test_a_newer_pip_is_put_beside_the_distributions(builder: DockerBuilder, job: Job, tmp_path: Path) -> None:
    (job.source / "requirements.txt").write_text("six\n")
    python = replace(job, language="python", language_version="3.12", manager="pip", lock_file="requirements.txt")

    _build(builder, replace(python, generate=()), tmp_path)

    (container,) = _engine(builder).started
    steps = [command for command in container.commands if str(command.workdir) == "/var/task"]
    assert steps[0].argv[-3:] == ("--target", "/opt/packager/pip", "pip")
    assert steps[0].argv[:4] == ("python3", "-I", "-m", "pip")
    assert "PACKAGER_PIP" not in dict(steps[0].environment)
    assert {dict(command.environment)["PACKAGER_PIP"] for command in steps[1:]} == {"/opt/packager/pip"}
    assert not any("PYTHONPATH" in dict(command.environment) for command in steps)
