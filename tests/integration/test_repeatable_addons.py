"""An addon that is compiled when it is installed: twice from scratch, the same bytes, no scratch folder's name."""

from __future__ import annotations

import json
import shutil
import subprocess
import zipfile
from typing import TYPE_CHECKING

import pytest

from tests.support.cli import packager
from tests.support.proving import NODE, needs_node

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [
    pytest.mark.network,
    needs_node,
    pytest.mark.skipif(not (shutil.which("g++") and shutil.which("make")), reason="there is no compiler here"),
]


@pytest.mark.parametrize("trim", ["none", "safe"])
def test_bcrypt_compiled_twice_is_the_same_archive(tmp_path: Path, trim: str) -> None:
    manifest = {"name": "a", "version": "1.0.0", "private": True, "dependencies": {"bcrypt": "5.1.1"}}
    (tmp_path / "package.json").write_text(json.dumps(manifest), encoding="utf-8")
    (tmp_path / "index.js").write_text(
        "const b = require('bcrypt'); exports.handler = () => b.hash('a', 4);", encoding="utf-8"
    )
    subprocess.run(["npm", "install", "--package-lock-only", "--no-audit"], cwd=tmp_path, check=True)
    archives = []
    for out in ("one", "two"):
        words = (
            "--builder",
            "local",
            "--runtime",
            f"nodejs{NODE}.x",
            "--fresh",
            "--trim",
            trim,
            "--out",
            tmp_path / out,
        )
        ran = packager("build", tmp_path, *words, npm_config_build_from_source="true")
        assert ran.code == 0, ran.stdout + ran.stderr
        archives.append(next((tmp_path / out).glob("*.zip")))

    assert archives[0].read_bytes() == archives[1].read_bytes()
    names = zipfile.ZipFile(archives[0]).namelist()
    assert not [name for name in names if "packager-" in name or "build-tmp" in name]
    assert "node_modules/bcrypt/lib/binding/napi-v3/bcrypt_lib.node" in names
