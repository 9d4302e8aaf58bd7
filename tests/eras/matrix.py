"""One era → one row: make the project, build it as a user would, look into the zip, and query."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
import unittest.mock
import zipfile
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from packager.catalog import load_catalog
from packager.engines.clients import ENGINE_FILE
from packager.errors import PackagerError
from packager.host import Options, real_host
from packager.machine import Machine
from packager.pipeline import package
from packager.planning import Wishes, make_plan
from packager.project import load_project
from packager.prove.prover import prove
from packager.resources import default_cache
from packager.units import format_size
from tests.support.elfs import write_elf
from tests.support.mirror import running_mirror
from tests.support.postgres import cluster
from tests.support.trees import write_tree

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from packager.pipeline import Result
    from tests.eras.projects import Era

HEADINGS = ("era", "generation", "target", "engine", "engines", "installed", "unzipped", "zipped", "proof")
BULLSEYE = "packager-test/node:20-bullseye"
EXPECTED = "ada@example.com"
_TABLES = (
    'CREATE TABLE "User" ("id" SERIAL PRIMARY KEY, "email" TEXT NOT NULL UNIQUE)',
    f"""INSERT INTO "User" ("email") VALUES ('{EXPECTED}')""",
)
_CALL = "require(process.argv[1]).handler({}).then(r => console.log(JSON.stringify(r)), e => { throw e })"


@dataclass
class Row:
    """What was seen."""

    era: Era
    cells: tuple[str, ...] = ()
    problems: list[str] = field(default_factory=list)


def run_era(era: Era, scratch: Path) -> Row:
    """Return the row of an era; whatever goes wrong is among its problems."""
    row = Row(era)
    root = scratch / era.name.replace(" ", "-").replace(",", "")
    shutil.rmtree(root, ignore_errors=True)
    write_tree(root / "app", era.project())
    lock = ["npm", "install", "--package-lock-only", "--no-audit", "--no-fund"]
    subprocess.run(lock, cwd=root / "app", check=True, capture_output=True)
    try:
        with ExitStack() as stack:
            mirror = stack.enter_context(running_mirror(lambda _, file: _engine(file)))
            variables = {"PRISMA_ENGINES_MIRROR": mirror.address}
            if era.engine == "real":
                variables["PRISMA_QUERY_ENGINE_LIBRARY"] = str(_real_engine(era, root, scratch))
                _libraries(root / "app" / "lib")
            # Of its own: the mirror has stand-ins under the names of real engines, which nobody should meet elsewhere.
            _build(era, root, row, stack, variables, scratch / "cache")
    except (PackagerError, subprocess.CalledProcessError, OSError) as error:
        row.problems.append(f"{type(error).__name__}: {error}{_output(error)}")
        row.cells = (era.name, era.generation, "", era.engine, "", "", "", "", "failed")
    return row


def _build(era: Era, root: Path, row: Row, stack: ExitStack, variables: Mapping[str, str], cache: Path) -> None:
    stack.enter_context(unittest.mock.patch.dict(os.environ, variables))
    project, catalog = load_project(root / "app"), load_catalog()
    override = tuple((key, value) for key, value in variables.items() if key.startswith("PRISMA_QUERY"))
    in_image = era.engine == "real"
    wishes = Wishes(builder="docker" if in_image else "host", image=BULLSEYE if in_image else "", environment=override)
    plan = make_plan(project, catalog, Machine(), wishes)
    if in_image:
        # Generating loads this engine: Debian's copies of its OpenSSL are among the app's own files.
        job = plan.jobs[0]
        moved = replace(job, environment=(*job.environment, ("LD_LIBRARY_PATH", "/var/task/lib")))
        bundles = tuple(replace(bundle, job=moved) for bundle in plan.bundles)
        plan = replace(plan, jobs=(moved,), bundles=bundles)
    options = Options(out=root / "dist", prove="skip", level=12)
    (result,) = stack.enter_context(package(plan, catalog, real_host(cache), options))
    archive = root / "api.zip"
    shutil.copyfile(result.artifact.path, archive)
    row.problems += [str(found) for found in result.findings if found.severity != "note"]
    engines = [name for name in zipfile.ZipFile(archive).namelist() if ENGINE_FILE.search(name)]
    if len(engines) != era.native:
        row.problems.append(f"{len(engines)} engines instead of {era.native}: {engines}")
    names = [engine.name for engine in plan.jobs[0].engines]
    if era.generation not in names:
        row.problems.append(f"recognised as {names}, not as {era.generation}")
    target = plan.bundles[0].target
    proof = _query(era, archive, root, result, row)
    before = sum(file.size_bytes for file in result.scanned.inventory.files)
    row.cells = (
        era.name,
        era.generation,
        f"{target.runtime} {target.baseline.title}",
        _size_of(engines, archive, era.engine, result),
        str(len(engines)),
        format_size(before),
        format_size(result.artifact.unzipped_bytes),
        format_size(result.artifact.zipped_bytes),
        proof,
    )


def _query(era: Era, archive: Path, root: Path, result: Result, row: Row) -> str:
    """Return how the artifact was proved, after calling its handler."""
    if era.query in ("prove", "load only"):
        done = prove(
            archive,
            target=result.bundle.target,
            handler=result.bundle.handler,
            environment=dict(era.environment),
            how="local",
            event={},
            cache=default_cache(),
        )
        answer = json.dumps({**done.to_json(), "answer": done.answer, "output": done.output[-600:]})
        expected = "function" if era.query == "load only" else EXPECTED
        if done.status != "proved" or expected not in answer:
            row.problems.append(f"proof: {answer}")
        return f"{done.status}: {'loaded' if era.query == 'load only' else 'queried'}"
    with tempfile.TemporaryDirectory(prefix="packager-pg-") as folder, cluster(Path(folder) / "cluster") as address:
        for statement in _TABLES:
            subprocess.run(["psql", address, "-X", "-q", "-c", statement], check=True, capture_output=True)
        answer = _call(era, archive, root, address)
    if EXPECTED not in answer:
        row.problems.append(f"answer: {answer}")
    return f"queried {era.query}"


def _call(era: Era, archive: Path, root: Path, address: str) -> str:
    """Return what the handler answers, called in the unpacked artifact with a database within reach."""
    task = root / "task"
    subprocess.run(["unzip", "-q", "-o", str(archive), "-d", str(task)], check=True)
    if era.query == "postgresql on this machine":
        environment = {"PATH": os.environ["PATH"], "DATABASE_URL": address}
        argv = ["node", "-e", _CALL, str(task / "src/handler.js")]
        return subprocess.run(argv, env=environment, check=True, capture_output=True, text=True, timeout=60).stdout
    settings = {**era.environment, "DATABASE_URL": address, "LD_LIBRARY_PATH": "/var/task/lib"}
    words = [word for key, value in settings.items() for word in ("-e", f"{key}={value}")]
    # The database listens on this machine's loopback only.
    argv = ["docker", "create", "--network", "host", *words, BULLSEYE, "node", "-e", _CALL, "/var/task/src/handler.js"]
    name = subprocess.run(argv, check=True, capture_output=True, text=True).stdout.strip()
    try:
        subprocess.run(["docker", "cp", f"{task}/.", f"{name}:/var/task"], check=True, capture_output=True)
        return subprocess.run(
            ["docker", "start", "-a", name], check=True, capture_output=True, text=True, timeout=120
        ).stdout
    finally:
        subprocess.run(["docker", "rm", "-f", name], check=False, capture_output=True)


def _engine(file: str) -> bytes:
    """Return what the mirror has for a file: a library made for the test, or the stand-in program."""
    from tests.eras.projects import STANDIN

    return write_elf(needed=("libc.so.6",), symtab=100_000) if file.endswith(".node") else STANDIN.encode()


def _real_engine(era: Era, root: Path, scratch: Path) -> Path:
    """Return the Rust engine that was left in a published package, fetched by the ordinary client."""
    version = era.development["@prisma/internals"]
    kept = scratch / f"engine-{version}.node"
    if not kept.exists():
        inner = "package/dist/libquery_engine-debian-openssl-1.1.x.so.node"
        pack = ["npm", "pack", f"@prisma/internals@{version}", "--pack-destination", str(root)]
        subprocess.run(pack, cwd=root, check=True, capture_output=True)
        (archive,) = root.glob("prisma-internals-*.tgz")
        subprocess.run(["tar", "xzf", str(archive), "-C", str(root), inner], check=True)
        (root / inner).replace(kept)
    return kept


def _libraries(folder: Path) -> None:
    """Put Debian 11's OpenSSL beside the app: the engine was linked with it, and no Lambda has it."""
    folder.mkdir()
    name = subprocess.run(["docker", "create", BULLSEYE], check=True, capture_output=True, text=True).stdout.strip()
    try:
        for library in ("libssl.so.1.1", "libcrypto.so.1.1"):
            source = f"{name}:/usr/lib/x86_64-linux-gnu/{library}"
            subprocess.run(["docker", "cp", "-L", source, str(folder)], check=True, capture_output=True)
    finally:
        subprocess.run(["docker", "rm", "-f", name], check=False, capture_output=True)


def _size_of(engines: Sequence[str], archive: Path, kind: str, result: Result) -> str:
    if not engines or kind != "real":
        return kind
    after = zipfile.ZipFile(archive).getinfo(engines[0]).file_size
    before = after + result.stripped.get(engines[0], 0)
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
