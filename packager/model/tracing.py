"""What entry files reach, what joins them, a tree as a bundle's code sees it; contracts of tracer and bundler."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from packager.model.contents import Contents
    from packager.model.inventory import Inventory
    from packager.model.targets import Target


@dataclass(frozen=True)
class BundleQuestion:
    """What a bundler is asked."""

    name: str
    """Of the bundle, for messages."""
    target: Target
    entries: tuple[str, ...]
    external: tuple[str, ...] = ()
    """Package names that stay outside; ``*`` alone is every package."""


@dataclass(frozen=True)
class Bundled:
    """What came of the entries. Paths are relative to the tree."""

    outputs: Mapping[str, str]
    """Path in the tree, where the host looks for the entry → source of the code made for it."""
    maps: Mapping[str, str] = field(default_factory=dict)
    """The same path with ``.map`` → source of its source map: it is for error reports, not for the archive."""
    inlined: Mapping[str, str] = field(default_factory=dict)
    """Real path of a file of the tree → the output it has become a part of."""


class Bundler(Protocol):
    """Joins code into one file per entry."""

    def __call__(self, question: BundleQuestion, contents: Contents) -> Bundled:
        """Return the bundled entries, kept in `contents`.

        Raises EnvironmentFault where the tool cannot be had, GeneratorFault for code it cannot join.
        """


@dataclass(frozen=True)
class TraceQuestion:
    """What a tracer is asked."""

    name: str
    target: Target
    entries: tuple[str, ...]
    overlay: Mapping[str, str] = field(default_factory=dict)
    """Path of the tree → source that stands in its place, whether something is there or not."""


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

    def __call__(self, question: TraceQuestion, contents: Contents) -> Trace:
        """Return the trace of the entries in a built tree. Raises EnvironmentFault or GeneratorFault."""


@dataclass(frozen=True)
class View:
    """A tree as one bundle's code sees it."""

    inventory: Inventory
    """With bundled entries in the place of their sources."""
    reached: Mapping[str, str] | None = None
    """File → what asks for it; None: nothing was traced, everything counts as reached."""
    inlined: Mapping[str, str] = field(default_factory=dict)
    """File → bundled entry it has become a part of."""
    maps: Mapping[str, str] = field(default_factory=dict)
    """``src/handler.js.map`` → its source."""
    renamed: Mapping[str, str] = field(default_factory=dict)
    """Entry → what it is called once bundled, where that differs: ``api/users.ts`` → ``api/users.js``."""
