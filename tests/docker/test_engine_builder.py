"""The docker builder for real: npm, a compiler, Debian's and npm's servers."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import docker
import pytest

from packager.builders.docker import DockerBuilder
from packager.builders.local import LocalBuilder
from packager.catalog.current import load_catalog
from packager.containers.docker_engine import connect
from packager.core.errors import GeneratorFault
from packager.core.progress import Silent, Stopwatch
from packager.inventory.elf import read_elf
from packager.model.builds import PYTHON_PACKAGES_DIR
from packager.package_managers.yarn_classic import YARN
from packager.toolchains.node import node_folder
from tests.support.jobs import make_job, write_project

if TYPE_CHECKING:
    from collections.abc import Iterator

    from packager.model.plan import Job

pytestmark = [pytest.mark.docker, pytest.mark.network]


@pytest.fixture
def builder(tmp_path: Path) -> Iterator[DockerBuilder]:
    """Return a builder for a user whose npm configuration names this machine's folders and a token."""
    home = tmp_path / "home"
    home.mkdir()
    (home / ".npmrc").write_text("nodedir=/nonexistent\ncache=/nonexistent\n//unused.example/:_authToken=not-for-you\n")
    fetch = partial(node_folder, cache=Path(os.environ["PACKAGER_CACHE"]))
    with connect(os.environ, Path.home()) as engine:
        yield DockerBuilder(engine, environment=os.environ, home=home, node_folder=fetch)


@pytest.fixture
def job(tmp_path: Path) -> Job:
    """Return a job with an addon that has to be compiled, and one file that must not take part."""
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("npm is needed to write the lock file")
    project = tmp_path / "a project"
    addon = project / "addon"
    addon.mkdir(parents=True)
    (addon / "package.json").write_text(json.dumps({"name": "addon", "version": "1.0.0", "gypfile": True}))
    (addon / "binding.gyp").write_text('{"targets": [{"target_name": "addon", "sources": ["addon.c"]}]}')
    (addon / "addon.c").write_text(
        # From glibc 2.33 on, stat is a symbol of its own: built against a newer system it would not load on this one.
        "#include <node_api.h>\n#include <sys/stat.h>\n"
        "static napi_value init(napi_env env, napi_value exports) {\n"
        '  struct stat root; napi_value answer; napi_create_int32(env, 42 + stat("/", &root), &answer);\n'
        '  napi_set_named_property(env, exports, "answer", answer); return exports; }\n'
        "NAPI_MODULE(NODE_GYP_MODULE_NAME, init)\n"
    )
    package = {"name": "p", "version": "1.0.0", "dependencies": {"ms": "2.1.3"}, "devDependencies": {"mitt": "3.0.1"}}
    (project / "package.json").write_text(json.dumps(package))
    subprocess.run([npm, "install", "--package-lock-only", "--no-audit"], cwd=project, check=True, capture_output=True)
    (project / "node_modules/from-the-host").mkdir(parents=True)
    (project / "node_modules/from-the-host/index.js").write_text("")
    build = "cd addon && node /opt/packager/node/lib/node_modules/npm/node_modules/node-gyp/bin/node-gyp.js rebuild"
    return make_job(
        project,
        builder="docker",
        platform=load_catalog().platforms["debian-bullseye"],
        manager="npm",
        lock_file="package-lock.json",
        generate=(build, "node -p 'require(\"./addon/build/Release/addon.node\").answer' > answer.txt"),
        timeout_seconds=600,
    )


def _containers() -> set[str]:
    client = docker.from_env()
    try:
        return {str(container.name) for container in client.containers.list(all=True, filters={"label": "packager"})}
    finally:
        client.close()


