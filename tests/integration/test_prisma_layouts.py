"""A tree as pnpm leaves it, a client in its store, audited as it lies."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from packager.audit.judge import audit_archive
from packager.catalog.current import load_catalog
from packager.package_managers.pnpm import PNPM
from tests.eras.making import apart, engine_file
from tests.eras.projects import ERAS
from tests.support.mirror import running_mirror
from tests.support.trees import write_tree

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.network, pytest.mark.heavy]
STORE = "node_modules/.pnpm/@prisma+client@5.22.0_prisma@5.22.0/node_modules/.prisma/client"
WANTED = "libquery_engine-rhel-openssl-3.0.x.so.node"


def test_a_client_in_pnpms_store_is_judged_where_it_lies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = write_tree(tmp_path / "app", next(era for era in ERAS if era.name == "5.22 library").project())
    monkeypatch.setitem(os.environ, "CHECKPOINT_DISABLE", "1")
    for name, value in apart(tmp_path).items():
        monkeypatch.setitem(os.environ, name, value)
    isolated = ["npx", "--yes", PNPM, "install", "--config.node-linker=isolated", "--ignore-scripts"]
    with running_mirror(lambda _, file: engine_file(file)) as mirror:
        monkeypatch.setitem(os.environ, "PRISMA_ENGINES_MIRROR", mirror.address)
        for command in (isolated, ["npx", "--no-install", "prisma", "generate"]):
            subprocess.run(command, cwd=root, check=True, capture_output=True)

    def engine_findings() -> dict[str, str]:
        target = load_catalog().target("aws-lambda", "nodejs22.x", "x86_64")
        found = audit_archive(root, (), target, name="api", handler="src/handler.handler")
        return {one.subject.removeprefix("api!"): one.code for one in found if one.code.startswith("ENG")}

    several = engine_findings()
    assert several[STORE] == "ENG003"
    assert set(several.values()) == {"ENG003"}

    for path in root.rglob("*query_engine-*"):
        if path.is_file() and not path.as_posix().endswith(f"{STORE}/{WANTED}"):
            path.unlink()
    assert engine_findings() == {}

    (root / STORE / WANTED).unlink()
    assert engine_findings() == {STORE: "ENG001"}
