"""What the caller decides beyond the project's configuration: one value from the command line to the last stage."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from packager.core.resources import default_cache

if TYPE_CHECKING:
    from packager.model.plan import TrimLevel
    from packager.model.targets import Arch

ProveMode = Literal["auto", "skip", "require"]


@dataclass(frozen=True)
class BuildOptions:
    """The options of a build. The defaults are those of ``packager build``."""

    out: Path = Path("dist")
    """Output folder on this machine; a relative one is relative to the project."""
    cache: Path = field(default_factory=default_cache)

    bundles: tuple[str, ...] = ()
    """Names of the bundles to build; empty: all."""
    target: str = ""
    """In place of every function's own, as are the following; empty or None: the configuration's."""
    runtime: str = ""
    arches: tuple[Arch, ...] = ()
    budget_bytes: int | None = None
    trim: TrimLevel | None = None

    builder: str = ""
    """``auto``, ``docker``, ``local``; empty: the configuration's."""
    image: str = ""
    """A base image in place of the platform's own; empty: the configuration's."""
    timeout_seconds: float | None = None
    """For each command while building; None: the configuration's."""
    fix_schema: bool = False
    """Build with the binary target that is needed where the schema does not name it."""
    offline: bool = False
    """Nothing may be fetched: packages, engines and tools come from caches or not at all."""
    fresh: bool = False
    """Install and generate again, whatever earlier runs have kept."""
    engine_variables: tuple[tuple[str, str], ...] = ()
    """This machine's variables that name engines (``PRISMA_QUERY_ENGINE_LIBRARY``, …)."""

    level: int = 6
    """libdeflate level, 1 to 12. Part of the bytes."""
    jobs: int | None = None
    """Threads for compressing; None: one per usable processor."""
    prove: ProveMode = "auto"
    prove_image: str = ""
    """A named stand-in to prove in, in place of the target's own image."""
    fit: bool = False
    """Bring a bundle that is over its limits under them, by the cheapest measures that do."""
    sbom: bool = False
    """Deliver a bill of materials beside each archive."""
    keep_scratch: bool = False
    """Leave the scratch folder for a look at it (``-v`` names it)."""
