"""Does what was built answer? Proved where that is enough, else called with a database within reach."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from packager.core.resources import default_cache
from packager.prove.prover import prove
from tests.eras.making import BULLSEYE
from tests.support.postgres import cluster

if TYPE_CHECKING:
    from collections.abc import Mapping

    from packager.pipeline.run import Result
    from tests.eras.era import Era

EXPECTED = "ada@example.com"
_TABLES = (
    'CREATE TABLE "User" ("id" SERIAL PRIMARY KEY, "email" TEXT NOT NULL UNIQUE)',
    f"""INSERT INTO "User" ("email") VALUES ('{EXPECTED}')""",
)
_CALL = "require(process.argv[1]).handler({}).then(r => console.log(JSON.stringify(r)), e => { throw e })"
# As the runtime has them, which the image is not.
_LAMBDA = {"LD_LIBRARY_PATH": "/var/task/lib:/opt/lib", "NODE_PATH": "/opt/nodejs/node_modules"}


def answer_of(
    era: Era, archives: Mapping[str, Path], root: Path, results: Mapping[str, Result], problems: list[str]
) -> str:
    """Return how the functions were proved, after calling each; what is not as expected is added to `problems`."""
    layers = [archives["prisma"]] if era.layer else []
    if era.query in ("prove", "load only"):
        for name in era.functions:
            _prove(era, archives[name], layers, results[name], problems)
        return "failed" if problems else "proved: loaded" if era.query == "load only" else "proved: queried"
    with tempfile.TemporaryDirectory(prefix="packager-pg-") as folder, cluster(Path(folder) / "cluster") as address:
        for statement in _TABLES:
            subprocess.run(["psql", address, "-X", "-q", "-c", statement], check=True, capture_output=True)
        for name in era.functions:
            task = _unpacked(archives[name], root / f"task-{name}")
            opt = [_unpacked(layer, root / "opt") for layer in layers]
            answer = _call(era, task, opt, address)
            if EXPECTED not in answer:
                problems.append(f"{name} answers: {answer}")
    return "failed" if problems else f"queried {era.query}"


def _prove(era: Era, archive: Path, layers: list[Path], result: Result, problems: list[str]) -> None:
    done = prove(
        archive,
        layers,
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
        problems.append(f"proof: {answer}")


def _unpacked(archive: Path, folder: Path) -> Path:
    subprocess.run(["unzip", "-q", "-o", str(archive), "-d", str(folder)], check=True)
    return folder


def _call(era: Era, task: Path, layers: list[Path], address: str) -> str:
    """Return what the handler answers, called in the unpacked artifact with a database within reach."""
    if era.query == "postgresql on this machine":
        environment = {"PATH": os.environ["PATH"], "DATABASE_URL": address}
        argv = ["node", "-e", _CALL, str(task / "src/handler.js")]
        return subprocess.run(argv, env=environment, check=True, capture_output=True, text=True, timeout=60).stdout
    settings = {**_LAMBDA, **era.environment, "DATABASE_URL": address}
    words = [word for key, value in settings.items() for word in ("-e", f"{key}={value}")]
    # The database listens on this machine's loopback only.
    argv = ["docker", "create", "--network", "host", *words, BULLSEYE, "node", "-e", _CALL, "/var/task/src/handler.js"]
    name = subprocess.run(argv, check=True, capture_output=True, text=True).stdout.strip()
    try:
        for source, place in [(task, "/var/task"), *((layer, "/opt") for layer in layers)]:
            subprocess.run(["docker", "cp", f"{source}/.", f"{name}:{place}"], check=True, capture_output=True)
        return subprocess.run(
            ["docker", "start", "-a", name], check=True, capture_output=True, text=True, timeout=120
        ).stdout
    finally:
        subprocess.run(["docker", "rm", "-f", name], check=False, capture_output=True)
