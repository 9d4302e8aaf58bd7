"""A bundle over its limits: the measures that would bring it under them, and the trials that were made."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from packager.model.plan import TrimLevel


Certainty = Literal["exact", "about", "unknown"]
"""Of a saving: weighed file by file, told from a sample, or not to be told without doing it."""


@dataclass(frozen=True)
class Excess:
    """How far a bundle is over its limits, in bytes, and the limits it is to meet; 0 and None where none is broken."""

    zipped: int = 0
    unzipped: int = 0
    zipped_limit: int | None = None
    """None also where only a direct upload is limited and the bundle has a worse fault: S3 takes more."""
    unzipped_limit: int | None = None
    """Of the bundle together with the layers beneath it, where the host counts so."""

    def __bool__(self) -> bool:
        return bool(self.zipped or self.unzipped)


@dataclass(frozen=True)
class Settings:
    """One way to make a bundle. What the user chose is the first; measures change one thing each."""

    trim: TrimLevel
    level: int
    """Of compression."""
    strip: bool
    layers: int = 0
    """How many layers its packages are split into."""


@dataclass(frozen=True)
class Measure:
    """One thing that would make a bundle smaller, and what it would save by itself."""

    name: str
    """``strip``, ``compile``, ``best``, ``max``, ``strict``, ``trace``, ``bundle``, ``layers``, ``host``."""
    what: str
    """For people, a clause."""
    certainty: Certainty
    zipped: int = 0
    """Bytes less in the zip."""
    unzipped: int = 0
    """Bytes less once it is unpacked, with all its layers."""
    automatic: bool = True
    """Whether ``--fit`` may do it; otherwise it is for the user to decide."""
    permanent: str = ""
    """What to write or type to have it every time."""

    def to_json(self) -> dict[str, Any]:
        """Return the fields for ``--json``."""
        return {
            "name": self.name,
            "what": self.what,
            "certainty": self.certainty,
            "saves_zipped_bytes": self.zipped,
            "saves_unzipped_bytes": self.unzipped,
            "automatic": self.automatic,
            "permanent": self.permanent,
        }


@dataclass(frozen=True)
class Trial:
    """One combination that was made, and what came of it."""

    what: str
    zipped_bytes: int
    unzipped_bytes: int
    """With layers."""
    outcome: Literal["fits", "too big", "not proved", "refused"]
    detail: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return the fields for ``--json``."""
        return {
            "what": self.what,
            "zipped_bytes": self.zipped_bytes,
            "unzipped_bytes": self.unzipped_bytes,
            "outcome": self.outcome,
            "detail": self.detail,
        }


@dataclass(frozen=True)
class FitPlan:
    """What would bring a bundle under its limits, and what was done about it."""

    excess: Excess
    measures: tuple[Measure, ...]
    """Those that save most first."""
    likely: str = ""
    """The cheapest combination that should fit, in words; empty if none should."""
    command: str = ""
    """What to run for it."""
    trials: tuple[Trial, ...] = ()
    """What ``--fit`` made, in order; the last one is the bundle that came of it if it fits."""
    applied: tuple[str, ...] = ()
    """Names of the measures in the bundle that came of it."""
    layers: tuple[str, ...] = ()
    """Names of the layers that were made for it, in the order they are mounted; others may share them."""
    permanent: tuple[str, ...] = ()
    """Lines for packager.yaml, or an option, that give the same without ``--fit``."""
    image_route: tuple[str, ...] = field(default=())
    """What to do where nothing fits and the host runs container images; a line each."""

    @property
    def fits(self) -> bool:
        """Return whether one of the trials brought the bundle under its limits."""
        return bool(self.trials) and self.trials[-1].outcome == "fits"

    def to_json(self) -> dict[str, Any]:
        """Return the document of the plan for ``--json``."""
        return {
            "over_zipped_bytes": self.excess.zipped,
            "over_unzipped_bytes": self.excess.unzipped,
            "measures": [measure.to_json() for measure in self.measures],
            "likely": self.likely,
            "command": self.command,
            "trials": [trial.to_json() for trial in self.trials],
            "fits": self.fits,
            "applied": list(self.applied),
            "layers": list(self.layers),
            "permanent": list(self.permanent),
            "image_route": list(self.image_route),
        }
