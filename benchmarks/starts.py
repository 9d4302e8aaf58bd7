"""``python -m benchmarks.starts``: the CPU time of a proof without events, against the bare start of the same code.

Each function of the samples is built and unpacked once. Then, in turns, its handler is loaded by `node -e` and by the
proof: by the same Node, with the same options, in the same sandbox. What is counted is the CPU time, user and system,
of all processes that this takes. What never becomes idle, as a server, has no bare start that ends: it is left out.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import shutil
import subprocess
import sys
import tempfile
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING
from unittest import mock

from packager.catalog.current import load_catalog
from packager.core.resources import default_cache
from packager.core.system import end_group
from packager.model.machine import Machine
from packager.model.options import BuildOptions
from packager.pipeline.inputs import each_start, prove_inputs
from packager.pipeline.run import package
from packager.pipeline.tools import real_tools
from packager.planning.planner import make_plan
from packager.project.loading import load_project
from packager.prove.running import process
from packager.prove.running.local import run_locally
from packager.prove.running.natives import native_files
from packager.prove.running.request import ProofRequest
from packager.prove.running.unpack import clean_root
from packager.toolchains.interpreters import find_runtime

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from packager.model.results import Result
    from packager.prove.judging.outcome import Run
    from packager.prove.running.unpack import CleanRoot

SAMPLES = Path(__file__).parent.parent / "samples"
AT_MOST = 1.5
_KINDS = ("bare", "proof")
_FILES = ("", ".js", ".mjs", ".cjs")
_PATIENCE_SECONDS = 10.0


@dataclass(frozen=True)
class Start:
    """One function to start."""

    name: str
    """``aws-lambda: src/handler.handler``."""
    load: Callable[[str], Run]
    """Starts it once, ``bare`` or by the ``proof``."""


@dataclass(frozen=True)
class Taken:
    """What a function's starts took, each in CPU seconds."""

    name: str
    bare: tuple[float, ...]
    proof: tuple[float, ...]

    @property
    def ratio(self) -> float:
        """Return how many times as much the proof takes: median to median."""
        return median(self.proof) / median(self.bare)


def main(arguments: Sequence[str] | None = None) -> None:
    """Build the samples, measure, print; exit code 1 if a proof takes too much."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.starts", description=__doc__)
    parser.add_argument("--rounds", type=_count, default=11, help="how often each function is started both ways")
    parser.add_argument("--sample", action="append", choices=sample_names(), help="only this sample; may be repeated")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    words = parser.parse_args(arguments)
    with ExitStack() as stack, _all_counted():
        starts = [start for name in words.sample or sample_names() for start in _built(name, stack)]
        taken = measured([start for start in starts if _becomes_idle(start)], words.rounds)
    print(json.dumps(document(taken), indent=1) if words.json else "\n".join(table(taken)))
    sys.exit(1 if overall(taken) > AT_MOST else 0)


def sample_names() -> list[str]:
    """Return the samples that have a configuration of ours."""
    return sorted(path.parent.name for path in SAMPLES.glob("*/packager.yaml"))


def measured(starts: Sequence[Start], rounds: int) -> list[Taken]:
    """Return what each start took. In a round everything is started once each way, in an order of its own."""
    spent: dict[tuple[str, str], list[float]] = {(start.name, kind): [] for start in starts for kind in _KINDS}
    chance = random.Random(1)
    turns = [(start, kind) for start in starts for kind in _KINDS]
    for start, kind in turns:
        _cpu_seconds(start, kind)  # what it reads is in memory from now on
    for _ in range(rounds):
        for start, kind in chance.sample(turns, len(turns)):
            spent[start.name, kind].append(_cpu_seconds(start, kind))
    return [Taken(start.name, tuple(spent[start.name, "bare"]), tuple(spent[start.name, "proof"])) for start in starts]


def overall(taken: Sequence[Taken]) -> float:
    """Return the median of the functions' ratios; 0 where nothing was measured."""
    return median(each.ratio for each in taken) if taken else 0.0


def table(taken: Sequence[Taken]) -> list[str]:
    """Return the lines to print."""
    lines = ["| function | bare, CPU ms | proof, CPU ms | proof / bare |", "|---|---|---|---|"]
    lines += [
        f"| {each.name} | {median(each.bare) * 1e3:.0f} | {median(each.proof) * 1e3:.0f} | {each.ratio:.2f} |"
        for each in taken
    ]
    load = ", ".join(f"{load:.1f}" for load in os.getloadavg())
    verdict = f"median of the ratios: {overall(taken):.2f}, at most {AT_MOST} is wanted; load {load}"
    return [*lines, "", verdict]


