"""What will be built, where and why: decided before anything starts, printed by ``packager plan``."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, get_args

from packager.model.proof import ProofSettings

if TYPE_CHECKING:
    from pathlib import Path

    from packager.model.clients import EngineFile
    from packager.model.generators import Engine
    from packager.model.targets import Arch, Budget, Kind, Language, Libc, Platform, Target

BuilderName = Literal["docker", "local"]
TrimLevel = Literal["none", "safe", "strict", "trace", "bundle"]
"""How much of what is installed is left out; each level leaves out what the one before does, `bundle` rewrites code."""
TRIM_LEVELS: tuple[TrimLevel, ...] = get_args(TrimLevel)
TRACED: tuple[TrimLevel, ...] = ("trace", "bundle")
"""The levels that start from the entries' code: they need an entry, tools from npm, and a proof."""
PackageManager = Literal["npm", "pnpm", "yarn", "pip"]


@dataclass(frozen=True)
class Job:
    """One install-and-generate run in one userland. Bundles whose jobs are equal share its tree."""

    source: Path
    """The project folder on this machine. Read, never written."""
    builder: BuilderName
    platform: Platform
    """The userland the result is for: docker builds in its image, local asks package managers for its libc."""
    arch: Arch
    libc: Libc
    language: Language
    language_version: str
    """Node major (``22``) or Python version (``3.12``); empty for custom runtimes."""
    manager: PackageManager | None
    """None: nothing to install."""
    lock_file: str
    """Name of the lock or requirements file, relative to `source`; empty if nothing to install."""
    engines: tuple[Engine, ...] = ()
    """What was recognised in the project, the generator's first."""
    generate: tuple[str, ...] = ()
    """Shell lines run after the install, in the project folder."""
    environment: tuple[tuple[str, str], ...] = ()
    """Set while installing and generating. ``{any_file}`` is filled in by the builder."""
    timeout_seconds: float = 1800.0
    """For each command."""
    image: str = ""
    """A base image that replaces the platform's own (``--image``); the audit still judges by the target."""
    ignore: tuple[str, ...] = ()
    """Project paths that never go in: what earlier runs wrote."""
    binary_targets: tuple[tuple[str, str], ...] = ()
    """(folder of a client, binary target of its engine)."""
    engine_files: tuple[EngineFile, ...] = ()
    """Engines to have at hand before the first command; ``{engines}`` in `environment` is their folder."""
    rewritten: tuple[tuple[str, str], ...] = ()
    """(project path, text that takes its place in the copy built from): schemas with the target's own engine only."""
    development: bool = False
    """Whether what only development needs stays in the tree: a bundle joins from it what its code names."""


@dataclass(frozen=True)
class Bundle:
    """One archive to make."""

    name: str
    """Unique in the plan and the stem of its files: ``api``, ``prisma-arm64``."""
    kind: Kind
    target: Target
    job: Job
    budget: Budget
    """The target's limits, narrowed by the user's budget."""
    handler: str = ""
    """``src/handler.handler``; ``index.default`` for what a module exports, ``app`` for a server; empty for layers."""
    entries: tuple[str, ...] = ()
    """Entry files, on hosts that route to files: ``index.js``, ``api/users.js``."""
    include: tuple[str, ...] = ()
    """Ordered patterns for the project's own files, last match wins; empty means all."""
    packages: tuple[str, ...] = ()
    """Layers: package globs whose closure is taken; empty means all production packages."""
    recipe: str = ""
    layers: tuple[str, ...] = ()
    """Names of bundles of this plan mounted beneath this function."""
    layer_files: tuple[Path, ...] = ()
    """Finished layer zips from elsewhere, mounted beneath this function."""
    layer_arns: tuple[str, ...] = ()
    """ARNs of layers that are not here: what they hold is not known, and not checked."""
    environment: tuple[tuple[str, str], ...] = ()
    """The function's own environment variables, for proof and configs."""
    strip: bool = True
    compile: bool = False
    """Whether bytecode of the target's own Python goes beside the modules."""
    trim: TrimLevel = "safe"
    external: tuple[str, ...] = ()
    """Globs of packages that ``trim: bundle`` leaves as they are, beside the bundled code."""
    silence: tuple[tuple[str, str, str], ...] = ()
    """(code, path glob, reason) of findings the user has accepted."""
    proof: ProofSettings = field(default_factory=ProofSettings)
    """What its proof calls it with, and may use."""
    configured: str = ""
    """Its key in packager.yaml: `name` without the architecture, where it is built for several."""


@dataclass(frozen=True)
class Plan:
    """Jobs to run and bundles to make, layers before the functions that use them."""

    project: Path
    jobs: tuple[Job, ...]
    bundles: tuple[Bundle, ...]
    notes: tuple[str, ...] = field(default=())
    """What was detected and why things were chosen, one line each."""
