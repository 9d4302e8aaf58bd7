"""How a plan is carried out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol

from packager.core.resources import default_cache

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from packager.model.plan import Bundle
    from packager.model.proof import Proof
    from packager.model.selection import Selection


ProveMode = Literal["auto", "skip", "require"]


@dataclass(frozen=True)
class Options:
    """How to do what the plan says; of these, only `fit` changes which files are packed."""

    out: Path
    """Output folder on this machine."""
    cache: Path = field(default_factory=default_cache)
    level: int = 6
    """libdeflate level, 1 to 12. Part of the bytes."""
    jobs: int | None = None
    """Threads for compressing; None: one per usable processor."""
    prove: ProveMode = "auto"
    prove_image: str = ""
    """A named stand-in to prove in, in place of the target's own image."""
    fit: bool = False
    """Bring a bundle that is over its limits under them, by the cheapest measures that do."""
    fresh: bool = False
    """Install and generate anew, whatever earlier runs have kept."""
    keep_scratch: bool = False
    """Leave the scratch folder for a look at it (``-v`` names it)."""


class Prover(Protocol):
    """Loads a finished artifact as its target would."""

    def __call__(
        self, bundle: Bundle, selection: Selection, artifact: Path, layers: Sequence[Path], options: Options
    ) -> Proof:
        """Return what the proof showed; failing is a result, no exception. The selection explains what is missing."""
