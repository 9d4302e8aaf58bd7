"""Rounds in which every case runs once, one after the other, so that a machine that slows down slows all of them."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from benchmarks.cases import Case

WALL_YARDSTICK = "zip -6"
SIZE_YARDSTICK = "zip -9"


@dataclass(frozen=True)
class Run:
    """One run of one case."""

    wall_seconds: float
    cpu_seconds: float
    """User and system, of all processes."""
    peak_bytes: int
    """Resident memory of the largest process."""
    size_bytes: int


@dataclass(frozen=True)
class Row:
    """Medians over the rounds; ratios are taken round by round, against Info-ZIP of the same round."""

    name: str
    wall: float
    """Of `zip -6`."""
    cpu: float
    """Of `zip -6`."""
    size: float
    """Of `zip -9`."""
    wall_seconds: float
    cpu_seconds: float
    peak_bytes: int
    size_bytes: int


def versus(rows: Sequence[Row], name: str, other: str) -> str:
    """Return how one row stands to another, in words."""
    found = {row.name: row for row in rows}
    if name not in found or other not in found:
        return ""
    one, two = found[name], found[other]
    return (
        f"{name} against {other}: wall {one.wall / two.wall:.3f}, bytes {one.size / two.size:.4f}, "
        f"memory {one.peak_bytes / two.peak_bytes:.3f}"
    )


def run_rounds(
    cases: Sequence[Case], rounds: int, told: Callable[[str], None], inputs: Sequence[Path] = ()
) -> list[Row]:
    """Return a row per case, in their order. The order within a round is shuffled, differently in each.

    What lies in the folders `inputs`, and beside an output, is read before each run: it is in memory for all alike.
    """
    found: dict[str, list[Run]] = {case.name: [] for case in cases}
    chance = random.Random(1)
    for number in range(rounds):
        for case in chance.sample(list(cases), len(cases)):
            case.prepare()
            for folder in (*inputs, case.output.parent):
                _read_all(folder)
            run = run_once(case)
            found[case.name].append(run)
            told(f"round {number + 1}: {case.name}: {run.wall_seconds:.2f} s, CPU {run.cpu_seconds:.2f} s")
    return [_row(case.name, found) for case in cases]


def environment() -> dict[str, str]:
    """Return the environment commands are measured in: Python may keep what it compiles, as it does when installed."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    kept["SAM_CLI_TELEMETRY"] = "0"
    return {**kept, "PYTHONPYCACHEPREFIX": str(Path(tempfile.gettempdir()) / "packager-benchmarks-compiled")}


def compiled() -> None:
    """Compile packager, as pip does when it installs it."""
    import packager

    folder = str(Path(packager.__file__).parent)
    subprocess.run([sys.executable, "-m", "compileall", "-q", folder], env=environment(), check=True)


def run_once(case: Case) -> Run:
    """Run a case and return what it took, start-up included. Raises CalledProcessError if it fails."""
    started = time.perf_counter()
    process = subprocess.Popen(
        case.command, cwd=case.cwd, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, case.command)
    size = _size(case.output)
    return Run(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024, size)


def _read_all(folder: Path) -> None:
    """Read every file: virtual machines lose pages between runs, and the time of a disk would be measured."""
    for parent, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError), Path(parent, name).open("rb", buffering=0) as file:
                while file.read(1 << 20):
                    pass


def _size(output: Path) -> int:
    """Return the bytes of a file, or of all files in a folder."""
    if output.is_dir():
        return sum(path.stat().st_size for path in output.rglob("*") if path.is_file())
    return output.stat().st_size


def _row(name: str, found: dict[str, list[Run]]) -> Row:
    runs, walls, sizes = found[name], found[WALL_YARDSTICK], found[SIZE_YARDSTICK]
    return Row(
        name=name,
        wall=median(run.wall_seconds / other.wall_seconds for run, other in zip(runs, walls, strict=True)),
        cpu=median(run.cpu_seconds / other.cpu_seconds for run, other in zip(runs, walls, strict=True)),
        size=median(run.size_bytes / other.size_bytes for run, other in zip(runs, sizes, strict=True)),
        wall_seconds=median(run.wall_seconds for run in runs),
        cpu_seconds=median(run.cpu_seconds for run in runs),
        peak_bytes=int(median(run.peak_bytes for run in runs)),
        size_bytes=int(median(run.size_bytes for run in runs)),
    )
