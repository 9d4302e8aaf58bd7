"""What this machine can do, as a value the plan can be made from (and tests can make up)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from packager.catalog.records import Arch


def _nothing(image: str, arch: Arch) -> str:
    return "not asked"


@dataclass(frozen=True)
class Machine:
    """The facts that choose a builder."""

    docker: str = ""
    """What answered: ``Docker 20.10.24 at unix:///var/run/docker.sock``; empty if none."""
    docker_problem: str = ""
    """Why none answers, in one line."""
    image_problem: Callable[[str, Arch], str] = _nothing
    """(image, arch) → why it cannot be had; empty if it is here or the registry offers it."""


def look() -> Machine:
    """Return what this machine can do. Asks the Docker engine once; never raises for its absence."""
    import os
    from pathlib import Path

    from packager.containers.docker_engine import connect
    from packager.errors import DockerFault

    try:
        engine = connect(os.environ, Path.home())
    except DockerFault as fault:
        return Machine(docker_problem=fault.message)

    def image_problem(image: str, arch: Arch) -> str:
        if engine.find_image(image, arch) is not None:
            return ""
        return engine.why_not_offered(image, arch)

    info = engine.info()
    return Machine(docker=f"Docker {info.version} at {info.address}", image_problem=image_problem)
