"""`packager audit` on archives other tools made of an app with bcrypt and sharp, for Linux and for macOS."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.cli import packager, sample

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.network
SYSTEMS = {"linux": ("linux", "x64"), "darwin": ("darwin", "arm64")}
SERVERLESS = """\
service: peer
frameworkVersion: "3"
provider: {name: aws, runtime: nodejs20.x, region: us-east-1}
functions:
  thumbnail: {handler: src/handler.handler}
"""


def run(*command: str, cwd: Path) -> None:
    """Run a tool; its output is shown if it fails."""
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"


@pytest.fixture(scope="module")
def serverless(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the program of Serverless 3, the last one that works without an account."""
    folder = tmp_path_factory.mktemp("serverless")
    (folder / "package.json").write_text('{"name": "peer-tools", "private": true}')
    run("npm", "install", "serverless@3.40.0", "--no-audit", "--no-fund", "--ignore-scripts", cwd=folder)
    return folder / "node_modules" / ".bin" / "serverless"


@pytest.fixture(scope="module", params=SYSTEMS)
def app(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """Return the sample with packages installed for a system, as on a developer's machine."""
    folder = sample("aws-lambda-sharp", tmp_path_factory.mktemp(request.param))
    system, cpu = SYSTEMS[request.param]
    run("npm", "ci", f"--os={system}", f"--cpu={cpu}", "--no-audit", "--no-fund", "--ignore-scripts", cwd=folder)
    return request.param, folder


def verdict(path: Path) -> tuple[int, list[dict[str, Any]]]:
    """Return exit code and findings of an audit for Lambda on x86_64."""
    ran = packager("audit", path, "--runtime", "nodejs22.x", "--json")
    return ran.code, ran.json()["findings"]


def check(system: str, path: Path) -> None:
    """Require the right verdict: none from Linux, although bcrypt ships nine prebuilds; sharp missing from macOS."""
    code, findings = verdict(path)
    errors = [finding for finding in findings if finding["severity"] == "error"]
    if system == "linux":
        assert code == 0, errors
        return
    assert code == 1
    assert all("sharp" in finding["subject"] for finding in errors), errors
    assert any(finding["code"] == "ABI007" and "darwin-arm64" in finding["subject"] for finding in errors)
    assert any("linux" in finding["fix"] for finding in errors)


def test_zip_r(app: tuple[str, Path], tmp_path: Path) -> None:
    system, folder = app
    if shutil.which("zip") is None:
        pytest.fail("Info-ZIP's zip is not installed: apt-get install zip")
    run("zip", "-qr", str(tmp_path / "peer.zip"), "src", "package.json", "node_modules", cwd=folder)
    check(system, tmp_path / "peer.zip")


def test_serverless_3_package(app: tuple[str, Path], serverless: Path) -> None:
    system, folder = app
    (folder / "serverless.yml").write_text(SERVERLESS)
    run(str(serverless), "package", cwd=folder)
    check(system, folder / ".serverless" / "peer.zip")