def document(taken: Sequence[Taken]) -> dict[str, object]:
    """Return what ``--json`` prints; times are CPU seconds."""
    rows = [
        {"function": each.name, "bare": median(each.bare), "proof": median(each.proof), "ratio": each.ratio}
        for each in taken
    ]
    return {"version": 1, "ok": overall(taken) <= AT_MOST, "median_ratio": overall(taken), "functions": rows}


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        msg = "at least one round is needed"
        raise argparse.ArgumentTypeError(msg)
    return number


@contextmanager
def _all_counted() -> Iterator[None]:
    """Let a start that has told everything end by itself: what is killed with its sandbox is counted nowhere.

    The kernel counts what parents have waited for; processes of a namespace that is torn down end unwaited for.
    Source: getrusage(2), RUSAGE_CHILDREN; pid_namespaces(7).
    """

    def ended(started: subprocess.Popen[bytes], *, kill: bool) -> None:
        with suppress(subprocess.TimeoutExpired):
            started.wait(_PATIENCE_SECONDS)
        end_group(started, kill=kill)

    with mock.patch.object(process, "end_group", ended):
        yield


def _becomes_idle(start: Start) -> bool:
    """Return whether the proof does not see anything still open at the end of the start."""
    still_open = start.load("proof").report.open
    if still_open:
        print(f"{start.name} is left out: it does not become idle ({', '.join(still_open)})", file=sys.stderr)
    return not still_open


def _cpu_seconds(start: Start, kind: str) -> float:
    """Return the CPU seconds of all processes of one start; exits where that fails."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    run = start.load(kind)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if run.exit_code != 0 or (kind == "proof" and not run.report.done):
        sys.exit(f"{start.name}, {kind}: exit code {run.exit_code}\n{run.output}")
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _built(name: str, stack: ExitStack) -> Iterator[Start]:
    """Build a sample and yield what its host starts of it; the files last as long as the stack."""
    print(f"building {name}", file=sys.stderr, flush=True)
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="packager-starts-"))) / name
    shutil.copytree(SAMPLES / name, folder, ignore=shutil.ignore_patterns("node_modules", "dist"))
    catalog = load_catalog()
    options = BuildOptions(out=folder / "dist", builder="local")
    plan = make_plan(load_project(folder), catalog, Machine(), options)
    results = stack.enter_context(package(plan, catalog, real_tools(options.cache), options))
    made = {result.bundle.name: result for result in results}
    for result in results:
        if result.bundle.kind == "layer":
            continue
        if result.bundle.target.launcher == "server":
            print(f"{name} is left out: a server never becomes idle", file=sys.stderr)
            continue
        yield from _starts(name, result, made, stack)


def _starts(name: str, result: Result, made: Mapping[str, Result], stack: ExitStack) -> Iterator[Start]:
    """Yield what the host starts of one bundle, unpacked together with its layers."""
    bundle, target = result.bundle, result.bundle.target
    if result.proof.status != "proved":
        sys.exit(f"{name}: {bundle.name} is not proved: {result.proof.detail}")
    layers = [made[layer].artifact.path for layer in bundle.layers]
    root = stack.enter_context(clean_root(result.artifact.path, layers))
    natives = (
        *native_files(root.task, target.system.function_root, target),
        *native_files(root.layers, target.system.layer_root, target),
    )
    runtime = find_runtime(target, default_cache())
    inputs = prove_inputs(bundle, result.selection, result.artifact.sha256, (), "")
    for each in each_start(bundle, inputs):
        request = ProofRequest(each.handler, target, dict(each.environment), natives=natives, entry=each.entry)
        request = replace(request, timeout_seconds=120)
        bare = _bare(root, each.handler, each.entry)

        def load(kind: str, request: ProofRequest = request, bare: tuple[str, ...] = bare) -> Run:
            return run_locally(root, request, runtime, bare=bare if kind == "bare" else ())

        yield Start(f"{name}: {each.handler}", load)


def _bare(root: CleanRoot, handler: str, entry: str) -> tuple[str, ...]:
    """Return the arguments with which Node loads a handler and does nothing else, from its working folder."""
    folder, slash, last = handler.rpartition("/")
    stem = f"{folder}{slash}{last.partition('.')[0]}"
    file = entry or next(f"{stem}{end}" for end in _FILES if (root.task / f"{stem}{end}").is_file())
    path = f"process.cwd() + {json.dumps(f'/{file}')}"
    if file.endswith(".mjs"):
        return ("-e", f"import({path})")
    return ("-e", f"require({path})")


if __name__ == "__main__":
    main()
