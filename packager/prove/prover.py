"""Does it load? The one question of this room, asked of a finished zip with its layers."""

from __future__ import annotations

import os
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from packager.errors import DockerFault
from packager.prove import Proof, skipped
from packager.prove.bootstrap import look_at_bootstrap
from packager.prove.interpreters import CannotProve, find_runtime, node_folder_or_reason
from packager.prove.local import run_locally
from packager.prove.natives import extension_modules, native_files
from packager.prove.outcome import judge
from packager.prove.request import Request
from packager.prove.scene import Scene
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
        return look_at_bootstrap(artifact, layers)
    is_layer = target.kind == "layer"
    system = target.system
    with clean_root(None if is_layer else artifact, [*layers, artifact] if is_layer else layers) as root:
        natives = (
            *native_files(root.task, system.function_root, target),
            *native_files(root.layers, system.layer_root, target),
        )
        request = Request(
            handler="" if is_layer else handler,
            target=target,
            own=environment,
            natives=natives,
            packages=tuple(packages),
            event=event,
            timeout_seconds=timeout_seconds,
            memory_bytes=memory_bytes,
        )
        if not (request.handler or request.natives or request.packages):
            return skipped("nothing native in it to load; it is proved with the function that uses it")
        scene = Scene(
            artifact=artifact.name,
            task_root=system.function_root,
            layer_root=system.layer_root,
            layers=tuple(path.name for path in ([*layers, artifact] if is_layer else layers)),
            layer_packages=_packages(root.layers / target.layer_paths.packages),
            dropped=dropped,
            extensions=extension_modules(root.task, root.layers) if target.language == "python" else (),
        )
        try:
            run = _run(root, request, how, image, cache, engine or _connect)
        except CannotProve as reason:
            return skipped(str(reason))
        return judge(run, request, scene)


def _run(
    root: CleanRoot,
    request: Request,
    how: How,
    image: str,
    cache: Path,
    engine: Callable[[], AbstractContextManager[Containers]],
) -> Run:
    """Return the run in the best place there is; raises CannotProve if there is none."""
    no_docker = ""
    if how != "local":
        try:
            run = _in_docker(root, request, image, cache, engine, pull=how == "docker")
        except DockerFault as fault:
            if how == "docker":
                raise
            run, no_docker = None, fault.message
        if run is not None:
            return run
    try:
        return run_locally(root, request, find_runtime(request.target, cache))
    except CannotProve as reason:
        if how == "local":
            raise
        msg = f"{reason} ({no_docker or f'the image {request.target.image} is not on the engine'})"
        raise CannotProve(msg) from reason


def _in_docker(
    root: CleanRoot,
    request: Request,
    image: str,
    cache: Path,
    engine: Callable[[], AbstractContextManager[Containers]],
    *,
    pull: bool,
) -> Run | None:
    """Return the run in a container; None where the image is not at hand."""
    from packager.prove.docker import find_place, lacks_runtime, run_in_container

    with engine() as containers:
        place = find_place(containers, request.target, image, pull=pull)
        if place is None:
            return None
        run = run_in_container(containers, place, root, request)
        if not lacks_runtime(run, request.target):
            return run
        # A bare system image: the runtime's exact major is brought along.
        folder = node_folder_or_reason(request.target, cache)
        return run_in_container(containers, place, root, request, folder)


@contextmanager
def _connect() -> Iterator[Containers]:
    from packager.containers.docker_engine import connect

    with connect(os.environ, Path.home()) as engine:
        yield engine


def _packages(folder: Path) -> frozenset[str]:
    """Return the names of the packages in a ``node_modules``."""
    if not folder.is_dir():
        return frozenset()
    scoped = (f"{scope.name}/{entry.name}" for scope in folder.glob("@*") for entry in scope.iterdir())
    return frozenset((*(entry.name for entry in folder.iterdir()), *scoped))
