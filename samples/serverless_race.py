"""Package the serverless sample with our plugin and with plain Serverless 3: `python -m samples.serverless_race`.

Three functions share an engine. Three ways to package them from the same sources and lock file:

- plugin: as the sample is, with everything the plugin brings: install, generate, trim, audit, proof.
- plain, layer by hand: npm ci, prisma generate, npm prune, node_modules moved into a layer, then `serverless package`.
- plain: npm ci, prisma generate, then `serverless package` with the framework's own leaving out of what is for development.

"first" is the way from a checkout to zips; npm's cache is warm for everybody, packager's holds nothing but Node.js for the
proof. "again" is `serverless package` once more with nothing changed; the median of the runs, the ways in turns.
CPU is that of all processes started, user and system.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import statistics
import sys
import tempfile
import time
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from tests.support.acceptance.serverless import aws_stand_in, edit, serverless
from tests.support.cli import packager, sample
from tests.support.hosts import NO_DOWNLOAD, run

if TYPE_CHECKING:
    from collections.abc import Callable

LIMIT = 262_144_000
"""Unzipped bytes Lambda takes, of a function with its layers."""


@dataclass
class Way:
    """One way to package, with its folder and what was measured: (wall seconds, CPU seconds)."""

    title: str
    folder: Path
    prepare: Callable[[Path], None]
    first: tuple[float, float] = (0, 0)
    again: list[tuple[float, float]] = field(default_factory=list)

    @property
    def zips(self) -> list[Path]:
        """Return what would be uploaded."""
        return sorted((self.folder / ".serverless").rglob("*.zip"))

    @property
    def uploaded(self) -> int:
        """Return the bytes of it."""
        return sum(path.stat().st_size for path in self.zips)

    @property
    def unzipped(self) -> int:
        """Return the unzipped bytes of the largest function with the layer, which Lambda limits."""
        sizes = {path: sum(info.file_size for info in zipfile.ZipFile(path).infolist()) for path in self.zips}
        layers = sum(size for path, size in sizes.items() if "engine" in path.name)
        return layers + max(size for path, size in sizes.items() if "engine" not in path.name)

    @property
    def medians(self) -> tuple[float, float]:
        """Return wall and CPU of "again"."""
        return statistics.median(wall for wall, _ in self.again), statistics.median(cpu for _, cpu in self.again)


def main() -> int:
    """Print the table and the ratios."""
    parser = argparse.ArgumentParser(
        prog="python -m samples.serverless_race", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("--runs", type=int, default=3, help="of the second packaging; default: 3")
    words = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="packager-race-") as name:
        scratch = Path(name)
        os.environ["PACKAGER_CACHE"] = str(scratch / "cache")
        _warm(scratch / "warm")
        ways = [
            Way("plugin", sample("serverless", scratch / "plugin"), edit),
            Way("plain, layer by hand", sample("serverless", scratch / "layer"), with_layer),
            Way("plain", sample("serverless", scratch / "plain"), without_layer),
        ]
        with aws_stand_in(scratch / "aws") as address:
            for way in ways:
                way.first = timed(lambda: way.prepare(way.folder), lambda: _package(way, address))
            for _ in range(words.runs):
                for way in ways:
                    way.again.append(timed(lambda: _package(way, address)))
        _print(ways)
    return 0


def with_layer(folder: Path) -> None:
    """Make the layer as one does by hand, and have serverless.yml package it from its folder."""
    _install(folder)
    run(["npm", "prune", "--omit=dev", "--no-audit", "--no-fund"], folder)
    (folder / "layer/nodejs").mkdir(parents=True)
    shutil.move(folder / "node_modules", folder / "layer/nodejs/node_modules")
    config = _without_plugin(folder)
    config["layers"]["engine"]["path"] = "layer"
    # Patterns of the service hold for layers, too, and would leave everything out.
    patterns = config["package"].pop("patterns")
    for function in config["functions"].values():
        function["package"] = {"patterns": patterns}
    _write(folder, config)


def without_layer(folder: Path) -> None:
    """Leave packaging to the framework's defaults."""
    _install(folder)
    config = _without_plugin(folder)
    del config["layers"], config["package"]
    for function in config["functions"].values():
        del function["layers"]
    _write(folder, config)


def _install(folder: Path) -> None:
    run(["npm", "ci", "--no-audit", "--no-fund"], folder)
    run(["npx", "prisma", "generate"], folder, NO_DOWNLOAD)


def _without_plugin(folder: Path) -> dict[str, Any]:
    config: dict[str, Any] = yaml.safe_load((folder / "serverless.yml").read_text())
    del config["plugins"], config["custom"]
    return config


def _write(folder: Path, config: object) -> None:
    (folder / "serverless.yml").write_text(yaml.safe_dump(config, sort_keys=False))
    edit(folder)


def _warm(folder: Path) -> None:
    """Fill npm's cache, have the framework installed, and Node.js for the proof in packager's cache."""
    warm = sample("serverless", folder)
    run(["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"], warm)
    serverless(warm, "--version")
    hello = folder / "hello"
    hello.mkdir()
    (hello / "index.js").write_text("exports.handler = async () => 1\n")
    for words in (
        ("pack", hello, "-o", folder / "hello.zip"),
        ("prove", folder / "hello.zip", "--runtime", "nodejs22.x", "--handler", "index.handler"),
    ):
        ran = packager(*words)
        assert ran.code == 0, ran.stderr


def _package(way: Way, address: str) -> None:
    serverless(way.folder, "package", AWS_STAND_IN=address)


def timed(*steps: Callable[[], None]) -> tuple[float, float]:
    """Return wall and CPU seconds of the processes these steps start, one after the other."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    for step in steps:
        step()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.monotonic() - started, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _print(ways: list[Way]) -> None:
    print("| way | zips | bytes uploaded | function + layer, unzipped | first: wall, CPU s | again: wall, CPU s |")
    print("|---|---:|---:|---:|---:|---:|")
    for way in ways:
        over = "" if way.unzipped <= LIMIT else " **over Lambda's limit**"
        print(
            f"| {way.title} | {len(way.zips)} | {way.uploaded:,} | {way.unzipped:,}{over} "
            f"| {way.first[0]:.1f}, {way.first[1]:.1f} | {way.medians[0]:.1f}, {way.medians[1]:.1f} |"
        )
    ours = ways[0]
    print()
    for way in ways[1:]:
        print(
            f"plugin / {way.title}: bytes {ours.uploaded / way.uploaded:.3f}, "
            f"first wall {ours.first[0] / way.first[0]:.2f}, CPU {ours.first[1] / way.first[1]:.2f}, "
            f"again wall {ours.medians[0] / way.medians[0]:.2f}, CPU {ours.medians[1] / way.medians[1]:.2f}"
        )


if __name__ == "__main__":
    sys.exit(main())