def test_a_project_is_installed_compiled_and_brought_back(builder: DockerBuilder, job: Job, tmp_path: Path) -> None:
    before = {path.relative_to(job.source): path.stat().st_mtime_ns for path in job.source.rglob("*")}
    scratch = tmp_path / "scratch"
    scratch.mkdir()

    tree = builder.build(job, scratch, Stopwatch(Silent()))

    assert (tree.root / "node_modules/ms/index.js").is_file()
    assert not (tree.root / "node_modules/mitt").exists()
    assert not (tree.root / "node_modules/from-the-host").exists()
    assert (tree.root / "answer.txt").read_text() == "42\n"
    with (tree.root / "addon/build/Release/addon.node").open("rb") as file:
        facts = read_elf(file)
    assert facts.machine == "x86_64"
    glibc = {
        tuple(map(int, v.version[6:].split("."))) for v in facts.versions_needed if v.version.startswith("GLIBC_2")
    }
    assert max(glibc) <= (2, 31)  # bullseye's, whatever this machine has
    assert dict(tree.toolchain)["node"].startswith("22.")
    assert {path.lstat().st_uid for path in tree.root.rglob("*")} == {os.geteuid()}
    assert {path.relative_to(job.source): path.stat().st_mtime_ns for path in job.source.rglob("*")} == before
    assert not any(b"not-for-you" in path.read_bytes() for path in tree.root.rglob("*") if path.is_file())


def test_a_failing_generator_shows_its_words_and_leaves_nothing(
    builder: DockerBuilder, job: Job, tmp_path: Path
) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    before = _containers()

    with pytest.raises(GeneratorFault, match="exit code 9") as caught:
        builder.build(replace(job, generate=("echo the reason >&2; exit 9",)), scratch, Stopwatch(Silent()))

    assert caught.value.output == "the reason"
    assert caught.value.where == "generate: echo the reason >&2; exit 9"
    assert _containers() <= before
    assert list(scratch.iterdir()) == []


STOPS = "raise SystemExit('the project stands in for the standard library')\n"
HOSTILE = {f"{name}.py": STOPS for name in ("types", "enum", "token", "operator", "pathlib")} | {
    "urllib/__init__.py": STOPS,
    "pip/__init__.py": "",
    "pip/__main__.py": "",  # would end well, with nothing installed
}


@pytest.mark.parametrize(
    ("platform", "version"),
    [
        ("debian-bullseye", "3.9"),  # its own, and its old pip
        ("debian-bullseye", "3.12"),  # wheels for another
        ("debian-trixie", "3.13"),
    ],
)
def test_a_python_projects_own_modules_take_no_part_in_its_install(
    builder: DockerBuilder, tmp_path: Path, platform: str, version: str
) -> None:
    project = write_project(tmp_path / "p", {"requirements.txt": "six==1.16.0\n", **HOSTILE})
    job = make_job(
        project,
        builder="docker",
        platform=load_catalog().platforms[platform],
        language="python",
        language_version=version,
        manager="pip",
        lock_file="requirements.txt",
        timeout_seconds=600,
    )
    scratch = tmp_path / "scratch"
    scratch.mkdir()

    tree = builder.build(job, scratch, Stopwatch(Silent()))

    assert (tree.root / PYTHON_PACKAGES_DIR / "six.py").is_file()
    assert (tree.root / "types.py").read_text() == STOPS


def test_yarn_makes_in_a_container_what_it_makes_here(builder: DockerBuilder, tmp_path: Path) -> None:
    package = {
        "name": "p",
        "version": "1.0.0",
        "dependencies": {"sharp": "0.34.5"},
        "devDependencies": {"mitt": "3.0.1"},
    }
    project = write_project(tmp_path / "p", {"package.json": package})
    command = ["npx", "--yes", YARN, "install", "--ignore-scripts", "--ignore-engines", "--non-interactive"]
    subprocess.run(command, cwd=project, check=True, capture_output=True)
    bullseye = load_catalog().platforms["debian-bullseye"]
    job = make_job(project, builder="docker", platform=bullseye, manager="yarn", lock_file="yarn.lock")

    trees = []
    for name, each in (("docker", builder), ("local", LocalBuilder())):
        (tmp_path / name).mkdir()
        trees.append(each.build(job, tmp_path / name, Stopwatch(Silent())).root)

    there, here = ({path.relative_to(root) for path in root.rglob("*")} for root in trees)
    assert there == here
    assert {path.name for path in there} >= {"sharp-linux-x64.node"}
    assert not [path for path in there if "musl" in path.name or path.name == "mitt"]
    assert all(
        (trees[0] / path).read_bytes() == (trees[1] / path).read_bytes()
        for path in there
        if (trees[0] / path).is_file()
    )
