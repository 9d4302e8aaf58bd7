"""The local builder with the real npm, pnpm and pip, on small real projects."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from packager.builders.local import LocalBuilder
from packager.core.errors import GeneratorFault
from packager.core.progress import Silent, Stopwatch
from packager.model.builds import PYTHON_PACKAGES_DIR
from packager.package_managers.choose import check_lock
from packager.package_managers.pnpm import PNPM
from tests.support.jobs import make_job, write_project

pytestmark = pytest.mark.network

PRISMA = Path(__file__).parent.parent.parent / "samples" / "aws-lambda"
NOT_PART = ("node_modules", "dist")


def build(source: Path, scratch: Path, **changes: Any) -> Path:
    facts = check_lock(source)
    job = make_job(source, manager=facts.manager, lock_file=facts.lock_file, **changes)
    return LocalBuilder().build(job, scratch, Stopwatch(Silent())).root


def build_prisma(source: Path, scratch: Path, **changes: Any) -> Path:
    return build(
        source,
        scratch,
        generate=("npx --no-install prisma generate",),
        environment=(("PRISMA_SCHEMA_ENGINE_BINARY", "{any_file}"),),
        **changes,
    )


def digests(root: Path) -> dict[str, str]:
    """Return path → SHA-256 or link text of every file."""
    found = {}
    for path in root.rglob("*"):
        if path.is_symlink():
            found[str(path.relative_to(root))] = f"-> {path.readlink()}"
        elif path.is_file():
            found[str(path.relative_to(root))] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


def copy_of_sample(into: Path) -> Path:
    return Path(shutil.copytree(PRISMA, into, ignore=shutil.ignore_patterns(*NOT_PART)))


def lock(project: Path) -> Path:
    subprocess.run(
        ["npm", "install", "--package-lock-only", "--no-audit", "--no-fund"],
        cwd=project,
        check=True,
        capture_output=True,
    )
    return project


def test_prisma_builds_are_the_same_in_any_folder_zone_and_umask(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = build_prisma(copy_of_sample(tmp_path / "first"), tmp_path / "s1")

    project = copy_of_sample(tmp_path / "ünother folder" / "second")
    before = digests(project)
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    monkeypatch.setenv("NODE_ENV", "production")
    old = os.umask(0o077)
    try:
        second = build_prisma(project, tmp_path / "sçratch 2")
    finally:
        os.umask(old)
    assert digests(project) == before

    one, other = digests(first), digests(second)
    assert one == other
    assert "node_modules/.prisma/client/index.js" in one
    assert "node_modules/@libsql/linux-x64-gnu/index.node" in one
    # development packages are gone, those that @prisma/client names as optional peers included
    assert not [name for name in one if name.startswith(("node_modules/prisma/", "node_modules/typescript/"))]
    assert not [name for name in one if "/.bin/" in name]


def test_another_architecture_gets_its_engines_and_a_note_on_scripts(tmp_path: Path) -> None:
    arch = "x86_64" if platform.machine() in ("aarch64", "arm64") else "arm64"
    cpu = {"x86_64": "x64", "arm64": "arm64"}[arch]
    facts = check_lock(PRISMA)
    job = make_job(
        copy_of_sample(tmp_path / "p"),
        manager="npm",
        lock_file=facts.lock_file,
        arch=arch,
        generate=("npx --no-install prisma generate",),
        environment=(("PRISMA_SCHEMA_ENGINE_BINARY", "{any_file}"),),
    )
    tree = LocalBuilder().build(job, tmp_path / "scratch", Stopwatch(Silent()))
    assert sorted(path.name for path in (tree.root / "node_modules/@libsql").glob("linux-*")) == [
        f"linux-{cpu}-gnu",
        f"linux-{cpu}-musl",
    ]
    assert (tree.root / "node_modules/.prisma/client/index.js").is_file()
    assert "prisma" in tree.notes[0]
    assert "scripts not run" in tree.notes[0]


def test_libc_is_asked_for_where_packages_say_theirs(tmp_path: Path) -> None:
    """sharp's packages carry a libc field, so that only the target's twin is installed."""
    package = {"name": "p", "version": "1.0.0", "dependencies": {"sharp": "0.34.5"}}
    root = build(lock(write_project(tmp_path / "p", {"package.json": package})), tmp_path / "s")
    assert sorted(path.name for path in (root / "node_modules/@img").glob("sharp-*")) == [
        "sharp-libvips-linux-x64",
        "sharp-linux-x64",
    ]


def test_npm_and_pnpm_install_the_same_files(tmp_path: Path) -> None:
    package = {
        "name": "p",
        "version": "1.0.0",
        "dependencies": {"ms": "2.1.3"},
        "devDependencies": {"semver": "7.6.3"},
    }
    by_npm = lock(write_project(tmp_path / "npm", {"package.json": package}))
    by_pnpm = write_project(tmp_path / "pnpm", {"package.json": package})
    subprocess.run(["npx", "--yes", PNPM, "install", "--lockfile-only"], cwd=by_pnpm, check=True, capture_output=True)
    one, other = (digests(build(project, tmp_path / "s") / "node_modules") for project in (by_npm, by_pnpm))
    assert one == other
    assert {name.split("/")[0] for name in one} == {"ms"}


def test_workspaces_are_built_from_their_root(tmp_path: Path) -> None:
    files = {
        "package.json": {"name": "root", "private": True, "workspaces": ["packages/*"]},
        "packages/lib/package.json": {"name": "lib", "version": "1.0.0", "main": "index.js"},
        "packages/lib/index.js": "module.exports = 'lib'",
        "packages/api/package.json": {
            "name": "api",
            "version": "1.0.0",
            "dependencies": {"lib": "1.0.0", "ms": "2.1.3"},
        },
    }
    root = build(lock(write_project(tmp_path / "p", files)), tmp_path / "s")
    assert str((root / "node_modules/lib").readlink()) == "../packages/lib"
    assert (root / "node_modules/ms/index.js").is_file()


def test_a_package_that_does_not_exist_is_named(tmp_path: Path) -> None:
    name = "@packager-tests/there-is-no-such-package"
    package = {"name": "p", "version": "1.0.0", "dependencies": {name: "1.0.0"}}
    locked = {"lockfileVersion": 3, "packages": {"": package, f"node_modules/{name}": {"version": "1.0.0"}}}
    project = write_project(tmp_path / "p", {"package.json": package, "package-lock.json": locked})
    with pytest.raises(GeneratorFault, match="the registry does not have") as caught:
        build(project, tmp_path / "s")
    assert name in caught.value.message
    assert caught.value.where.startswith("install: npm ci --os=linux")


def test_a_lock_that_only_npm_finds_wrong_is_explained(tmp_path: Path) -> None:
    package = {"name": "p", "version": "1.0.0", "dependencies": {"debug": "4.4.0"}}
    project = lock(write_project(tmp_path / "p", {"package.json": package}))
    locked = json.loads((project / "package-lock.json").read_text())
    del locked["packages"]["node_modules/ms"]  # what debug depends on
    (project / "package-lock.json").write_text(json.dumps(locked))
    with pytest.raises(GeneratorFault, match=r"disagree: Missing: ms@"):
        build(project, tmp_path / "s")


def test_a_schema_that_is_not_valid_is_explained(tmp_path: Path) -> None:
    project = copy_of_sample(tmp_path / "p")
    schema = project / "prisma/schema.prisma"
    schema.write_text(schema.read_text() + "\nmodel Broken {\n  id Nope @id\n}\n")
    with pytest.raises(GeneratorFault, match="schema is not valid"):
        build_prisma(project, tmp_path / "s")


def python_job(project: Path, **changes: Any) -> Any:
    return make_job(
        project,
        manager="pip",
        language="python",
        language_version="3.12",
        lock_file="requirements.txt",
        **changes,
    )


@pytest.mark.parametrize(("arch", "machine"), [("x86_64", "x86_64"), ("arm64", "aarch64")])
def test_pip_takes_the_targets_wheels(tmp_path: Path, arch: str, machine: str) -> None:
    project = write_project(tmp_path / "p", {"requirements.txt": "MarkupSafe==3.0.2\ncharset-normalizer==3.4.0\n"})
    tree = LocalBuilder().build(python_job(project, arch=arch), tmp_path / "s", Stopwatch(Silent()))
    root = tree.root / PYTHON_PACKAGES_DIR
    assert (root / f"markupsafe/_speedups.cpython-312-{machine}-linux-gnu.so").is_file()
    assert (root / "bin/normalizer").read_text().startswith("#!/usr/bin/env python3\n")
    assert not list(root.rglob("*.pyc"))


def test_a_requirement_without_wheels_is_named(tmp_path: Path) -> None:
    project = write_project(tmp_path / "p", {"requirements.txt": "docopt==0.6.2\n"})
    with pytest.raises(GeneratorFault, match=r"no wheel of docopt==0\.6\.2") as caught:
        LocalBuilder().build(python_job(project), tmp_path / "s", Stopwatch(Silent()))
    assert "--builder docker" in caught.value.fix
