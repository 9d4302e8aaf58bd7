"""A proof in a container: the target's image, or a named one standing in for it, closed as Lambda's sandbox is."""

from __future__ import annotations

import os
import stat
import tarfile
from contextlib import contextmanager
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from packager.languages.registry import LANGUAGES
from packager.model.containers import Command, ContainerLimits, ReadOnlyTree
from packager.prove.judging.outcome import Run
from packager.prove.judging.report import Report, read_event, read_report
from packager.prove.loaders import scripts as loaders
from packager.prove.running.process import GROUP_ID, PROCESSES, TMP_BYTES
from packager.prove.running.request import runtime_environment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from packager.model.containers import Containers, Image, Outcome
    from packager.model.targets import Target
    from packager.prove.running.request import ProofRequest
    from packager.prove.running.unpack import CleanRoot

_PIECE = 1 << 20


@dataclass(frozen=True)
class ProofImage:
    """An image to prove in."""

    image: Image
    official: bool
    """Whether it is the target's own image rather than a stand-in."""
    title: str
    """``image public.ecr.aws/lambda/nodejs:22 (1a2b3c4d5e6f)``; says so if it stands in."""


def find_place(containers: Containers, target: Target, named: str, *, pull: bool) -> ProofImage | None:
    """Return the image to prove in: the named one, else the target's own; None where it is not there and not to pull.

    A named image is always pulled if need be: the user asked for it. Raises DockerFault when a pull fails.
    """
    name = named or target.image
    image = containers.find_image(name, target.arch)
    if image is None and (pull or named):
        image = containers.pull(name, target.arch)
    if image is None:
        return None
    official = name == target.image
    title = f"image {name} ({image.id.removeprefix('sha256:')[:12]})"
    return ProofImage(image, official, title if official else f"{title}, standing in for {target.image}")


def run_in_container(
    containers: Containers,
    place: ProofImage,
    root: CleanRoot,
    request: ProofRequest,
    runtime_folder: Path | None = None,
) -> Run:
    """Load the bundle in a fresh container and return how that went.

    `runtime_folder` goes to ``/var/lang`` for images that lack the runtime: a folder with ``bin/node``.
    """
    with started(containers, place, root, request, runtime_folder) as load:
        return load()


@contextmanager
def started(
    containers: Containers,
    place: ProofImage,
    root: CleanRoot,
    request: ProofRequest,
    runtime_folder: Path | None = None,
) -> Iterator[Callable[..., Run]]:
    """Start a container with the bundle in it and yield what loads it there, in a new process each time.

    Called with ``traced=True`` it takes the start apart, package by package; with ``bare``, a command, it runs that
    instead, for comparison.
    """
    system = request.target.system
    trees = [
        ReadOnlyTree(PurePosixPath(system.function_root), _tar(root.task)),
        ReadOnlyTree(PurePosixPath(system.layer_root), _tar(root.layers)),
        ReadOnlyTree(PurePosixPath("/packager"), _our_files(request)),
    ]
    if root.runtime.is_dir():
        trees.append(ReadOnlyTree(PurePosixPath(system.runtime_root), _tar(root.runtime)))
    if runtime_folder is not None:
        trees.append(ReadOnlyTree(PurePosixPath("/var/lang"), _tar(runtime_folder, only="bin")))
    limits = ContainerLimits(
        memory_bytes=request.memory_bytes,
        pids=PROCESSES,
        network=False,
        read_only=True,
        user=f"{system.user_id}:{GROUP_ID}",
        tmpfs=(("/tmp", f"size={TMP_BYTES},mode=1777,exec"),),
        drop_capabilities=True,
    )
    environment = tuple(runtime_environment(request).items())
    with containers.start(place.image, limits=limits, environment=environment, trees=trees) as container:

        def load(*, traced: bool = False, bare: tuple[str, ...] = ()) -> Run:
            events: list[dict[str, object]] = []

            def on_line(line: str) -> None:
                event = read_event(request.marker, line)
                if event is not None:
                    events.append(event)

            command = _command(request, traced)
            outcome = container.run(replace(command, argv=bare) if bare else command, on_line)
            return _run(place, outcome, read_report(events), request.marker)

        yield load


def _command(request: ProofRequest, traced: bool) -> Command:
    proof = LANGUAGES[request.target.language].proof
    preloads = (proof.preload, f"/packager/{proof.tracer}") if traced else proof.image_flags
    flags = (*request.flags, *preloads)
    return Command(
        argv=(proof.program, *flags, f"/packager/{proof.loader}", request.marker, "1", "/packager/request.json"),
        workdir=PurePosixPath(request.target.system.function_root),
        timeout_seconds=request.timeout_seconds,
    )


def _run(place: ProofImage, outcome: Outcome, report: Report, marker: str) -> Run:
    lines = [line for line in outcome.output.splitlines() if line and not line.startswith(marker)]
    return Run(
        how="docker",
        where=place.title,
        official=place.official,
        report=report,
        exit_code=outcome.exit_code,
        output="\n".join(lines),
        timed_out=outcome.timed_out,
        out_of_memory=outcome.out_of_memory,
        processes=outcome.processes,
    )


def lacks_runtime(run: Run, target: Target) -> bool:
    """Return whether the image had no such interpreter, or one of another version: then nothing has been shown."""
    if not run.report.version:
        return run.exit_code in (126, 127)  # the engine's and the shell's codes for "no such program"
    if LANGUAGES[target.language].bootstrap:
        return False
    return not f"{run.report.version}.".startswith(f"{target.language_version}.")


def _our_files(request: ProofRequest) -> Iterator[bytes]:
    system = request.target.system
    names = loaders.files(request.target.language)
    buffer = BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, content in (
            *((name, (loaders.FOLDER / name).read_bytes()) for name in names),
            ("request.json", request.to_json(system.function_root, system.layer_root).encode()),
        ):
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(content), 0o444
            tar.addfile(member, BytesIO(content))
    yield buffer.getvalue()


def _tar(tree: Path, *, only: str = "") -> Iterator[bytes]:
    """Yield a folder as a tar that belongs to root, modes kept: what the runtime's user may not read stays so."""
    top = tarfile.TarInfo(".")
    top.type, top.mode = tarfile.DIRTYPE, 0o755
    yield top.tobuf(tarfile.PAX_FORMAT, "utf-8", "surrogateescape")
    for folder, subfolders, names in os.walk(tree / only):
        subfolders.sort()
        for name in sorted((*subfolders, *names)):
            path = Path(folder, name)
            yield from _member(path, path.relative_to(tree).as_posix())
    yield bytes(2 * tarfile.BLOCKSIZE)


def _member(path: Path, name: str) -> Iterator[bytes]:
    facts = path.lstat()
    member = tarfile.TarInfo(name)
    member.mode = stat.S_IMODE(facts.st_mode)
    if stat.S_ISLNK(facts.st_mode):
        member.type, member.linkname = tarfile.SYMTYPE, os.fspath(path.readlink())
    elif stat.S_ISDIR(facts.st_mode):
        member.type = tarfile.DIRTYPE
    # We may not read it, nor may the runtime: inside it is refused before its content would matter.
    elif os.access(path, os.R_OK):
        member.size = facts.st_size
    yield member.tobuf(tarfile.PAX_FORMAT, "utf-8", "surrogateescape")
    if member.size:
        with path.open("rb") as file:
            while piece := file.read(_PIECE):
                yield piece
        yield bytes(-member.size % tarfile.BLOCKSIZE)
