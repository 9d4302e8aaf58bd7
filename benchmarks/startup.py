"""``python -m benchmarks.startup``: what `packager --help` takes, against Python itself."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from statistics import median

from benchmarks.measure import compiled, environment

TURNS = 21


def main() -> None:
    """Measure in turns and print medians of CPU milliseconds."""
    packager = str(Path(sys.executable).parent / "packager")
    compiled()
    cases = {
        "python -c pass": (sys.executable, "-c", "pass"),
        "click alone, --help": (sys.executable, "-c", "import click; click.command()(lambda: 0)(['--help'])"),
        "packager --help": (packager, "--help"),
        "packager pack --help": (packager, "pack", "--help"),
    }
    spent: dict[str, list[float]] = {name: [] for name in cases}
    for _ in range(TURNS):
        for name, command in cases.items():
            spent[name].append(_cpu_seconds(command))
    yardstick = median(spent["python -c pass"])
    print("| | CPU ms | CPU / python -c pass |\n|---|---|---|")
    for name, seconds in spent.items():
        print(f"| {name} | {median(seconds) * 1e3:.1f} | {median(seconds) / yardstick:.2f} |")


def _cpu_seconds(command: tuple[str, ...]) -> float:
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment())
    _, _, usage = os.wait4(process.pid, 0)
    process.returncode = 0
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    main()
