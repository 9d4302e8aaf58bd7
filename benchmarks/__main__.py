"""``python -m benchmarks``: inputs and peers installed, every case in every round, one table per input."""

from __future__ import annotations

import argparse
import datetime
import os
import platform
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.cases import install_peer, packager_cases, peer_cases
from benchmarks.heavy import NAMES as HEAVY
from benchmarks.inputs import install
from benchmarks.measure import compiled, run_rounds, versus

if TYPE_CHECKING:
    from benchmarks.measure import Row

PEERS = ("7z", "python zipfile", "archiver", "serverless 3")
LEVELS = ("fast", "default", "better", "best", "max")


def main() -> None:
    """Measure what the command line asks for, and print tables in Markdown."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--input", action="append", choices=["node-fat", "node-small", "python"], dest="inputs")
    parser.add_argument("--peer", action="append", choices=[*PEERS, *HEAVY, "none"], dest="peers")
    parser.add_argument("--level", action="append", choices=LEVELS, dest="levels")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--work", type=Path, default=Path(tempfile.gettempdir()) / "packager-benchmarks")
    words = parser.parse_args()
    print(f"{_machine()}\n")
    compiled()
    for name in words.inputs or ["node-fat", "node-small", "python"]:
        tree = install(name, words.work)
        peers = tuple(peer for peer in words.peers or PEERS if name != "python" or peer not in ("serverless 3", *HEAVY))
        for peer in peers:
            install_peer(peer, words.work)
        levels = tuple(words.levels or LEVELS)
        cases = [*peer_cases(tree, words.work, peers), *packager_cases(tree, words.work, levels)]
        rows = run_rounds(cases, words.rounds, lambda line: print(line, file=sys.stderr), (tree,))
        sizes = [path.stat().st_size for path in tree.rglob("*") if path.is_file()]
        print(f"### {name}: {len(sizes):,} files, {sum(sizes) / 1e6:.0f} MB\n\n{_table(rows)}\n")
        if "serverless 3" in peers:
            for row in rows:
                if row.name.startswith("packager cold"):
                    print(versus(rows, row.name, "serverless 3"))
            print()
    print(f"load at the end: {_load()}")


def _machine() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    models = [line.split(":")[1].strip() for line in lines if "model name" in line]
    date = datetime.datetime.now(datetime.timezone.utc).date()
    python = platform.python_version()
    return f"{date}, {len(models)} × {models[0]}, {platform.system()}, Python {python}; load at the start: {_load()}"


def _load() -> str:
    return ", ".join(f"{load:.1f}" for load in os.getloadavg())


def _table(rows: list[Row]) -> str:
    lines = ["| | wall / zip -6 | CPU / zip -6 | size / zip -9 | wall s | CPU s | peak MB | MB |", "|---|" + "---|" * 7]
    lines += [
        f"| {row.name} | {row.wall:.3f} | {row.cpu:.3f} | {row.size:.4f} | {row.wall_seconds:.2f} | "
        f"{row.cpu_seconds:.2f} | {row.peak_bytes / 1e6:.0f} | {row.size_bytes / 1e6:.2f} |"
        for row in rows
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
