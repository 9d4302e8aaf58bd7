"""An addon compiled on the spot: refused where its glibc is too new, accepted where it fits."""

from __future__ import annotations

import json
import platform
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.support.cli import packager

if TYPE_CHECKING:
    from pathlib import Path

# hypot has the version GLIBC_2.35 and pow GLIBC_2.29 on x86_64 systems that have them; older ones bind them lower.
ADDON = r"""
#include <math.h>
#include <node_api.h>
static napi_value init(napi_env env, napi_value exports) {
  napi_value number;
  volatile double three = 3, four = 4;
  napi_create_double(env, hypot(three, four) + pow(three, four), &number);
  napi_set_named_property(env, exports, "number", number);
  return exports;
}
NAPI_MODULE(addon, init)
"""
INSTALL = (
    "mkdir -p build/Release && cc -shared -fPIC -O1 -o build/Release/addon.node addon.c -lm"
    ' -I\\"$(dirname \\"$(dirname \\"$(command -v node)\\")\\")/include/node\\"'
)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return an app whose addon is compiled by its install script."""
    addon = tmp_path / "app" / "addon"
    addon.mkdir(parents=True)
    (addon / "addon.c").write_text(ADDON)
    (addon / "index.js").write_text("module.exports = require('./build/Release/addon.node')\n")
    (addon / "package.json").write_text(
        f'{{"name": "compiled-addon", "version": "1.2.3", "scripts": {{"install": "{INSTALL}"}}}}\n'
    )
    app = addon.parent
    (app / "package.json").write_text(
        json.dumps({"name": "app", "version": "1.0.0", "dependencies": {"compiled-addon": "file:./addon"}})
    )
    (app / "handler.js").write_text("exports.handler = async () => require('compiled-addon').number\n")
    (app / "packager.yaml").write_text(
        "version: 1\nbundles:\n  app: {target: aws-lambda, runtime: nodejs22.x, handler: handler.handler}\n"
    )
    subprocess.run(
        ["npm", "install", "--package-lock-only", "--ignore-scripts"], cwd=app, check=True, capture_output=True
    )
    return app


def host_glibc() -> tuple[int, ...]:
    """Return this machine's glibc version; () elsewhere."""
    name, version = platform.libc_ver()
    return tuple(map(int, version.split("."))) if name == "glibc" else ()


@pytest.mark.network
@pytest.mark.skipif(host_glibc() < (2, 35), reason="this machine's glibc is not newer than the target's")
def test_compiled_here_it_is_refused_with_package_file_version_and_fix(project: Path) -> None:
    ran = packager("build", project, "--builder", "host", "--json")
    assert ran.code == 1, ran.stderr + ran.stdout
    found = {f["subject"]: f for f in ran.json()["bundles"][0]["findings"] if f["severity"] == "error"}
    finding = found["dist/app.zip!node_modules/compiled-addon/build/Release/addon.node"]
    assert finding["code"] == "ABI002"
    assert "GLIBC_2.35" in finding["message"]
    assert "compiled-addon@1.2.3" in finding["package"]
    assert "--builder docker" in finding["fix"]
    assert not (project / "dist" / "app.zip").exists()


@pytest.mark.docker
@pytest.mark.network
def test_standin_bullseye_passes_for_al2023_and_is_refused_for_al2(project: Path) -> None:
    """Debian bullseye (glibc 2.31) in place of Amazon Linux; the audit judges by the target all the same."""
    image = ("--builder", "docker", "--image", "packager-test/debian:bullseye")
    ran = packager("build", project, *image, "--json", timeout=900)
    assert ran.code == 0, ran.stderr + ran.stdout
    bundle = ran.json()["bundles"][0]
    assert bundle["baseline"] == "lambda-al2023"
    assert not [finding for finding in bundle["findings"] if finding["severity"] == "error"]

    ran = packager("build", project, *image, "--runtime", "nodejs18.x", "--json", timeout=900)
    assert ran.code == 1, ran.stderr + ran.stdout
    bundle = ran.json()["bundles"][0]
    assert bundle["baseline"] == "lambda-al2"
    assert {f["code"] for f in bundle["findings"] if f["severity"] == "error"} == {"ABI002"}
    assert "GLIBC_2.29" in next(f["message"] for f in bundle["findings"] if f["severity"] == "error")
