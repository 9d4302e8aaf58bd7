"""Ctrl-C in the middle of a build in Docker, through the command line: nothing is left, neither container nor file."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import docker
import pytest

from tests.support.documents import check
from tests.support.trees import write_tree

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.docker

IMAGE = "packager-test/node:22-bookworm"
CONFIG = """\
generate: {command: "echo it-runs; sleep 600"}
bundles:
  api: {target: aws-lambda, runtime: provided.al2023}
"""


def containers() -> set[str]:
    """Return the names of all of ours, running or not; other runs' may be among them."""
    client = docker.from_env()
    try:
        return {str(each.name) for each in client.containers.list(all=True) if str(each.name).startswith("packager-")}
    finally:
        client.close()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["Ctrl-C", "kill"])
def test_an_interrupted_build_leaves_nothing(tmp_path: Path, number: signal.Signals, code: int) -> None:
    app = write_tree(tmp_path / "app", {"packager.yaml": CONFIG, "bootstrap": "#!/bin/sh\n"})
    (tmp_path / "tmp").mkdir()
    before = containers()
    command = ["build", app, "--builder", "docker", "--image", IMAGE, "--json", "-v"]
    process = subprocess.Popen(
        [sys.executable, "-m", "packager", *map(str, command)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(tmp_path / "tmp")},
    )
    with process:
        assert process.stderr is not None
        said = next((line for line in process.stderr if "it-runs" in line and "│" in line), "")
        assert said, process.communicate()
        started = containers() - before
        assert started
        process.send_signal(number)
        out, _ = process.communicate(timeout=60)

    assert process.returncode == code
    assert not containers() & started
    assert list((tmp_path / "tmp").iterdir()) == []
    assert list((app / "dist").iterdir()) == []
    if number == signal.SIGINT:
        check("failure", json.loads(out))
        assert json.loads(out)["error"]["message"] == "interrupted: nothing was written"
