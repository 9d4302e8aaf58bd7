"""Engines through a mirror, the cache, without a network, and with a schema that asks for the wrong one."""

from __future__ import annotations

import os
import subprocess
import zipfile
from typing import TYPE_CHECKING

import pytest

from packager.catalog.current import load_catalog
from packager.engines.clients import ENGINE_FILE
from packager.model.machine import Machine
from packager.model.options import BuildOptions
from packager.package_managers.pnpm import PNPM
from packager.pipeline.run import package
from packager.pipeline.tools import real_host
from packager.planning.planner import make_plan
from packager.project.loading import load_project
from tests.eras.projects import ERAS
from tests.support.elfs import write_elf
from tests.support.mirror import running_mirror
from tests.support.trees import snapshot, write_tree

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.mirror import Mirror

pytestmark = pytest.mark.network
BOOKWORM = "packager-test/debian:bookworm"


@pytest.fixture
def mirror() -> Iterator[Mirror]:
    with running_mirror(lambda target, file: write_elf(needed=("libc.so.6",), symtab=50_000)) as running:
        yield running


def app(folder: Path, era: str = "5.22 library", **files: str) -> Path:
    """Return the era's app with its lock file."""
    project = next(one for one in ERAS if one.name == era).project()
    root = write_tree(folder, {**project, **files})
    lock = ["npm", "install", "--package-lock-only", "--no-audit", "--no-fund"]
    subprocess.run(lock, cwd=root, check=True, capture_output=True)
    return root


def build(
    root: Path, cache: Path, out: Path, monkeypatch: pytest.MonkeyPatch, mirror: Mirror, **wishes: object
) -> Path:
    """Return the bundle's zip, copied to `out`; every build is proved by the audit alone."""
    monkeypatch.setitem(os.environ, "PRISMA_ENGINES_MIRROR", mirror.address)
    wish = BuildOptions(**{"builder": "local", **wishes})  # type: ignore[arg-type]
    plan = make_plan(load_project(root), load_catalog(), Machine(), wish)
    with package(plan, load_catalog(), real_host(cache), BuildOptions(out=root / "dist", prove="skip")) as (result,):
        assert [str(found) for found in result.findings if found.severity == "error"] == []
        out.write_bytes(result.artifact.path.read_bytes())
    return out


def engines(archive: Path) -> list[str]:
    with zipfile.ZipFile(archive) as opened:
        return [name for name in opened.namelist() if ENGINE_FILE.search(name)]


@pytest.mark.parametrize("era", ["5.22 library", "6.19 library"])
def test_one_engine_is_fetched_once_and_later_builds_need_no_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mirror: Mirror, era: str
) -> None:
    root = app(tmp_path / "app", era)
    before = snapshot(root)

    first = build(root, tmp_path / "cache", tmp_path / "1.zip", monkeypatch, mirror)
    asked = len(mirror.requests)
    second = build(root, tmp_path / "cache", tmp_path / "2.zip", monkeypatch, mirror, offline=True)

    assert asked == 3
    assert len(mirror.requests) == asked
    assert engines(first) == ["node_modules/.prisma/client/libquery_engine-rhel-openssl-3.0.x.so.node"]
    assert first.read_bytes() == second.read_bytes()
    assert snapshot(root) == before


def test_fix_schema_builds_for_the_target_whatever_the_schema_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mirror: Mirror
) -> None:
    root = app(tmp_path / "app")
    schema = root / "prisma" / "schema.prisma"
    schema.write_text(schema.read_text(encoding="utf-8").replace("rhel-openssl-3.0.x", "windows"), encoding="utf-8")
    before = snapshot(root)

    archive = build(root, tmp_path / "cache", tmp_path / "1.zip", monkeypatch, mirror, fix_schema=True)

    assert engines(archive) == ["node_modules/.prisma/client/libquery_engine-rhel-openssl-3.0.x.so.node"]
    assert snapshot(root) == before


def test_pnpms_lock_file_serves_as_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mirror: Mirror) -> None:
    project = next(one for one in ERAS if one.name == "5.22 library").project()
    root = write_tree(tmp_path / "app", project)
    lock = ["npx", "--yes", PNPM, "install", "--lockfile-only"]
    subprocess.run(lock, cwd=root, check=True, capture_output=True)

    archive = build(root, tmp_path / "cache", tmp_path / "1.zip", monkeypatch, mirror)

    assert engines(archive) == ["node_modules/.prisma/client/libquery_engine-rhel-openssl-3.0.x.so.node"]


@pytest.mark.docker
def test_both_builders_give_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mirror: Mirror) -> None:
    root = app(tmp_path / "app")

    host = build(root, tmp_path / "cache", tmp_path / "host.zip", monkeypatch, mirror)
    docker = build(
        root, tmp_path / "cache", tmp_path / "docker.zip", monkeypatch, mirror, builder="docker", image=BOOKWORM
    )

    assert host.read_bytes() == docker.read_bytes()


def test_a_layer_carries_client_and_engine_and_functions_carry_neither(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mirror: Mirror
) -> None:
    config = """\
version: 1
bundles:
  prisma: {target: aws-lambda-layer, recipe: prisma-client, runtime: nodejs22.x}
  api: {target: aws-lambda, runtime: nodejs22.x, handler: src/handler.handler, layers: [prisma]}
  web: {target: aws-lambda, runtime: nodejs22.x, handler: src/handler.handler, layers: [prisma]}
"""
    root = app(tmp_path / "app", "5.22 library", **{"packager.yaml": config})
    monkeypatch.setitem(os.environ, "PRISMA_ENGINES_MIRROR", mirror.address)
    plan = make_plan(load_project(root), load_catalog(), Machine(), BuildOptions(builder="local"))

    options = BuildOptions(out=root / "dist", prove="skip")
    with package(plan, load_catalog(), real_host(tmp_path / "cache"), options) as results:
        names = {result.bundle.name: {placed.path for placed in result.placed} for result in results}
        found = [str(finding) for result in results for finding in result.findings]

    assert found == []
    client = "nodejs/node_modules/.prisma/client"
    assert {f"{client}/libquery_engine-rhel-openssl-3.0.x.so.node", f"{client}/schema.prisma"} <= names["prisma"]
    for function in ("api", "web"):
        assert not [path for path in names[function] if "prisma/client" in path or ENGINE_FILE.search(path)]
