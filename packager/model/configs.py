"""What a configuration format is asked for and what it reads, and its contract."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from packager.model.plan import Bundle
    from packager.model.project import BundleSpec


@dataclass(frozen=True)
class Order:
    """What a configuration is wanted for."""

    bundles: tuple[Bundle, ...]
    """Those of the format's targets, layers first."""
    read: Callable[[str], str | None]
    """Returns the text of a project file, None where there is none."""
    name: str = "app"
    """Of the project: what a new service or stack is called."""
    out: str = "dist"
    """Folder of the zips, relative to the project, POSIX."""
    force: bool = False
    """Replace values that contradict."""
    sizes: Mapping[str, int] = field(default_factory=dict)
    """Bundle → length of its zip, where it is built already."""


@dataclass(frozen=True)
class ForeignConfig:
    """What one file of a host or tool says."""

    file: str
    """Its name in the project."""
    specs: tuple[BundleSpec, ...] = ()
    """() where it describes nothing to build. A spec without a name is to be called as the project is."""
    unused: tuple[str, ...] = ()
    """Paths of its keys that no spec is made of, in the file's order: ``functions.api.memorySize``, ``builds[1]``."""


class ConfigFormat(Protocol):
    """The configuration of one host or deployment tool; plain modules satisfy it."""

    TITLE: str
    """What people call it: "AWS SAM"."""
    TARGETS: tuple[str, ...]
    """Targets whose bundles it describes; the first is the one its file stands for when it is read."""
    FILES: tuple[str, ...]
    """Names it is found by in a project, in the order its own tool looks; () where nothing is read from it."""
    LAYERS_ALONE: bool
    """Whether layers without a function are a whole configuration."""

    def read(self, root: Path) -> ForeignConfig | None:
        """Return what the project's file says, None where there is none. Raises ConfigError naming file and key."""

    def write(self, order: Order) -> dict[str, str]:
        """Return file in the project → its whole new text: what is missing is added, the user's own stays.

        Writing again changes nothing. Raises ConfigError for a file that cannot be merged.
        """
