"""What a configuration format is asked for, and its contract."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from packager.model.plan import Bundle


@dataclass(frozen=True)
class Order:
    """What a configuration is wanted for."""

    bundles: tuple[Bundle, ...]
    """Those of the emitter's targets, layers first."""
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


class Emitter(Protocol):
    """A module that knows one configuration format."""

    TARGETS: tuple[str, ...]
    """Targets whose bundles it describes."""

    def emit(self, order: Order) -> dict[str, str]:
        """Return file in the project → its whole new text. Raises ConfigError for a file that cannot be merged."""
