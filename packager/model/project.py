"""A project folder: what its configuration says, and what it holds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from packager.model.proof import ProofSettings

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from packager.model.clients import Client
    from packager.model.generators import Engine
    from packager.model.plan import PackageManager, TrimLevel
    from packager.model.targets import Arch


@dataclass(frozen=True)
class Silence:
    """One accepted finding: it is still listed, but no longer says no."""

    code: str
    reason: str
    path: str = "**"
    """Glob of paths in the artifact."""


@dataclass(frozen=True)
class Generate:
    """The ``generate`` section."""

    command: tuple[str, ...] | None = None
    """Shell lines; None: those of the detected engines, (): none."""
    environment: dict[str, str] = field(default_factory=dict)
    timeout_seconds: float = 1800.0


@dataclass(frozen=True)
class BundleSpec:
    """One entry of ``bundles``, as the user wrote it."""

    name: str
    target: str
    runtime: str = ""
    """Empty: the host's default for the project's language."""
    arches: tuple[Arch, ...] = ("x86_64",)
    handler: str = ""
    src: tuple[str, ...] = ()
    """Entry files for hosts that route to files, or globs of them; empty: detected."""
    include: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    recipe: str = ""
    layers: tuple[str, ...] = ()
    budget_bytes: int | None = None
    environment: dict[str, str] = field(default_factory=dict)
    strip: bool = True
    compile: bool = False
    """Whether bytecode of the target's own Python goes beside the modules."""
    trim: TrimLevel = "safe"
    external: tuple[str, ...] = ()
    silence: tuple[Silence, ...] = ()
    proof: ProofSettings = field(default_factory=ProofSettings)


@dataclass(frozen=True)
class Project:
    """A project folder and what its configuration says."""

    root: Path
    bundles: tuple[BundleSpec, ...]
    generate: Generate = field(default_factory=Generate)
    builder: str = "auto"
    image: str = ""
    """A base image in place of the platform's own."""
    prove_image: str = ""
    """An image to prove in, in place of the target's own: a named stand-in."""
    config_file: str = ""
    """Name of the file this came from; empty if all was detected."""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Survey:
    """The facts of one source folder."""

    root: Path
    language: str
    """``nodejs``, ``python`` or ``provided``."""
    manager: PackageManager | None
    lock_file: str
    packages: Mapping[str, str] = field(default_factory=dict)
    """Package → locked version, as far as the lock file or requirements.txt says; empty text where it says none."""
    engines: tuple[Engine, ...] = ()
    """Everything recognised; of the generations of one generator those that clients are made with."""
    clients: tuple[Client, ...] = ()
    """What the schemas' generators write."""
    notes: tuple[str, ...] = ()

    @property
    def schema_file(self) -> str:
        """Return the first schema; empty if there is none."""
        return self.clients[0].schema_file if self.clients else ""

    @property
    def schema(self) -> Mapping[str, str]:
        """Return the facts of the first client; {} if there is none."""
        return self.clients[0].facts if self.clients else {}
