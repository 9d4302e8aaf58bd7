"""C containers against a real PostgreSQL: called, frozen, thawed, ended, and the connections counted each time.

The containers are processes of the target's Node on this machine, with the network a proof does not have: it is the
user's own code, run on request. Freezing is SIGSTOP: as on Lambda, sockets stay open and timers stand still.
"""

from __future__ import annotations

import json
import os
import subprocess
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from select import select
from time import monotonic, sleep
from typing import TYPE_CHECKING

from packager.connections.database import held_connections
from packager.core.errors import ArtifactError, EnvironmentFault
from packager.core.signals import FREEZE, THAW
from packager.core.units import format_timeout
from packager.model.proof import CannotProve
from packager.prove.running.request import ProofRequest, moved, runtime_environment
from packager.prove.running.unpack import clean_root
from packager.toolchains.interpreters import find_runtime

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    Process = subprocess.Popen[bytes]

DRIVER = Path(__file__).parent / "frozen_container.cjs"


@dataclass(frozen=True)
class Simulated:
    """Connections at the database, those of others left out."""

    containers: int
    called: int
    """While the containers were awake, after each had answered once."""
    frozen: int
    thawed: int
    """After each thawed container had answered again."""
    ended: int
    failures: tuple[str, ...]
    """What calls failed with, in order."""


def simulate(
    artifact: Path, layers: Sequence[Path], request: ProofRequest, *, url: str, containers: int, cache: Path
) -> Simulated:
    """Run the artifact in that many containers and return what the database of `url` counted.

    The containers get the request's environment, in which the handler finds its own URL. Raises EnvironmentFault where
    the target's Node is not to be had, ArtifactError where the handler has no file.
    """
    try:
        node = find_runtime(request.target, cache).executable
    except CannotProve as reason:
        raise EnvironmentFault(str(reason)) from reason
    system = request.target.system
    before = held_connections(url)
    failures: list[str] = []

    def count() -> int:
        return held_connections(url) - before

    with ExitStack() as stack:
        root = stack.enter_context(clean_root(artifact, layers))
        places = {system.function_root: str(root.task), system.layer_root: str(root.layers)}
        module, _, export = request.handler.rpartition(".")
        argv = [str(node), str(DRIVER), str(_file(root.task / module)), export, json.dumps(request.event)]
        settings = moved(runtime_environment(request), places) | dict(request.own)
        running = [stack.enter_context(container(argv, root.task, settings)) for _ in range(containers)]

        def call_all() -> int:
            for process in running:
                tell(process)
            failures.extend(word for process in running if (word := answer(process, request.timeout_seconds)))
            return count()

        called = call_all()
        for process in running:
            process.send_signal(FREEZE)
        sleep(1)  # frozen for a moment: what timers would have given back by now stays
        frozen = count()
        for process in running:
            process.send_signal(THAW)
        thawed = call_all()
        stack.close()
    return Simulated(containers, called, frozen, thawed, _settled(count), tuple(failures))


@contextmanager
def container(argv: Sequence[str], folder: Path, environment: Mapping[str, str]) -> Iterator[Process]:
    """Start one process; it is killed at the end, whatever state it is in."""
    process = subprocess.Popen(
        argv,
        cwd=folder,
        env=dict(environment),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        bufsize=0,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def _file(stem: Path) -> Path:
    """Return the handler's file, which handlers are named without their ending."""
    for ending in (".js", ".mjs", ".cjs"):
        path = stem.with_name(stem.name + ending)
        if path.is_file():
            return path
    msg = f"has no {stem.name}.js, .mjs or .cjs for the handler"
    raise ArtifactError(msg, where="the artifact", fix="correct --handler")


def tell(process: Process) -> None:
    """Ask a container for one more call."""
    if process.stdin is not None:
        with suppress(BrokenPipeError):  # ended: the answer says so
            process.stdin.write(b"call\n")


def answer(process: Process, timeout_seconds: float) -> str:
    """Return what a call failed with, empty if it did not."""
    deadline = monotonic() + timeout_seconds
    rest = b""
    stdout = process.stdout
    while stdout is not None and (left := deadline - monotonic()) > 0:
        if not select([stdout], [], [], left)[0]:
            break
        data = os.read(stdout.fileno(), 65536)
        if not data:
            return f"the container ended (exit code {process.wait()})"
        *lines, rest = (rest + data).split(b"\n")
        for line in lines:
            if line.startswith(b"packager {"):
                return str(json.loads(line.removeprefix(b"packager ")).get("error", ""))
    return f"no answer after {format_timeout(timeout_seconds)}"


def _settled(count: Callable[[], int]) -> int:
    """Return the connections left once the server has noticed that the containers are gone."""
    left = count()
    for _ in range(20):
        if left <= 0:
            break
        sleep(0.1)
        left = count()
    return left
