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
    files: tuple[str, ...] = ()
    """Own code that stays a file of its own: what it is asked for by is not known before it runs."""
    require_esm: bool = False
    """Whether the host's Node loads ES modules by ``require``: only then it takes the condition ``module-sync``."""
    plain: bool = False
    """Whether own TypeScript is wanted as JavaScript, too."""


@dataclass(frozen=True)
class Bundled:
    """What came of the entries. Paths are relative to the tree."""

    outputs: Mapping[str, str]
    """Path in the tree, where the host looks for the entry → source of the code made for it."""
    maps: Mapping[str, str] = field(default_factory=dict)
    """The same path with ``.map`` → source of its source map: it is for error reports, not for the archive."""
    inlined: Mapping[str, str] = field(default_factory=dict)
    """Real path of a file of the tree → the output it has become a part of."""
    asks: Mapping[str, str] = field(default_factory=dict)
    """Path of an output → source of code that asks for what the output leaves outside, and does nothing else."""
    plain: Mapping[str, str] = field(default_factory=dict)
    """Own TypeScript file → source of its JavaScript."""
    apart: Mapping[str, str] = field(default_factory=dict)
    """File that was joined or met, and must not be → why."""
    located: tuple[str, ...] = ()
    """Own files whose place the code asks for: they must lie there, even if their code is joined."""
    outside: tuple[str, ...] = ()
    """Packages that the outputs ask for, installed or not, sorted."""


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
    modules: tuple[str, ...] = ()
    """Modules that are loaded though no code says so: ``dd-trace/init``."""
    named: tuple[str, ...] = ()
    """Packages that count as asked for where own code has their name in a text: ``pino-pretty``."""


@dataclass(frozen=True)
class Trace:
    """The files a static analysis of the code found. Paths are relative to the tree, real ones: no link in them."""

    files: Mapping[str, str]
    """Path → the path that asks for it; empty for an entry."""
    read: frozenset[str] = frozenset()
    """Those that code reads as data or hands to the system's loader, rather than requires."""
    unresolved: tuple[str, ...] = ()
    """What the code asks for and is not installed, in the tracer's words; optional things, mostly."""
    places: Mapping[str, str] = field(default_factory=dict)
    """File of reached code → why the data of its package must be there: "it starts workers"."""
    whole: Mapping[str, str] = field(default_factory=dict)
    """File of reached code → why all files of its package must be there."""
    folders: Mapping[str, str] = field(default_factory=dict)
    """Folder or file that own code serves or names by its path → why."""
    data: Mapping[str, str] = field(default_factory=dict)
    """Folder whose files code opens by names it does not spell out → why: what is no code there is read."""
    idle: frozenset[str] = frozenset()
    """Files in such folders that the code has no name for: it spells out others, and puts none together."""
    hooks: tuple[str, ...] = ()
    """Reached code that changes how modules are loaded."""
    named: Mapping[str, str] = field(default_factory=dict)
    """Package that counts as asked for by its name alone → the file that has it in a text."""


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
    apart: Mapping[str, str] = field(default_factory=dict)
    """Package that could have been joined and stays outside → why."""
    absent: tuple[str, ...] = ()
    """Packages that the code names and that are not installed, sorted."""
    needed: frozenset[str] = frozenset()
    """Folders of the packages that own code names, and of what they need: declared or not."""
