"""What stages are handed beside their inputs: programs, places to work in, progress. They may change no byte."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from packager.core.progress import Stopwatch
    from packager.model.builds import Builder
    from packager.model.bytecode import FindPython
    from packager.model.contents import Contents
    from packager.model.plan import BuilderName
    from packager.model.proof import Proof
    from packager.model.stages import ProveInputs
    from packager.model.tracing import Bundler, Tracer


class Prover(Protocol):
    """Loads a finished archive as its target would."""

    def __call__(self, inputs: ProveInputs, archive: Path, layers: Sequence[Path]) -> Proof:
        """Return what the proof showed; failing is a result, no exception."""


@dataclass(frozen=True)
class Tools:
    """The programs of this machine. Tests put fakes in their places."""

    builders: Callable[[BuilderName], Builder]
    """Returns the builder of a name; connects to Docker only when asked for it."""
    prover: Prover
    tracer: Tracer
    bundler: Bundler
    interpreters: FindPython
    """Finds an interpreter of the target's version, for compiling modules."""


@dataclass(frozen=True)
class Workbench:
    """Where the stages of one bundle work."""

    tools: Tools
    contents: Contents
    scratch: Path
    """Lasts as long as the run."""
    cache: Path
    jobs: int | None
    """Threads for compressing; None: one per usable processor."""
    watch: Stopwatch
