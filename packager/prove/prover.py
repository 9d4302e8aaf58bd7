"""Does it load? The one question of this room, asked of a finished zip with its layers."""

from __future__ import annotations

import os
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from packager.archive.reader import open_archive
from packager.audit import Finding
from packager.errors import DockerFault
from packager.prove import Proof
from packager.prove.causes import Scene
from packager.prove.interpreters import CannotProve, find_runtime, node_folder_or_reason
from packager.prove.local import run_locally
from packager.prove.natives import native_files
from packager.prove.outcome import judge
from packager.prove.request import Request
from packager.prove.unpack import clean_root

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from packager.catalog.records import Target
    from packager.containers import Containers
    from packager.prove.outcome import Run
    from packager.prove.unpack import CleanRoot

How = Literal["auto", "docker", "local"]
DEFAULT_MEMORY_BYTES = 1 << 30


def prove(
    artifact: Path,
    layers: Sequence[Path] = (),
    *,
    target: Target,
    handler: str,
    environment: Mapping[str, str],
    how: How = "auto",
    timeout_seconds: float = 30,
    event: object | None = None,
    image: str = "",
    cache: Path,
    packages: Sequence[str] = (),
    dropped: Mapping[str, str] | None = None,
    memory_bytes: int = DEFAULT_MEMORY_BYTES,
    engine: Callable[[], AbstractContextManager[Containers]] | None = None,
) -> Proof:
    """Unpack the zip and its layers read-only into a clean root and load the handler as the runtime would.

    A layer is proved by opening its native files and loading the `packages` named. With an `event` the handler is
    called, too. `how` "auto" takes Docker where the target's image (or the named `image`) is at hand, else this
    machine's own runtime, else the proof is skipped with the reason. `dropped` (path → reason) lets a finding say
    which trimming rule took away what is missing. `engine` replaces the search for a Docker engine.
    Raises ArtifactError for an unreadable zip, and DockerFault where Docker is demanded and cannot be had.
    """
    if target.language == "provided":
        return _bootstrap(artifact, layers)
    is_layer = target.kind == "layer"
    system = target.system
    with clean_root(None if is_layer else artifact, [*layers, artifact] if is_layer else layers) as root:
        natives = (
            *native_files(root.task, system.function_root, target),
            *native_files(root.layers, system.layer_root, target),
        )
        request = Request(handler if not is_layer else "", natives, tuple(packages), event, timeout_seconds)
        if not (request.handler or request.natives or request.packages):
            return _skipped("nothing native in it to load; it is proved with the function that uses it")
        scene = Scene(
            artifact=artifact.name,
            task_root=system.function_root,
            layer_root=system.layer_root,
            layers=tuple(path.name for path in ([*layers, artifact] if is_layer else layers)),
            layer_packages=_packages(root.layers / target.layer_paths.packages),
            dropped=dropped,
        )
        try:
            run = _run(root, request, target, environment, how, image, cache, memory_bytes, engine or _connect)
        except CannotProve as reason:
            return _skipped(str(reason))
        return judge(run, request, target, scene)


def _run(
    root: CleanRoot,
    request: Request,
    target: Target,
    environment: Mapping[str, str],
    how: How,
    image: str,
    cache: Path,
    memory_bytes: int,
    engine: Callable[[], AbstractContextManager[Containers]],
) -> Run:
    """Return the run in the best place there is; raises CannotProve if there is none."""
    no_docker = ""
    if how != "local":
        try:
            run = _in_docker(
                root, request, target, environment, image, cache, memory_bytes, engine, pull=how == "docker"
            )
        except DockerFault as fault:
            if how == "docker":
                raise
            run, no_docker = None, fault.message
        if run is not None:
            return run
    try:
        runtime = find_runtime(target, cache)
        return run_locally(root, request, target, environment, runtime, memory_bytes=memory_bytes)
    except CannotProve as reason:
        if how == "local":
            raise
        msg = f"{reason} ({no_docker or f'the image {target.image} is not on the engine'})"
        raise CannotProve(msg) from reason


def _in_docker(
    root: CleanRoot,
    request: Request,
    target: Target,
    environment: Mapping[str, str],
    image: str,
    cache: Path,
    memory_bytes: int,
    engine: Callable[[], AbstractContextManager[Containers]],
    *,
    pull: bool,
) -> Run | None:
    """Return the run in a container; None where the image is not at hand."""
    from packager.prove.docker import find_place, lacks_runtime, run_in_container

    with engine() as containers:
        place = find_place(containers, target, image, pull=pull)
        if place is None:
            return None
        run = run_in_container(containers, place, root, request, target, environment, memory_bytes=memory_bytes)
        if not lacks_runtime(run, target):
            return run
        # A bare system image: the runtime's exact major is brought along.
        folder = node_folder_or_reason(target, cache)
        return run_in_container(
            containers, place, root, request, target, environment, memory_bytes=memory_bytes, runtime_folder=folder
        )


@contextmanager
def _connect() -> Iterator[Containers]:
    from packager.containers.docker_engine import connect

    with connect(os.environ, Path.home()) as engine:
        yield engine


def _bootstrap(artifact: Path, layers: Sequence[Path]) -> Proof:
    """Look at the entry point of a custom runtime: the function's ``bootstrap``, else a layer's, later ones first."""
    for path in (artifact, *reversed(layers)):
        with open_archive(path) as archive:
            for member in archive.members:
                if member.path != "bootstrap":
                    continue
                with archive.open(member) as stream:
                    start = stream.read(4)
                if start != b"\x7fELF" and not start.startswith(b"#!"):
                    message = "is neither an ELF program nor a script with `#!`"
                    return _no_bootstrap(f"{path.name}!bootstrap", message, "put the compiled program there")
                if member.mode is not None and not member.mode & 0o001:
                    message = "may not be executed by everybody"
                    return _no_bootstrap(f"{path.name}!bootstrap", message, "give it mode 0755; `packager pack` does")
                return _skipped("bootstrap is there and executable; it starts only against the Runtime API")
    message = "has no bootstrap, which a custom runtime starts with"
    return _no_bootstrap(artifact.name, message, "put an executable `bootstrap` at the root of the zip or of a layer")


def _no_bootstrap(subject: str, message: str, fix: str) -> Proof:
    finding = Finding("RUN018", "error", subject, message, fix)
    return Proof("failed", "", "", f"{subject} {message}", (finding,))


def _skipped(reason: str) -> Proof:
    return Proof("skipped", "", "", f"audited, not proved: {reason}")


def _packages(folder: Path) -> frozenset[str]:
    """Return the names of the packages in a ``node_modules``."""
    if not folder.is_dir():
        return frozenset()
    scoped = (f"{scope.name}/{entry.name}" for scope in folder.glob("@*") for entry in scope.iterdir())
    return frozenset((*(entry.name for entry in folder.iterdir()), *scoped))
