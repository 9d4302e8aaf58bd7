"""What entry files reach, and what joins them; the contracts of tracer and bundler."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from packager.model.plan import Bundle


@dataclass(frozen=True)
class Bundled:
    """What came of the entries. Paths are relative to the tree."""

    outputs: Mapping[str, Path]
    """Path in the tree, where the host looks for the entry → the file made for it, in scratch."""
    maps: Mapping[str, Path] = field(default_factory=dict)
    """The same path with ``.map`` → its source map, in scratch: it is for error reports, not for the archive."""
    inlined: Mapping[str, str] = field(default_factory=dict)
    """Real path of a file of the tree → the output it has become a part of."""


class Bundler(Protocol):
    """Joins code into one file per entry."""

    def __call__(
        self, bundle: Bundle, root: Path, entries: Sequence[str], external: Sequence[str], out: Path, cache: Path
    ) -> Bundled:
        """Return the bundled entries, written to `out`. `external` are package names; ``*`` alone is every package.

        Raises EnvironmentFault where the tool cannot be had, GeneratorFault for code it cannot join.
        """


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
