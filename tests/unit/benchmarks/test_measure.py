"""Rounds and ratios of the benchmarks, on commands that take no time."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from benchmarks.cases import Case
from benchmarks.measure import run_once, run_rounds

if TYPE_CHECKING:
    from pathlib import Path


def _case(name: str, output: Path, size: int, log: list[str]) -> Case:
    script = f"import pathlib; pathlib.Path({str(output)!r}).write_bytes(bytes({size}))"
    return Case(name, (sys.executable, "-S", "-c", script), output, lambda: log.append(name))


def test_ratios_are_to_info_zip_and_every_round_runs_every_case(tmp_path: Path) -> None:
    log: list[str] = []
    sizes = {"zip -6": 200, "zip -9": 100, "ours": 50}
    cases = [_case(name, tmp_path / str(size), size, log) for name, size in sizes.items()]
    rows = run_rounds(cases, 3, lambda _: None)

    assert [(row.name, row.size, row.size_bytes) for row in rows] == [
        ("zip -6", 2.0, 200), ("zip -9", 1.0, 100), ("ours", 0.5, 50),
    ]  # fmt: skip
    assert (rows[0].wall, rows[0].cpu) == (1.0, 1.0)
    assert all(row.peak_bytes > 1 << 20 for row in rows)
    assert [sorted(log[at : at + 3]) for at in (0, 3, 6)] == [sorted(sizes)] * 3


def test_a_command_that_fails_stops_the_run(tmp_path: Path) -> None:
    case = Case("broken", (sys.executable, "-S", "-c", "raise SystemExit(3)"), tmp_path / "out", lambda: None)

    with pytest.raises(subprocess.CalledProcessError):
        run_once(case)
