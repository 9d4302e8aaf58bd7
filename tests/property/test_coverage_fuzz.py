"""A minute of fuzzing led by coverage, where atheris is installed."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.heavy
ROOT = Path(__file__).parent.parent.parent


@pytest.mark.parametrize("kind", ["elf", "zip"])
def test_no_input_brings_anything_but_an_answer(kind: str, tmp_path: Path) -> None:
    pytest.importorskip("atheris", reason="pip install atheris")
    command = [sys.executable, "-m", "tests.property.coverage_fuzz", kind, "-max_total_time=30"]
    command += [f"-artifact_prefix={tmp_path}/"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    runs = re.search(r"Done (\d+) runs", done.stderr)
    assert done.returncode == 0, done.stderr[-3000:]
    assert runs is not None
    assert int(runs[1]) > 100
    assert not list(tmp_path.iterdir())
