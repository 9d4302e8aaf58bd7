"""Where a proof can run, best place first: the target's image on the Docker engine, then this machine's runtime."""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from packager.core.errors import DockerFault
from packager.languages.registry import LANGUAGES
from packager.model.proof import CannotProve
from packager.prove.running.local import namespaces_allowed, run_locally
from packager.toolchains.interpreters import find_runtime, portable_interpreter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager, ExitStack

    from packager.model.containers import Containers
    from packager.model.targets import Target
    from packager.prove.judging.outcome import Run
    from packager.prove.running.docker import ProofImage
    from packager.prove.running.request import ProofRequest
    from packager.prove.running.unpack import CleanRoot
    from packager.toolchains.interpreters import LocalRuntime

How = Literal["auto", "docker", "local"]


@dataclass(frozen=True)
class ProofRunner:
    """One place a proof can run in."""

    identity: str
    """What makes it this very place: the image's id, or the interpreter's version and the machine's libc."""
    run: Callable[[CleanRoot, ProofRequest], Run]


def attempts(
    target: Target,
    how: How,
    image: str,
    cache: Path,
    engine: Callable[[], AbstractContextManager[Containers]] | None,
    doors: ExitStack,
) -> Iterator[ProofRunner]:
    """Yield the places there are; raises CannotProve, with all reasons, where there is no (further) one.

    The engine stays connected as long as `doors`. Raises DockerFault where Docker is demanded and cannot be had.
    """
    no_docker = f"the image {target.image} is not on the engine"
    if how != "local":
        try:
            place = None
            place, containers = _in_docker(target, how, image, doors.enter_context((engine or connected)()))
        except DockerFault as fault:
            if how == "docker":
                raise
            no_docker = fault.message
        if place is not None:
            no_docker = "nothing was shown in the image"
            yield ProofRunner(f"image {place.image.id}", partial(_run_in_docker, containers, place, cache))
        if how == "docker":
            return
    try:
        runtime = find_runtime(target, cache)
    except CannotProve as reason:
        if how == "local":
            raise
        msg = f"{reason} ({no_docker})"
        raise CannotProve(msg) from reason
    yield ProofRunner(_identity(runtime), lambda root, request: run_locally(root, request, runtime))


def _in_docker(target: Target, how: How, image: str, containers: Containers) -> tuple[ProofImage | None, Containers]:
    from packager.prove.running.docker import find_place

    return find_place(containers, target, image, pull=how == "docker"), containers


def _run_in_docker(
    containers: Containers, place: ProofImage, cache: Path, root: CleanRoot, request: ProofRequest
) -> Run:
    from packager.prove.running.docker import lacks_runtime, run_in_container

    if request.ports:
        msg = "a container reaches no port of this machine; a proof with allow_network runs on the machine itself"
        raise CannotProve(msg)
    run = run_in_container(containers, place, root, request)
    if not lacks_runtime(run, request.target):
        return run
    if LANGUAGES[request.target.language].bootstrap:
        msg = f"{place.title} has no python3, which would serve the Runtime API inside; name one that has with --image"
        raise CannotProve(msg)
    # A bare system image: the runtime's exact major is brought along.
    folder = portable_interpreter(request.target, cache)
    return run_in_container(containers, place, root, request, folder)


def _identity(runtime: LocalRuntime) -> str:
    # Without namespaces the paths are others, and more may be reached: such a proof is another one.
    confined = "namespaces" if namespaces_allowed() else "no namespaces"
    return f"{runtime.title} on glibc {'.'.join(map(str, runtime.glibc))}, {confined}"


@contextmanager
def connected() -> Iterator[Containers]:
    from packager.containers.docker_engine import connect

    with connect(os.environ, Path.home()) as engine:
        yield engine
