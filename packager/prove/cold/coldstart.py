"""How fast it starts: fresh processes of the runtime, taken in turns with another artifact if there is one.

Times are the process's own, from its beginning: what starting a container or a sandbox costs is not in them. The page
cache is warm after the first start, which is not counted; a real cold start also fetches and unpacks the zip.
"""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from packager.archive.read.reader import open_archive
from packager.core.errors import ArtifactError, DockerFault, EnvironmentFault, UsageError
from packager.languages.registry import LANGUAGES
from packager.model.proof import CannotProve
from packager.prove.running.local import run_locally
from packager.prove.running.runners import connected
from packager.prove.running.unpack import clean_root
from packager.toolchains.interpreters import find_runtime

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from packager.prove.judging.outcome import Run
    from packager.prove.running.request import ProofRequest
    from packager.prove.running.runners import How

_TRACED_PACKAGES = 10


@dataclass(frozen=True)
class TimedBundle:
    """What is started: a function's zip with its layers."""

    artifact: Path
    layers: tuple[Path, ...] = ()


@dataclass(frozen=True)
class Start:
    """One fresh start; milliseconds and bytes."""

    process_ms: float
    """Until the runtime runs its first line of code."""
    load_ms: float
    """From there until the handler is loaded."""
    call_ms: float | None
    """The first call; None without an event."""
    peak_bytes: int
    read_bytes: int
    """Read, not mapped: native files count with what is read of them."""
    modules: int

    @property
    def init_ms(self) -> float:
        """Return the time until the handler could be called."""
        return self.process_ms + self.load_ms

    @property
    def total_ms(self) -> float:
        """Return the time until the first answer, or until the handler could be called."""
        return self.init_ms + (self.call_ms or 0)


@dataclass(frozen=True)
class ColdStart:
    """All starts of one artifact."""

    name: str
    where: str
    starts: tuple[Start, ...]
    traced: tuple[tuple[str, float], ...]
    """(package or native file, own milliseconds), the slowest first; of one start that was taken apart."""
    zipped_bytes: int
    unzipped_bytes: int
    files: int
    opened: int = 0
    """How many of the files the traced start opened."""


def measure(
    bundles: Sequence[TimedBundle],
    count: int,
    request: ProofRequest,
    *,
    how: How = "auto",
    image: str = "",
    cache: Path,
) -> list[ColdStart]:
    """Start each bundle `count` times, in turns, as the request has it, and return what each start cost.

    Raises UsageError for runtimes other than Node, ArtifactError for a bundle that does not start, EnvironmentFault
    where there is no place to start it in.
    """
    if not LANGUAGES[request.target.language].proof.tracer:
        msg = f"cold starts are measured for Node only, not for {request.target.runtime}"
        raise UsageError(msg, where="--cold-start")
    with ExitStack() as stack:
        loads = [stack.enter_context(_place(bundle, request, how, image, cache)) for bundle in bundles]
        for bundle, load in zip(bundles, loads, strict=True):
            _start(load(), bundle)  # the first one fills the page cache
        taken: list[list[Start]] = [[] for _ in bundles]
        where = ""
        for _ in range(count):
            for bundle, load, starts in zip(bundles, loads, taken, strict=True):
                run = load()
                where = run.where
                starts.append(_start(run, bundle))
        apart = [load(traced=True).report for load in loads]
    return [
        ColdStart(
            bundle.artifact.name,
            where,
            tuple(starts),
            report.traced[:_TRACED_PACKAGES],
            *_weigh(bundle),
            opened=report.opened,
        )
        for bundle, starts, report in zip(bundles, taken, apart, strict=True)
    ]


@contextmanager
def _place(
    bundle: TimedBundle, request: ProofRequest, how: How, image: str, cache: Path
) -> Iterator[Callable[..., Run]]:
    """Yield what starts a bundle from scratch each time it is called: in one container, else on this machine."""
    with ExitStack() as stack:
        root = stack.enter_context(clean_root(bundle.artifact, bundle.layers))
        if how != "local":
            try:
                containers = stack.enter_context(connected())
                from packager.prove.running.docker import find_place, started

                place = find_place(containers, request.target, image, pull=how == "docker")
            except DockerFault:
                if how == "docker":
                    raise
                place = None
            if place is not None:
                yield stack.enter_context(started(containers, place, root, request))
                return
        try:
            runtime = find_runtime(request.target, cache)
        except CannotProve as reason:
            raise EnvironmentFault(str(reason)) from reason

        def load(*, traced: bool = False) -> Run:
            return run_locally(root, replace(request, traced=traced), runtime)

        yield load


def _start(run: Run, bundle: TimedBundle) -> Start:
    report = run.report
    if not report.done:
        said = report.failure.message if report.failure else run.output[-500:] or f"exit code {run.exit_code}"
        msg = f"does not start: {said}"
        raise ArtifactError(msg, where=str(bundle.artifact), fix="run `packager prove` to see why")
    times = report.times
    begun, loaded = times["start"], times["handler"]
    called = times["answer"] - loaded if "answer" in times else None
    usage = report.usage
    return Start(begun, loaded - begun, called, usage["peakBytes"], usage["readBytes"], usage["modules"])


def _weigh(bundle: TimedBundle) -> tuple[int, int, int]:
    """Return bytes zipped and unzipped, and files, of the artifact and its layers together."""
    zipped = unzipped = files = 0
    for path in (bundle.artifact, *bundle.layers):
        zipped += path.stat().st_size
        with open_archive(path) as archive:
            unzipped += sum(member.size_bytes for member in archive.members)
            files += len(archive.members)
    return zipped, unzipped, files
