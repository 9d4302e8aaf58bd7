"""One command builds all seven samples both ways and has their hosts' own tools accept them."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.support.acceptance import ACCEPTANCE
from tests.support.cli import ROOT

pytestmark = [pytest.mark.network, pytest.mark.docker, pytest.mark.heavy]


def test_every_cell_of_the_table_is_fine() -> None:
    command = [sys.executable, "-m", "samples.table"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=3000, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    rows = [line.split(" | ") for line in done.stdout.splitlines() if line.startswith("| ")][2:]
    assert [row[0].removeprefix("| ") for row in rows] == list(ACCEPTANCE)
    for row in rows:
        assert row[1:3] == ["proved", "proved"]
        assert row[3].startswith("yes"), row
        assert row[5].startswith("200"), row
