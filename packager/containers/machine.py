"""What this machine can do, as a value the plan can be made from (and tests can make up)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packager.model.machine import Machine

if TYPE_CHECKING:
    from packager.model.targets import Arch


def look() -> Machine:
    """Return what this machine can do. Asks the Docker engine once; never raises for its absence."""
    import os
    from pathlib import Path

    from packager.containers.docker_engine import connect
    from packager.core.errors import DockerFault

    try:
        engine = connect(os.environ, Path.home())
    except DockerFault as fault:
        return Machine(docker_problem=fault.reason, docker_tried=fault.message)

    def image_problem(image: str, arch: Arch) -> str:
        if engine.find_image(image, arch) is not None:
            return ""
        return engine.why_not_offered(image, arch)

    info = engine.info()
    return Machine(docker=f"Docker {info.version} at {info.address}", image_problem=image_problem)
