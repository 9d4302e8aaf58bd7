"""Does it load? The one question of this room, asked of a finished zip with its layers."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from functools import cached_property, partial
from typing import TYPE_CHECKING

from packager.core.errors import DockerFault
from packager.languages.registry import LANGUAGES
from packager.model.proof import SETTLE_SECONDS, TIMEOUT_SECONDS, CannotProve, Proof, skipped
from packager.prove import proof_cache
from packager.prove.judging.expect import as_expected
from packager.prove.judging.failure_context import FailureContext
from packager.prove.judging.missing import with_wanted
from packager.prove.judging.outcome import judge, missed_of_the_runtime, said_by, unknown_flags
from packager.prove.running.bootstrap import look_at_bootstrap
from packager.prove.running.brought import BroughtPackages
from packager.prove.running.natives import extension_modules, native_files
from packager.prove.running.request import ProofRequest
from packager.prove.running.runners import How, attempts
from packager.prove.running.unpack import clean_root
from packager.toolchains.runtime_packages import node_packages

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from packager.model.containers import Containers
    from packager.model.targets import Target
    from packager.prove.running.brought import PackageSource
    from packager.prove.running.runners import ProofRunner
    from packager.prove.running.unpack import CleanRoot

DEFAULT_MEMORY_BYTES = 1 << 30


def prove(
    artifact: Path,
    layers: Sequence[Path] = (),
    *,
    target: Target,
    handler: str,
    environment: Mapping[str, str],
    how: How = "auto",
    timeout_seconds: float = TIMEOUT_SECONDS,
    settle_seconds: float = SETTLE_SECONDS,
    allow_network: Sequence[str] = (),
    event: object | None = None,
    event_name: str = "the event",
    expect: object | None = None,
    image: str = "",
    cache: Path,
    packages: Sequence[str] = (),
    dropped: Mapping[str, str] | None = None,
    memory_bytes: int = DEFAULT_MEMORY_BYTES,
    entry: str = "",
    engine: Callable[[], AbstractContextManager[Containers]] | None = None,
    fresh: bool = False,
    fetch: bool = True,
) -> Proof:
    """Unpack the zip and its layers read-only into a clean root and load the handler as the runtime would.

    A layer is proved by opening its native files and loading the `packages` named. With an `event` the handler is
    called, too, and its answer compared with what `expect` says (a status or a part of the JSON; None: no error).
    `event_name` is what messages call it. `allow_network` names ports of this machine that the code may reach
    (``localhost:5432``); such a proof is never remembered. `how` "auto" takes Docker where the target's image (or the
    named `image`) is at hand and shows something, else this machine's own runtime, else the proof is skipped with the
    reason. `entry` is the file of the handler, where the host does not find it by the handler's name. `dropped` (path →
    reason) lets a finding say which trimming rule took away what is missing. `engine` replaces the search for a Docker
    engine. What was proved before of the same bytes in the same place is not run again, unless `fresh`. Without `fetch`
    no registry is asked for what the runtime brings along.
    Raises ArtifactError for an unreadable zip, and DockerFault where Docker is demanded and cannot be had.
    """
    if LANGUAGES[target.language].bootstrap:
        if target.kind == "layer":
            return skipped("a layer of a custom runtime is proved with the function that uses it")
        refused = look_at_bootstrap(artifact, layers)
        if refused is not None:
            return refused
        handler = handler or LANGUAGES[target.language].bootstrap
    request = ProofRequest(
        handler="" if target.kind == "layer" else handler,
        target=target,
        entry=entry,
        own=environment,
        packages=tuple(packages),
        event=event,
        event_name=event_name,
        timeout_seconds=timeout_seconds,
        settle_seconds=settle_seconds,
        allow_network=tuple(allow_network),
        memory_bytes=memory_bytes,
    )
    question = proof_cache.asked(artifact, layers, request)
    with ExitStack() as doors:
        get = partial(node_packages, cache=cache, fetch=fetch)
        bench = _Bench(artifact, layers, request, dropped, doors, get)
        places = attempts(target, how, image, cache, engine, doors)

        def known(place: str) -> Proof | None:
            return None if fresh or request.allow_network else proof_cache.recall(cache, question, place, artifact.name)

        proof = _first_word(bench, places, how, known)
        if bench.place and not request.allow_network:  # what a database answers today is no property of the bundle
            proof_cache.remember(cache, question, bench.place, proof)
    return as_expected(proof, expect, artifact.name)


def _first_word(bench: _Bench, places: Iterator[ProofRunner], how: How, known: Callable[[str], Proof | None]) -> Proof:
    """Return the first proof that shows something; where none does, why the best place did not."""
    said: Proof | None = None
    try:
        for place in places:
            try:
                proof = known(place.identity) or bench.ask(place)
            except CannotProve as reason:
                proof = skipped(str(reason))
            except DockerFault as fault:
                if how == "docker":
                    raise
                proof = skipped(f"{fault.where}: {fault.reason}" if fault.where else fault.reason)
            if proof.status != "skipped":
                return proof
            said = said or proof
    except CannotProve as reason:
        said = said or skipped(str(reason))
    return said or skipped("neither Docker nor this machine can run it")


class _Bench:
    """The zip and its layers, unpacked when a place first needs them, gone with `doors`."""

    def __init__(
        self,
        artifact: Path,
        layers: Sequence[Path],
        request: ProofRequest,
        dropped: Mapping[str, str] | None,
        doors: ExitStack,
        get: PackageSource,
    ) -> None:
        self._get = get
        self.place = ""
        """Identity of the last place that was asked; empty if none had to be."""
        self._request = request
        self._function = None if request.target.kind == "layer" else artifact
        self._layers = [*layers, artifact] if request.target.kind == "layer" else list(layers)
        self._artifact = artifact
        self._dropped = dropped
        self._doors = doors

    def ask(self, place: ProofRunner) -> Proof:
        """Return what a run in that place shows."""
        self.place = place.identity
        root, request, scene = self._laid_out
        if not (request.handler or request.natives or request.packages):
            return skipped("it contains nothing native to load; it is proved with the function that uses it")
        run = place.run(root, request)
        while unknown := unknown_flags(run, request):
            request = replace(request, unknown_flags=request.unknown_flags | unknown)
            run = place.run(root, request)
        while (missed := missed_of_the_runtime(run, request.target)) and self._brought.add(missed):
            run = place.run(root, request)
        proof = with_wanted(judge(run, request, scene), said_by(run), scene)
        note = self._brought.note()
        return replace(proof, detail=f"{proof.detail}, {note}") if note and proof.status == "proved" else proof

    @cached_property
    def _brought(self) -> BroughtPackages:
        root, request, _ = self._laid_out
        return BroughtPackages(request.target, root, self._get)

    @cached_property
    def _laid_out(self) -> tuple[CleanRoot, ProofRequest, FailureContext]:
        target, system = self._request.target, self._request.target.system
        root = self._doors.enter_context(clean_root(self._function, self._layers))
        natives = (
            *native_files(root.task, system.function_root, target),
            *native_files(root.layers, system.layer_root, target),
        )
        scene = FailureContext(
            artifact=self._artifact.name,
            task_root=system.function_root,
            layer_root=system.layer_root,
            layers=tuple(path.name for path in self._layers),
            layer_packages=_packages(root.layers / target.layer_paths.packages),
            dropped=self._dropped,
            runtime=f"{target.name} {target.runtime}",
            flags=system.flags_of(self._request.own),
            imports_layers=bool(system.import_variable),
            extensions=extension_modules(target, root.task, root.layers),
        )
        return root, replace(self._request, natives=natives), scene


def _packages(folder: Path) -> frozenset[str]:
    """Return the names of the packages in a ``node_modules``."""
    if not folder.is_dir():
        return frozenset()
    scoped = (f"{scope.name}/{entry.name}" for scope in folder.glob("@*") for entry in scope.iterdir())
    return frozenset((*(entry.name for entry in folder.iterdir()), *scoped))
