"""How the package managers of Node are told what they install for."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from packager.model.plan import Job
    from packager.model.targets import Arch

NODE_CPU: dict[Arch, str] = {"x86_64": "x64", "arm64": "arm64"}
"""Architecture → ``process.arch`` of a Node that runs there."""


def npm_platform(job: Job) -> tuple[str, ...]:
    """Return the options of npm, and of pnpm, that select a job's platform."""
    return ("--os=linux", f"--cpu={NODE_CPU[job.arch]}", f"--libc={job.libc}")
