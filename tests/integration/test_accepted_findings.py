"""What packager.yaml accepts, on the real command line: it silences a finding and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.cli import packager
from tests.support.trees import package_json, write_tree

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.network
"""The target's Node may have to be fetched."""

CONFIG = """\
bundles:
  api:
    target: aws-lambda
    runtime: nodejs22.x
    handler: index.handler
    budget: 10 B
    silence: [{code: SIZE001, reason: goes through S3}]
"""
HANDLER = "const missing = require('./missing')\nexports.handler = async () => missing\n"


def test_a_bundle_with_an_accepted_error_and_a_missing_module_is_proved_and_refused(tmp_path: Path) -> None:
    app = write_tree(tmp_path / "app", {"package.json": package_json(), "packager.yaml": CONFIG, "index.js": HANDLER})

    ran = packager("build", app, "--builder", "host", "--json")

    (artifact,) = ran.json()["bundles"]
    assert ran.code == 1, ran.stdout + ran.stderr
    assert artifact["proof"]["status"] == "failed"
    assert {("SIZE001", "note"), ("RUN001", "error")} <= {
        (each["code"], each["severity"]) for each in artifact["findings"]
    }
    assert not (app / "dist/api.zip").exists()


def test_the_audit_of_it_says_no_for_what_is_not_accepted_and_nothing_else(tmp_path: Path) -> None:
    write_tree(tmp_path, {"packager.yaml": CONFIG, "api/package.json": package_json(), "api/index.js": HANDLER})
    assert packager("pack", tmp_path / "api", "-o", tmp_path / "api.zip").code == 0
    words = ("audit", tmp_path / "api.zip", "--runtime", "nodejs22.x", "--handler", "index.handler", "--budget", "10 B")

    accepted = packager(*words, "--json", cwd=tmp_path)
    (tmp_path / "packager.yaml").write_text(CONFIG.replace("SIZE001", "SIZE002"))
    refused = packager(*words, "--json", cwd=tmp_path)

    assert (accepted.code, accepted.json()["ok"]) == (0, True), accepted.stdout
    assert [each["severity"] for each in accepted.json()["findings"] if each["code"] == "SIZE001"] == ["note"]
    assert (refused.code, refused.json()["ok"]) == (1, False)
