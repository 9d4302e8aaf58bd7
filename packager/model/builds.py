"""What a build of a job runs and leaves: invocations, the tree, and the contract of a builder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from pathlib import Path

    from packager.core.progress import Stopwatch
    from packager.model.plan import Job


WORKDIR = "/var/task"
"""Where a project lies while it is built. The local builder works in scratch and rewrites the scratch path
to this one in generated text, so that both builders, every user and every folder give the same bytes."""

IMAGE_TOOLS = "/opt/packager"
"""Where the docker builder puts what a build needs beside the project."""


@dataclass(frozen=True)
class Invocation:
    """One command of a job, the same in every builder."""

    purpose: str
    """For people: "install", "generate", "prune", "pip"."""
    argv: tuple[str, ...]
    environment: tuple[tuple[str, str], ...] = ()
    workdir: str = ""
    """Relative to the project; empty is the project itself."""
    line: str = ""
    """What people are shown in place of argv: the line as the user wrote it. Empty: argv is what they would type."""


@dataclass(frozen=True)
class Tree:
    """What a job left: the project with its generated code and production dependencies."""

    root: Path
    """In scratch; may be read until the run ends."""
    builder: str
    """``docker`` or ``local``."""
    image: str = ""
    """Name of the image built in; empty for the local builder."""
    image_id: str = ""
    toolchain: tuple[tuple[str, str], ...] = ()
    """Versions that made it, such as ("node", "22.23.3"), ("npm", "10.9.4")."""
    notes: tuple[str, ...] = ()
    """What people should know of how it was made, one line each: install scripts not run, …"""


class Builder(Protocol):
    """Runs jobs in one kind of place."""

    def build(self, job: Job, scratch: Path, watch: Stopwatch) -> Tree:
        """Run the job in an empty scratch folder. Raises GeneratorFault, EnvironmentFault or ConfigError."""


PYTHON_PACKAGES_DIR = ".packager-python"
"""Where pip puts packages while a project is built; later stages move its content to the right place."""

PIP_VARIABLE = "PACKAGER_PIP"
"""Names the folder that holds the package pip, for what runs it; without it the interpreter's own is taken."""
