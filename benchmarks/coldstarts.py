"""``python -m benchmarks.coldstarts``: what trimming does to a cold start, and what a proof adds to a bare one.

The sample with Prisma 7 and libSQL, in a container of a Node image: as npm installed it and Info-ZIP packed it, against
function and layer as packager built them. Then, in one container and in turns, the handler loaded by `node -e` and by
the proof, both through the engine.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from packager.catalog.current import load_catalog
from packager.containers.docker_engine import connect
from packager.prove.cold.quartiles import ratio, spread
from packager.prove.running.docker import find_place, started
from packager.prove.running.natives import native_files
from packager.prove.running.request import ProofRequest
from packager.prove.running.unpack import clean_root

if TYPE_CHECKING:
    from packager.prove.judging.outcome import Run

SAMPLE = Path(__file__).parent.parent / "samples" / "aws-lambda"
HANDLER = "src/handler.handler"
AT_MOST = 1.5


def main() -> None:
    """Make both bundles, measure, print; exit code 1 if a proof adds too much."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.coldstarts", description=__doc__)
    parser.add_argument("--starts", type=int, default=20)
    parser.add_argument("--image", default="packager-test/node:22-bookworm")
    parser.add_argument("--work", type=Path, default=Path(tempfile.gettempdir()) / "packager-benchmarks")
    words = parser.parse_args()
    whole, function, layer = _bundles(words.work / "starts")
    print(f"load at the start: {_load()}", flush=True)
    command = [sys.executable, "-m", "packager", "prove", str(whole), "--cold-start", str(words.starts)]
    command += ["--vs", str(function), "--vs-layer", str(layer), "--handler", HANDLER, "--runtime", "nodejs22.x"]
    command += ["--event", str(SAMPLE / "event.json"), "--how", "docker", "--image", words.image]
    print(f"$ packager {' '.join(command[3:])}", flush=True)
    subprocess.run(command, check=True)
    sys.exit(1 if _proof_against_bare(function, layer, words.image, words.starts) > AT_MOST else 0)


def _bundles(folder: Path) -> tuple[Path, Path, Path]:
    """Return the sample packed whole, and the function and the layer that packager makes of it."""
    whole, project = folder / "untrimmed.zip", folder / "project"
    dist = project / "dist"
    if not whole.exists():
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(SAMPLE, project, ignore=shutil.ignore_patterns("node_modules", "dist"))
        subprocess.run([sys.executable, "-m", "packager", "build", str(project), "--out", str(dist)], check=True)
        installed = folder / "installed"
        shutil.copytree(SAMPLE, installed, ignore=shutil.ignore_patterns("node_modules", "dist"))
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"], cwd=installed, check=True)
        # Generating needs no engine, only the name of one. Without it, the command would want to fetch it.
        engine = {**os.environ, "PRISMA_SCHEMA_ENGINE_BINARY": "/bin/true"}
        subprocess.run(["npx", "prisma", "generate"], cwd=installed, check=True, env=engine)
        aside = folder / "part.zip"
        subprocess.run(["zip", "-q", "-r", "-y", str(aside), "."], cwd=installed, check=True)
        aside.rename(whole)
    return whole, dist / "api.zip", dist / "prisma.zip"


def _proof_against_bare(function: Path, layer: Path, image: str, count: int) -> float:
    """Print and return how many times as long a proof's load takes as `node -e` with the same handler."""
    target = load_catalog().target("aws-lambda", "nodejs22.x", "x86_64")
    system = target.system
    with clean_root(function, [layer]) as root, connect(os.environ, Path.home()) as engine:
        natives = (
            *native_files(root.task, system.function_root, target),
            *native_files(root.layers, system.layer_root, target),
        )
        place = find_place(engine, target, image, pull=False)
        if place is None:
            sys.exit(f"the image {image} is not on the engine: .ci/docker-up makes it")
        bare = ("node", "-e", f"if (!require('{system.function_root}/src/handler.js').handler) process.exit(1)")
        with started(engine, place, root, ProofRequest(HANDLER, target, natives=natives)) as load:
            load()  # fills the page cache
            taken: dict[str, list[float]] = {"bare": [], "proof": []}
            for _ in range(count):
                for kind in taken:
                    begun = time.perf_counter()
                    run: Run = load(bare=bare) if kind == "bare" else load()
                    taken[kind].append(time.perf_counter() - begun)
                    if run.exit_code != 0:
                        sys.exit(f"{kind} failed: {run.output}")
    times = ratio(taken["proof"], taken["bare"])
    spreads = {kind: str(spread([seconds * 1000 for seconds in taken[kind]])) for kind in taken}
    print(f"\n{json.dumps(spreads)} ms; a proof takes {times} times as long as the bare start in the same container")
    print(f"load at the end: {_load()}")
    return times.value


def _load() -> str:
    return ", ".join(f"{load:.1f}" for load in os.getloadavg())


if __name__ == "__main__":
    main()
