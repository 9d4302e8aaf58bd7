"""What is measured: packager in every state of its cache, and its peers, as commands on one tree."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import heavy
from benchmarks.measure import environment

if TYPE_CHECKING:
    from collections.abc import Callable

SETTLE_SECONDS = 2.1
"""After an edit: packager distrusts files changed within two seconds, as file systems may count time in those."""


@dataclass(frozen=True)
class Case:
    """One thing to run and time."""

    name: str
    command: tuple[str, ...]
    output: Path
    prepare: Callable[[], None]
    """Untimed, before each run."""
    cwd: Path | None = None


def packager_cases(tree: Path, work: Path, levels: tuple[str, ...]) -> list[Case]:
    """Return packager's own cases: cold at each level, the default level with a warm cache, and trimmed."""
    return [*(_cold(tree, work, level) for level in levels), *_warm(tree, work), _trimmed(tree, work)]


def peer_cases(tree: Path, work: Path, names: tuple[str, ...]) -> list[Case]:
    """Return the peers' cases. Info-ZIP at 6 and 9 is always among them: everything is compared with those."""
    serverless = work / "peers" / "serverless" / "node_modules" / ".bin" / "serverless"
    makers: dict[str, Callable[[Path], tuple[str, ...]]] = {
        "zip -6": lambda out: ("zip", "-6", "-q", "-X", "-r", str(out), "."),
        "zip -9": lambda out: ("zip", "-9", "-q", "-X", "-r", str(out), "."),
        "7z": lambda out: ("7z", "a", "-tzip", "-bso0", "-bsp0", str(out), "."),
        "python zipfile": lambda out: (sys.executable, "-m", "zipfile", "-c", str(out), "."),
        "archiver": lambda out: ("node", str(work / "peers" / "archiver" / "run.js"), str(out)),
        "serverless 3": lambda out: (str(serverless), "package", "-p", str(out.parent)),
    }
    cases = []
    for name, maker in makers.items():
        if name in ("zip -6", "zip -9", *names):
            folder = work / "out" / name.replace(" ", "-")
            output = folder / ("api.zip" if name != "serverless 3" else "bench.zip")
            cases.append(Case(name, maker(output), output, _emptied(folder), cwd=tree))
    for name in names:
        if name in heavy.NAMES:
            command, output = heavy.command(name, work)
            project, prepare = heavy.prepared(name, tree, work)
            cases.append(Case(name, command, output, prepare, cwd=project))
    return cases


def install_peer(name: str, work: Path) -> None:
    """Install a peer that does not come with the system."""
    if name in heavy.NAMES:
        heavy.install(name, work)
        return
    packages = {"archiver": "archiver@7.0.0", "serverless 3": "serverless@3.40.0"}
    if name not in packages:
        return
    folder = work / "peers" / name.split(" ", maxsplit=1)[0]
    if not (folder / "node_modules").is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "package.json").write_text("{}")
        command = ["npm", "install", "--no-audit", "--no-fund", "--loglevel=error", packages[name]]
        subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    if name == "archiver":
        shutil.copy(Path(__file__).parent / "archiver.js", folder / "run.js")


def _cold(tree: Path, work: Path, level: str) -> Case:
    folder = work / "out" / f"cold-{level}"
    command = _pack(tree, folder / "out.zip", folder / "cache", level)
    return Case(f"packager cold, {level}", command, folder / "out.zip", _emptied(folder))


def _trimmed(tree: Path, work: Path) -> Case:
    """What a user gets who asks for the smallest that is safe; other work than packing is part of the time."""
    folder = work / "out" / "trimmed"
    command = (*_pack(tree, folder / "out.zip", folder / "cache", "best"), "--trim", "safe")
    return Case("packager, safe trim, best", command, folder / "out.zip", _emptied(folder))


def _warm(tree: Path, work: Path) -> list[Case]:
    folder = work / "out" / "warm"
    out = folder / "out.zip"
    command = _pack(tree, out, folder / "cache", "default")
    sources = (path for path in tree.rglob("*") if path.suffix in (".js", ".py") and path.stat().st_size > 20_000)
    edited = min(sources)

    def warm() -> None:
        folder.mkdir(parents=True, exist_ok=True)
        _run(command)
        time.sleep(SETTLE_SECONDS)
        _run(command)

    def one_changed() -> None:
        warm()
        with edited.open("a") as file:
            file.write(f"\n{time.time_ns()}")

    def checked_out() -> None:
        warm()
        for parent, _, names in os.walk(tree):
            for name in names:
                os.utime(Path(parent, name))
        out.unlink()

    return [
        Case("packager, no change", command, out, warm),
        Case("packager, one file changed", command, out, one_changed),
        Case("packager, fresh checkout", command, out, checked_out),
    ]


def _pack(tree: Path, out: Path, cache: Path, level: str) -> tuple[str, ...]:
    packager = str(Path(sys.executable).parent / "packager")
    return (packager, "pack", str(tree), "-o", str(out), "--compress", level, "--cache", str(cache))


def _run(command: tuple[str, ...]) -> None:
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=environment())


def _emptied(folder: Path) -> Callable[[], None]:
    def empty() -> None:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)

    return empty
