"""Job → tree on disk: install, generate, keep production dependencies only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from pathlib import Path

    from packager.plan import Job
    from packager.progress import Stopwatch

WORKDIR = "/var/task"
"""Where a project lies while it is built. The host builder works in scratch and rewrites the scratch path
to this one in generated text, so that both builders, every user and every folder give the same bytes."""


@dataclass(frozen=True)
class Step:
    """One command of a job, the same in every builder."""

    purpose: str
    """For people: "install", "generate", "prune"."""
    argv: tuple[str, ...]
    environment: tuple[tuple[str, str], ...] = ()
    workdir: str = ""
    """Relative to the project; empty is the project itself."""
    shown: str = ""
    """The command as people would type it, where `argv` holds scripts of ours; empty: `argv` is that."""


@dataclass(frozen=True)
class Tree:
    """What a job left: the project with its generated code and production dependencies."""

    root: Path
    """In scratch; may be read until the run ends."""
    builder: str
    """``docker`` or ``host``."""
    image: str = ""
    """Name of the image built in; empty on the host."""
    image_id: str = ""
    toolchain: tuple[tuple[str, str], ...] = ()
    """Versions that made it, such as ("node", "22.23.3"), ("npm", "10.9.4")."""
    notes: tuple[str, ...] = ()
    """What people should know of how it was made, one line each: install scripts not run, …"""


class Builder(Protocol):
    """Runs jobs in one kind of place."""

    def build(self, job: Job, scratch: Path, watch: Stopwatch) -> Tree:
        """Run the job in an empty scratch folder. Raises GeneratorFault, EnvironmentFault or ConfigError."""
