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
    """The finding's code: ``LIB002``. A code that does not exist is an error."""
    reason: str
    """Why it is accepted. It is shown beside the finding."""
    path: str = "**"
    """Glob of paths in the artifact. A secret is accepted only by its exact path."""


@dataclass(frozen=True)
class Generate:
    """The ``generate`` section."""

    command: tuple[str, ...] | None = None
    """Shell lines. Without them those of the detected engines run; an empty list runs none."""
    environment: dict[str, str] = field(default_factory=dict)
    """Variables for these commands, such as ``DATABASE_URL``."""
    timeout_seconds: float = 1800.0
    """Seconds after which a command is ended and the build fails."""


@dataclass(frozen=True)
class BundleSpec:
    """One entry of ``bundles``, as the user wrote it."""

    name: str
    target: str
    """Where it runs: a name that ``packager targets`` lists."""
    runtime: str = ""
    """Empty: the host's default for the project's language."""
    arches: tuple[Arch, ...] = ("x86_64",)
    """One or more architectures; each of several gets an archive of its own."""
    handler: str = ""
    """The function that the host calls, as the host writes it: ``src/handler.handler``; empty: detected."""
    src: tuple[str, ...] = ()
    """Entry files for hosts that route to files, or globs of them; empty: detected."""
    include: tuple[str, ...] = ()
    """Ordered patterns for the project's own files. The last match wins, ``!`` excludes; where the first pattern
    includes, files without a match stay out."""
    packages: tuple[str, ...] = ()
    """The packages of a layer; what they need comes with them. Empty: those of the recipe, or all."""
    recipe: str = ""
    """A layer recipe that ``packager layer list`` shows: ``prisma-client``."""
    layers: tuple[str, ...] = ()
    """Bundles of this file that are layers beneath the function, from bottom to top: what they carry is left out."""
    budget_bytes: int | None = None
    """Your own limit for the zip, as bytes or as a size such as ``25mb``; a larger zip is an error."""
    environment: dict[str, str] = field(default_factory=dict)
    """Variables that the function has on the host; the proof sets them."""
    strip: bool = True
    """Whether symbols that only debuggers read are removed from native files."""
    compile: bool = False
    """Whether bytecode of the target's own Python goes beside the modules."""
    trim: TrimLevel = "safe"
    """How much of what is installed is left out."""
    external: tuple[str, ...] = ()
    """Packages, or globs of them, that ``trim: bundle`` leaves as they are."""
    silence: tuple[Silence, ...] = ()
    """Findings that are accepted in this bundle."""
    proof: ProofSettings = field(default_factory=ProofSettings)
    """Events that the proof calls the handler with, and what it may use."""


@dataclass(frozen=True)
class Project:
    """A project folder and what its configuration says."""

    root: Path
    bundles: tuple[BundleSpec, ...]
    """Name → what is built under that name, into ``dist/<name>.zip``."""
    generate: Generate = field(default_factory=Generate)
    """How engines and clients are generated after the install; without it, the detected engine's own generator runs."""
    builder: str = "auto"
    """Where packages are installed: ``docker``, ``local``, or ``auto``: Docker where an engine has the image."""
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
