"""What this machine can do, as a value that a plan is made from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from packager.model.targets import Arch


def _nothing(image: str, arch: Arch) -> str:
    return "not asked"


@dataclass(frozen=True)
class Machine:
    """The facts that choose a builder."""

    docker: str = ""
    """What answered: ``Docker 20.10.24 at unix:///var/run/docker.sock``; empty if none."""
    docker_problem: str = ""
    """Why none answers, in one line."""
    docker_tried: str = ""
    """The same with every address that was tried, a line each; for `packager doctor`."""
    image_problem: Callable[[str, Arch], str] = _nothing
    """(image, arch) → why it cannot be had; empty if it is here or the registry offers it."""
