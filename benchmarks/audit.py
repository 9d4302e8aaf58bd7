"""``python -m benchmarks.audit``: what an audit takes, in units of `unzip -t` on the same zip.

Two functions: one of 250 MB with more than a hundred ELF files, one of thousands of texts. In every round each of the
three commands runs once, in another order: `unzip -t`, the audit with nothing known, the audit of a zip it has judged
before. Ratios are taken round by round; the command's own start is in them.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
import zipfile
from dataclasses import dataclass
from pathlib import Path
from statistics import median

WHEELS = ("numpy==2.4.6", "scipy==1.17.1", "lxml", "psycopg2-binary", "cryptography")
TEXTS = {"@prisma/client": "6.19.3", "prisma": "6.19.3", "express": "5.3.0", "date-fns": "4.4.0"}
COLD_AT_MOST, WARM_AT_MOST = 2.0, 0.2


@dataclass(frozen=True)
class Run:
    """One run of one command, its start and end included."""

    seconds: float
    cpu_seconds: float
    """User and system, of all threads: what a busy machine changes less."""
    peak_bytes: int


def main() -> None:
    """Make the inputs, measure, print a table in Markdown; exit code 1 if a median ratio is over its limit."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.audit", description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--input", action="append", choices=["elf", "texts"], dest="inputs")
    parser.add_argument("--work", type=Path, default=Path(tempfile.gettempdir()) / "packager-benchmarks")
    words = parser.parse_args()
    over = False
    print(f"load at the start: {_load()}\n")
    print("| | files | MB | cold / unzip -t | warm / unzip -t | in CPU | unzip s | cold s | warm s | peak MB |")
    print("|---|" + "---|" * 9)
    for name in words.inputs or ["elf", "texts"]:
        archive, files, size_bytes = _made(name, words.work)
        runs = _measured(archive, words.work, name, words.rounds)
        cold, warm = (_ratios(runs[case], runs["unzip"]) for case in ("cold", "warm"))
        seconds = " | ".join(f"{median(run.seconds for run in runs[case]):.2f}" for case in ("unzip", "cold", "warm"))
        cpu = [median(run.cpu_seconds for run in runs[case]) for case in ("unzip", "cold", "warm")]
        peak = max(run.peak_bytes for case in ("cold", "warm") for run in runs[case])
        print(
            f"| {name} | {files:,} | {size_bytes / 1e6:.0f} | {_spread(cold)} | {_spread(warm)} "
            f"| {cpu[1] / cpu[0]:.2f}, {cpu[2] / cpu[0]:.2f} | {seconds} | {peak / 1e6:.0f} |"
        )
        over = over or median(cold) > COLD_AT_MOST or median(warm) > WARM_AT_MOST
    print(f"\nload at the end: {_load()}; medians, least and most of {words.rounds} rounds")
    sys.exit(1 if over else 0)


def _made(name: str, work: Path) -> tuple[Path, int, int]:
    """Return a function's zip, packed by Info-ZIP, with the number and the bytes of its files; made on first use."""
    folder, archive = work / "inputs" / f"audit-{name}", work / f"audit-{name}.zip"
    if not archive.exists():
        folder.mkdir(parents=True, exist_ok=True)
        if name == "elf":
            command = [sys.executable, "-m", "pip", "install", "--quiet", "--only-binary=:all:", "--upgrade"]
            subprocess.run([*command, "--target", ".", *WHEELS], cwd=folder, check=True)
            (folder / "index.py").write_text("def handler(event, context):\n    return 1\n")
        else:
            package = {"name": name, "version": "1.0.0", "private": True, "dependencies": TEXTS}
            (folder / "package.json").write_text(json.dumps(package))
            (folder / "index.js").write_text("exports.handler = async () => 1;\n")
            flags = ("--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error")
            subprocess.run(["npm", "install", *flags], cwd=folder, check=True, stdout=subprocess.DEVNULL)
        aside = archive.with_suffix(".part.zip")
        subprocess.run(["zip", "-q", "-r", "-6", str(aside), "."], cwd=folder, check=True)
        aside.rename(archive)
    with zipfile.ZipFile(archive) as opened:
        sizes = [member.file_size for member in opened.infolist() if not member.is_dir()]
    return archive, len(sizes), sum(sizes)


def _measured(archive: Path, work: Path, name: str, rounds: int) -> dict[str, list[Run]]:
    runtime = "python{}.{}".format(*sys.version_info[:2]) if name == "elf" else "nodejs22.x"
    audit = [sys.executable, "-m", "packager", "audit", str(archive), "--runtime", runtime, "--json"]
    commands = {"unzip": ["unzip", "-tqq", str(archive)], "cold": [*audit, "--no-cache"], "warm": audit}
    environment = {**os.environ, "PACKAGER_CACHE": str(work / "audit-cache")}
    _run(audit, environment)  # the verdict that the warm runs find, and the page cache
    runs: dict[str, list[Run]] = {case: [] for case in commands}
    chance = random.Random(1)
    for number in range(rounds):
        for case in chance.sample(list(commands), len(commands)):
            run = _run(commands[case], environment)
            runs[case].append(run)
            print(f"{name}, round {number + 1}: {case}: {run.seconds:.2f} s", file=sys.stderr)
    return runs


def _run(command: list[str], environment: dict[str, str]) -> Run:
    """Run a command; its answer may be no (exit code 1), but it must be an answer."""
    begun = time.perf_counter()
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(command, env=environment, stdout=said)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - begun
        process.returncode = os.waitstatus_to_exitcode(status)
        answered = process.returncode == 0 or (process.returncode == 1 and said.seek(0) == 0 and said.read(1) == b"{")
    if not answered:
        raise subprocess.CalledProcessError(process.returncode, command)
    return Run(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024)


def _ratios(runs: list[Run], yardstick: list[Run]) -> list[float]:
    return [run.seconds / other.seconds for run, other in zip(runs, yardstick, strict=True)]


def _spread(ratios: list[float]) -> str:
    return f"**{median(ratios):.2f}** ({min(ratios):.2f} to {max(ratios):.2f})"


def _load() -> str:
    return ", ".join(f"{load:.1f}" for load in os.getloadavg())


if __name__ == "__main__":
    main()
