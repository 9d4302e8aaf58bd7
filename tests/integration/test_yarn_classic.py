"""The real Yarn 1 beside the real npm: one project, one zip, whichever of them installs it."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import zipfile
from typing import TYPE_CHECKING, Any

import pytest

from packager.builders.local import LocalBuilder
from packager.core.errors import GeneratorFault
from packager.core.progress import Silent, Stopwatch
from packager.package_managers.choose import check_lock
from packager.package_managers.yarn_classic import YARN
from tests.support.cli import packager
from tests.support.jobs import make_job, write_project

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.network

HANDLER = "require('express'); require('sharp'); exports.handler = async () => ({ statusCode: 200 });\n"
PACKAGE: dict[str, Any] = {
    "name": "app",
    "version": "1.0.0",
    "dependencies": {"express": "4.21.2", "sharp": "0.34.5"},
    "devDependencies": {"semver": "5.7.2", "typescript": "5.6.3"},
}
LOCKING = {
    "npm": ["npm", "install", "--package-lock-only", "--no-audit", "--no-fund"],
    "yarn": ["npx", "--yes", YARN, "install", "--ignore-scripts", "--ignore-engines", "--non-interactive"],
}

LOCK_FILES = {"npm": "package-lock.json", "yarn": "yarn.lock"}


def locked(project: Path, manager: str) -> Path:
    """Write the project's lock file, and nothing else."""
    subprocess.run(LOCKING[manager], cwd=project, check=True, capture_output=True)
    shutil.rmtree(project / "node_modules", ignore_errors=True)
    return project


def build(project: Path, scratch: Path, **changes: Any) -> Path:
    facts = check_lock(project)
    job = make_job(project, manager=facts.manager, lock_file=facts.lock_file, **changes)
    return LocalBuilder().build(job, scratch, Stopwatch(Silent())).root


@pytest.fixture(scope="module")
def projects(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Return one project, locked by each manager: with what has several versions, and what has a part per system."""
    root = tmp_path_factory.mktemp("projects")
    files = {"package.json": PACKAGE, "index.js": HANDLER}
    return {manager: locked(write_project(root / manager / "app", files), manager) for manager in LOCKING}


@pytest.mark.parametrize("arch", ["x86_64", "arm64"])
def test_the_zip_is_npms_byte_for_byte(projects: dict[str, Path], tmp_path: Path, arch: str) -> None:
    made = {}
    for manager, project in projects.items():
        out = tmp_path / manager
        ran = packager("build", project, "--builder", "local", "--no-prove", "--arch", arch, "--out", out, "--fresh")
        assert ran.code == 0, ran.stderr
        assert json.loads((out / "app.manifest.json").read_text())["inputs"]["lock_file"] == LOCK_FILES[manager]
        made[manager] = out / "app.zip"

    with zipfile.ZipFile(made["yarn"]) as archive:
        names = set(archive.namelist())
    cpu = {"x86_64": "x64", "arm64": "arm64"}[arch]
    assert f"node_modules/@img/sharp-linux-{cpu}/lib/sharp-linux-{cpu}.node" in names
    assert not {name for name in names if "musl" in name or name.startswith("node_modules/typescript/")}
    assert "yarn.lock" not in names
    digests = {manager: hashlib.sha256(path.read_bytes()).hexdigest() for manager, path in made.items()}
    assert digests["yarn"] == digests["npm"]


def test_a_musl_target_gets_its_own_builds_and_loses_the_others(projects: dict[str, Path], tmp_path: Path) -> None:
    root = build(projects["yarn"], tmp_path / "s", libc="musl")
    assert sorted(path.name for path in (root / "node_modules/@img").glob("sharp-*")) == [
        "sharp-libvips-linuxmusl-x64",
        "sharp-linuxmusl-x64",
    ]
    assert not (root / "node_modules/.yarn-integrity").exists()


def test_what_was_installed_once_is_installed_offline(projects: dict[str, Path], tmp_path: Path) -> None:
    build(projects["yarn"], tmp_path / "once")
    root = build(projects["yarn"], tmp_path / "s", environment=(("npm_config_offline", "true"),))
    assert (root / "node_modules/express/package.json").is_file()


def test_workspaces_are_built_from_their_root(tmp_path: Path) -> None:
    files = {
        "package.json": {"name": "root", "private": True, "workspaces": ["packages/*"]},
        "packages/lib/package.json": {"name": "lib", "version": "1.0.0", "devDependencies": {"mitt": "3.0.1"}},
        "packages/lib/index.js": "module.exports = 'lib'",
        "packages/api/package.json": {
            "name": "api",
            "version": "1.0.0",
            "dependencies": {"lib": "1.0.0", "ms": "2.1.3"},
        },
        "packages/old/package.json": {"name": "old", "version": "1.0.0", "dependencies": {"ms": "2.0.0"}},
    }
    root = build(locked(write_project(tmp_path / "p", files), "yarn"), tmp_path / "s")
    assert (root / "node_modules/lib").resolve() == (root / "packages/lib").resolve()
    assert not (root / "node_modules/lib").readlink().is_absolute()
    versions = [json.loads(path.read_text())["version"] for path in root.glob("**/ms/package.json")]
    assert sorted(versions) == ["2.0.0", "2.1.3"]
    assert not (root / "node_modules/mitt").exists()


def test_install_scripts_run_where_they_may(tmp_path: Path) -> None:
    """esbuild's own script puts its program in the place of a script that starts it."""
    package = {"name": "p", "version": "1.0.0", "dependencies": {"esbuild": "0.24.0"}}
    project = locked(write_project(tmp_path / "p", {"package.json": package}), "yarn")
    root = build(project, tmp_path / "s", generate=("esbuild --version > version.txt",))
    assert (root / "version.txt").read_text() == "0.24.0\n"


def test_settings_that_would_start_another_yarn_or_layout_do_nothing(tmp_path: Path) -> None:
    package = {
        "name": "p",
        "version": "1.0.0",
        "dependencies": {"ms": "2.1.3"},
        "devDependencies": {"mitt": "3.0.1"},
        "installConfig": {"pnp": True},
    }
    project = write_project(tmp_path / "p", {"package.json": {**package, "installConfig": {}}})
    locked(project, "yarn")
    write_project(
        project,
        {
            "package.json": package,
            ".yarnrc": 'yarn-path "./other.js"\n--install.production true\n--install.frozen-lockfile false\n',
            "other.js": "process.exit(9)",
        },
    )
    before = (project / "package.json").read_text()
    root = build(project, tmp_path / "s", generate=("ls node_modules > there.txt",))
    assert (root / "there.txt").read_text().split() == ["mitt", "ms"]
    assert (root / "node_modules/ms/index.js").is_file()
    assert (root / "package.json").read_text() == before


def test_a_package_that_does_not_exist_is_named(tmp_path: Path) -> None:
    address = "https://registry.yarnpkg.com/ms/-/ms-2.1.99.tgz"
    lock = f'ms@2.1.99:\n  version "2.1.99"\n  resolved "{address}#00"\n'
    files = {"package.json": {"name": "p", "dependencies": {"ms": "2.1.99"}}, "yarn.lock": lock}
    with pytest.raises(GeneratorFault, match="the registry does not have") as caught:
        build(write_project(tmp_path / "p", files), tmp_path / "s")
    assert caught.value.where.startswith(f"install: npx --yes {YARN} install --frozen-lockfile")
