"""The contract of a package manager: all that the rest of the tool asks about one. Plain modules satisfy it.

`packager.package_managers.registry.PACKAGE_MANAGERS` holds them by the name that plans and documents use.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from packager.model.builds import Invocation
    from packager.model.locks import LockFacts
    from packager.model.plan import Job
    from packager.model.targets import Language


class KnownCause(NamedTuple):
    """Why a command fails, recognised by what it prints."""

    pattern: str
    """A regular expression; its group ``detail``, if it has one, is the package that it is about."""
    message: str
    """A clause; ``{detail}`` is filled in."""
    fix: str


@dataclass(frozen=True)
class LockAdvice:
    """What a user does who has no usable lock file: the fixes of three errors."""

    no_manifest: str
    no_lock: str
    unread_lock: str
    """The lock file is of a manager that cannot be run here."""
    incomplete_lock: str = ""
    """The lock file lacks the parts for other systems than its writer's."""


@dataclass(frozen=True)
class MissingPart:
    """A part that a package has for the target's system, and the lock file has not."""

    package: str
    """``@node-rs/crc32@1.10.6``."""
    part: str
    """``@node-rs/crc32-linux-x64-gnu``."""
    others: tuple[str, ...]
    """Its parts for other systems that are locked."""
    required: bool = True
    """Whether the project needs the package, and no install script of its own makes up for the part."""


class PackageManagerPlugin(Protocol):
    """A package manager. Among those of one language, the first in the dict is preferred, and gives the advice."""

    language: Language
    """Whose packages it installs."""
    manifest: str
    """The file without which there is no project of its kind: ``package.json``, ``requirements.txt``."""
    lock_files: tuple[str, ...]
    """Names of the files that say what is installed; it reads the first that is there."""
    settings_files: tuple[str, ...]
    """Files of a project with its settings, which may refer to variables by ``${NAME}``."""
    cache_variable: str
    """Names the folder it keeps downloads in; empty if there is no such variable, or another manager's holds."""
    causes: tuple[KnownCause, ...]
    """Why it fails, where `packager.toolchains.causes` does not say so already."""
    advice: LockAdvice

    def declares(self, root: Path) -> bool:
        """Return whether a project that has the manifest, and no lock file, asks for packages."""

    def is_workspace(self, folder: Path) -> bool:
        """Return whether a folder is the root of several projects that have one lock file together."""

    def tools(self, job: Job) -> tuple[str, ...]:
        """Return the programs that its invocations start, looked up on PATH."""

    def read(self, root: Path, member: str = "") -> LockFacts:
        """Return what the lock file says of a project, or of a member of it: a folder relative to the project.

        Raises ConfigError for a lock file that cannot be used, or that does not agree with the manifest.
        """

    def install(self, job: Job, *, run_scripts: bool) -> tuple[Invocation, ...]:
        """Return what installs the locked packages for the job's platform, those for development included.

        `run_scripts` is whether the packages' install scripts may run: only where the machine they run on is of the
        target's architecture and libc, since they build or fetch for the machine they find. The environment of the
        job, and what selects its target, is set for each of them beside their own. Raises ConfigError.
        """

    def prune(self, job: Job) -> tuple[Invocation, ...]:
        """Return what removes the packages that only development needs, and the manager's own records.

        Nothing outside the tree is removed, whatever the lock file or a package says. Raises ConfigError.
        """

    def reproducible(self, job: Job) -> bool:
        """Return whether two installs of the job bring the same, so that one may stand for the other."""

    def missing_parts(self, job: Job) -> tuple[MissingPart, ...]:
        """Return the parts of production packages for the job's system that the lock file lacks.

        Those of a package that has one part per system, some of which are locked. Raises ConfigError.
        """

    def integrity(self, path: Path) -> Mapping[str, str]:
        """Return the registry's hash (``sha512-…``) of the packages that a lock file names. Never an error.

        Keys are folders (``node_modules/a``) where the lock file knows these, else ``name@version``.
        """
