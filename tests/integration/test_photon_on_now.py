"""The case this project began with: a Photon app of 2019 for ZEIT Now, on a runtime of its time, built and answering.

The engine's download address is gone: a stand-in that speaks its protocol takes its place, as in the matrix of eras.
"""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

import pytest
import yaml

from tests.eras.photon import PHOTON
from tests.support.cli import packager
from tests.support.trees import write_tree

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.network

_CODE = """\
const { Photon } = require('@prisma/photon')
const photon = new Photon()
module.exports = async (request, response) => response.json(await photon.users())
"""


def _lock(app: Path) -> None:
    """Write a lock file of 2019: what npm of Node 10 reads."""
    options = ("--package-lock-only", "--lockfile-version=1", "--no-audit", "--no-fund")
    subprocess.run(["npm", "install", *options], cwd=app, check=True, capture_output=True)


@pytest.mark.parametrize("runtime", ["nodejs10.x", "nodejs12.x"])
def test_a_photon_app_is_built_and_answers(tmp_path: Path, runtime: str) -> None:
    era = next(era for era in PHOTON if era.generation == "photon-at-prisma")
    app = write_tree(tmp_path / "app", {**era.project(), "index.js": _CODE})
    configuration = yaml.safe_load((app / "packager.yaml").read_text(encoding="utf-8"))
    bundle = {
        "target": "now",
        "runtime": runtime,
        "src": ["index.js"],
        "environment": era.environment,
        "proof": {"events": [{"event": {"path": "/"}, "expect": 200}]},
    }
    configuration["bundles"] = {"app": bundle}
    (app / "packager.yaml").write_text(yaml.safe_dump(configuration), encoding="utf-8")
    _lock(app)
    done = packager("build", ".", "--builder", "local", "--out", "../dist", "--json", cwd=app)
    document = done.json()
    proof = document["bundles"][0]["proof"]
    assert (done.code, proof["status"]) == (0, "proved"), json.dumps(document["bundles"][0]["findings"], indent=1)
    assert "it answered event 1 with status 200" in proof["detail"]
    assert [finding["code"] for finding in document["bundles"][0]["findings"]] == []


def test_a_runtime_for_which_no_engine_was_made_is_refused_when_planning(tmp_path: Path) -> None:
    era = next(era for era in PHOTON if era.generation == "photon-at-prisma")
    app = write_tree(tmp_path / "app", {**era.project(), "index.js": _CODE})
    text = yaml.safe_dump(
        {"version": 1, "bundles": {"app": {"target": "now", "runtime": "nodejs20.x", "src": "index.js"}}}
    )
    (app / "packager.yaml").write_text(text, encoding="utf-8")
    _lock(app)
    done = packager("plan", app)
    assert done.code == 3
    assert "has no engine for Amazon Linux 2023" in done.stderr
    assert "rhel-openssl-3.0.x" not in done.stderr, "a name this generation does not know is no advice"
