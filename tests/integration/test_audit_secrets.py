"""No false alarm on what people deploy: production trees of well-known packages, fetched when the test runs."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from packager.audit.judge import audit_archive
from tests.support.mounts import target

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.network
TREES = {
    "express": ("express@^5",),
    "sharp": ("sharp@^0.35",),
    "aws-sdk": ("@aws-sdk/client-s3@^3", "@aws-sdk/client-dynamodb@^3", "@aws-sdk/lib-dynamodb@^3"),
    "prisma": ("@prisma/client@^7", "prisma@^7", "@prisma/adapter-libsql@^7"),
}


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.heavy] if name in ("aws-sdk", "prisma") else []) for name in TREES]
)
def test_no_secret_is_seen_where_there_is_none(name: str, tmp_path: Path) -> None:
    (tmp_path / "package.json").write_text('{"name": "app", "private": true}')
    command = ["npm", "install", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund", *TREES[name]]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr
    found = audit_archive(tmp_path, [], target())
    assert [each for each in found if each.code.startswith("SEC")] == []
    assert not [each for each in found if each.severity == "error" and not each.code.startswith("SIZE")]
