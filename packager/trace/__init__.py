"""What the entry files of a bundle reach: asked of @vercel/nft for the target's Node, completed by what we know."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from packager.plan import Bundle


@dataclass(frozen=True)
class Trace:
    """The files a static analysis of the code found. Paths are relative to the tree, real ones: no link in them."""

    files: Mapping[str, str]
    """Path → the path that asks for it; empty for an entry."""
    read: frozenset[str] = frozenset()
    """Those that code reads as data or hands to the system's loader, rather than requires."""
    unresolved: tuple[str, ...] = ()
    """What the code asks for and is not installed, in the tracer's words; optional things, mostly."""


class Tracer(Protocol):
    """Finds out what entry files reach."""

    def __call__(
        self, bundle: Bundle, root: Path, entries: Sequence[str], overlay: Mapping[str, Path], cache: Path
    ) -> Trace:
        """Return the trace of the entries in a built tree. Raises EnvironmentFault or GeneratorFault.

        `overlay` maps paths of the tree to files that stand in their place, whether something is there or not.
        """


@dataclass(frozen=True)
class Reach:
    """Every file of a tree that a bundle must have, by the trace and by what we know of packages."""

    files: Mapping[str, str] = field(default_factory=dict)
    """Path in the inventory → why, as a clause: "src/handler.js asks for it"."""
