"""A project folder and what is to be made of it: from packager.yaml, a host's own file, or by what the folder shows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from packager.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from packager.catalog.records import Arch
    from packager.plan import TrimLevel

CONFIG_NAMES = ("packager.yaml", "packager.yml")


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


def load_project(folder: Path, target: str = "", config: Path | None = None) -> Project:
    """Return the project of a folder. Raises ConfigError pointing at file and key.

    `config` is read in place of the folder's own packager.yaml. The target helps where all has to be detected.
    """
    root = folder.resolve()
    if not root.is_dir():
        what = "is a file, not a project folder" if root.exists() else "no such folder"
        raise UsageError(what, where=str(folder), fix="give the folder that holds package.json or requirements.txt")
    from packager.document import read_yaml
    from packager.project.config import parse_project

    if config is not None:
        return parse_project(read_yaml(config), root, config.name)
    for name in CONFIG_NAMES:
        path = root / name
        if path.is_file():
            return parse_project(read_yaml(path), root, name)
    from packager.project.detect import detect_project

    return detect_project(root, target)
