"""One era → one row: make the project, build it as a user would, look into the zips, and query."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import unittest.mock
import zipfile
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from packager.catalog.current import load_catalog
from packager.core.errors import PackagerError
from packager.core.units import format_size
from packager.engines.clients import ENGINE_FILE
from packager.model.options import BuildOptions
from packager.pipeline.run import package
from packager.pipeline.tools import real_host
from tests.eras.making import engine_file, make_project, plan_for
from tests.eras.serving import answer_of
from tests.support.mirror import running_mirror

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from packager.pipeline.run import Result
    from tests.eras.era import Era

HEADINGS = (
    *("era", "generation", "target", "engine", "engines"),
    *("installed", "production", "unzipped", "zipped", "proof"),
)


@dataclass
class Row:
    """What was seen."""

    era: Era
    cells: tuple[str, ...] = ()
    problems: list[str] = field(default_factory=list)
    archives: dict[str, Path] = field(default_factory=dict)
    """Bundle → a copy of its zip."""
    installed_bytes: int | None = None
    """What a developer has on disk; None if it was not measured."""


def run_era(era: Era, scratch: Path, *, measure: bool = True) -> Row:
    """Return the row of an era; whatever goes wrong is among its problems.

    `measure` also installs everything as a developer would, for the size before.
    """
    row = Row(era)
    root = scratch / "".join(letter for letter in era.name.replace(" ", "-") if letter.isalnum() or letter in "-.")
    shutil.rmtree(root, ignore_errors=True)
    try:
        with ExitStack() as stack:
            mirror = stack.enter_context(running_mirror(lambda _, file: engine_file(file)))
            variables = {"PRISMA_ENGINES_MIRROR": mirror.address, **make_project(era, root, scratch)}
            stack.enter_context(unittest.mock.patch.dict(os.environ, variables))
            # A cache of its own: the mirror has stand-ins under the names of real engines.
            results = _build(era, root, row, stack, variables, scratch / "cache")
            proof = answer_of(era, row.archives, root, results, row.problems)
            row.installed_bytes = _installed(root / "app", results) if measure else None
            row.cells = _cells(era, row, results, proof)
    except (PackagerError, subprocess.SubprocessError, OSError) as error:
        row.problems.append(f"{type(error).__name__}: {error}{_output(error)}")
        row.cells = (era.name, era.generation, "", era.engine, *[""] * (len(HEADINGS) - 5), "failed")
    return row


def _build(
    era: Era, root: Path, row: Row, stack: ExitStack, variables: Mapping[str, str], cache: Path
) -> dict[str, Result]:
    """Return the results by bundle, checked: nothing to say, the right generation, so many engines, layer or not."""
    plan = plan_for(era, root / "app", variables)
    options = BuildOptions(out=root / "dist", prove="skip", level=12)
    results = stack.enter_context(package(plan, load_catalog(), real_host(cache), options))
    for result in results:
        row.archives[result.bundle.name] = root / f"{result.bundle.name}.zip"
        shutil.copyfile(result.artifact.path, row.archives[result.bundle.name])
        row.problems += [str(found) for found in result.findings if found.severity != "note"]
    names = [engine.name for engine in plan.jobs[0].engines]
    if era.generation not in names:
        row.problems.append(f"recognised as {names}, not as {era.generation}")
    engines = {name: engines_in(archive) for name, archive in row.archives.items()}
    for name in era.functions:
        found = [*engines[name], *engines.get("prisma", [])]
        if len(found) != era.native:
            row.problems.append(f"{name}: {len(found)} engines instead of {era.native}: {found}")
        carried = [path for path in zipfile.ZipFile(row.archives[name]).namelist() if "prisma/client" in path]
        if era.layer and (carried or engines[name]):
            row.problems.append(f"{name} carries what its layer has: {[*carried, *engines[name]][:3]}")
    return {result.bundle.name: result for result in results}


def engines_in(archive: Path) -> list[str]:
    """Return the paths of native engines in a zip."""
    with zipfile.ZipFile(archive) as opened:
        return [name for name in opened.namelist() if ENGINE_FILE.search(name)]


def _installed(app: Path, results: Mapping[str, Result]) -> int:
    """Return the bytes a developer has on disk: everything installed, and what the generator wrote."""
    with tempfile.TemporaryDirectory(dir=app.parent, prefix="plain-") as folder:
        plain = Path(folder, "app")
        shutil.copytree(app, plain, ignore=shutil.ignore_patterns("node_modules"))
        if (plain / "package-lock.json").exists():
            argv = ["npm", "ci", "--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund"]
        else:
            argv = ["npx", "--yes", "pnpm", "install", "--frozen-lockfile", "--ignore-scripts", "--prefer-offline"]
        subprocess.run(argv, cwd=plain, check=True, capture_output=True)
        files = [path for path in (plain / "node_modules").rglob("*") if path.is_file() and not path.is_symlink()]
        size = sum(path.stat().st_size for path in files)
        installed = {path.relative_to(plain).as_posix() for path in files}
    scanned = next(iter(results.values())).scanned
    clients = tuple(f"{client.folder}/" for client in scanned.survey.clients)
    return size + sum(
        file.size_bytes
        for file in scanned.inventory.files
        if file.path.startswith(clients) and file.path not in installed
    )


def _cells(era: Era, row: Row, results: Mapping[str, Result], proof: str) -> tuple[str, ...]:
    first = results[era.functions[0]]
    shown = [results[name] for name in ("prisma", *era.functions) if name in results]
    target = first.bundle.target
    return (
        era.name,
        era.generation,
        f"{target.runtime} {target.baseline.title}",
        _engine_cell(era, row, results),
        str(sum(len(engines_in(archive)) for archive in row.archives.values())),
        "" if row.installed_bytes is None else format_size(row.installed_bytes),
        format_size(sum(file.size_bytes for file in first.scanned.inventory.files)),
        " + ".join(format_size(result.artifact.unzipped_bytes) for result in shown),
        " + ".join(format_size(result.artifact.zipped_bytes) for result in shown),
        proof,
    )


def _engine_cell(era: Era, row: Row, results: Mapping[str, Result]) -> str:
    if era.engine != "real":
        return era.engine
    home = "prisma" if era.layer else era.functions[0]
    (path,) = engines_in(row.archives[home])
    with zipfile.ZipFile(row.archives[home]) as opened:
        after = opened.getinfo(path).file_size
    saved = {name.rpartition("/")[2]: count for name, count in results[home].stripped.items()}
    before = after + saved.get(path.rpartition("/")[2], 0)
    return f"real, {before:,} → {after:,}"


def _output(error: Exception) -> str:
    text = getattr(error, "stderr", None) or getattr(error, "output", None) or ""
    text = text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text)
    return f"\n{text[-2000:]}" if text else ""


def table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table with columns of equal width."""
    widths = [max(len(row[index]) for row in (headings, *rows)) for index in range(len(headings))]
    lines = [headings, tuple("-" * width for width in widths), *rows]
    return "\n".join(
        f"| {' | '.join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))} |" for line in lines
    )
