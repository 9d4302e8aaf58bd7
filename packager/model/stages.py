"""What each stage of a bundle is given: everything that can change its result, and nothing else.

A stage is a function of its inputs to its result. The tools it is handed besides (`packager.model.tools`) do the work
and may change no byte of it. Inputs name contents by digest and files by paths relative to the tree, never a folder of
this machine, so that a result can be remembered under a digest of its inputs.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from packager.model.proof import SETTLE_SECONDS, TIMEOUT_SECONDS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from packager.model.clients import Client
    from packager.model.generators import Engine
    from packager.model.inventory import File, Inventory
    from packager.model.packages import PackageGraph
    from packager.model.plan import TrimLevel
    from packager.model.proof import ProofEvent
    from packager.model.selection import Choice, Selection
    from packager.model.targets import Arch, Budget, Kind, Target


@dataclass(frozen=True)
class LayerBeneath:
    """What a layer beneath a function carries."""

    name: str
    selection: Selection
    same_tree: bool
    """Whether it is made from the function's own tree: then equal paths have equal contents."""


@dataclass(frozen=True)
class ScanInputs:
    """Of the stage `scan`: a tree → its inventory and package graph.

    The tree comes beside them, as an archive comes to audit; its name by digest belongs here once a stage makes it.
    """

    companions: Mapping[str, tuple[str, ...]]
    """Package → packages it needs although no package.json says so."""
    generated: tuple[str, ...] = ()
    """Folders of clients that a generator wrote."""


@dataclass(frozen=True)
class TraceInputs:
    """Of the stage `trace`: a tree → the tree as the bundle's code sees it."""

    name: str
    """Of the bundle, for messages."""
    target: Target
    kind: Kind
    trim: TrimLevel
    inventory: Inventory
    graph: PackageGraph
    handler: str = ""
    entries: tuple[str, ...] = ()
    include: tuple[str, ...] = ()
    external: tuple[str, ...] = ()
    engines: tuple[Engine, ...] = ()
    clients: tuple[Client, ...] = ()
    pinned: Mapping[str, str] = field(default_factory=dict)
    """File or package folder → why it must be kept whole."""
    apart: frozenset[str] = frozenset()
    """Folders of packages that are not joined, since the bundle failed with their code in it."""
    beneath: frozenset[str] = frozenset()
    """Folders of the packages that layers of the same tree carry."""
    environment: tuple[tuple[str, str], ...] = ()
    """Of the function: NODE_OPTIONS decides what is loaded first, and what `require` loads."""


@dataclass(frozen=True)
class TrimInputs:
    """Of the stage `trim`: a tree as a bundle sees it → the verdict on every file."""

    target: Target
    kind: Kind
    trim: TrimLevel
    inventory: Inventory
    graph: PackageGraph
    handler: str = ""
    entries: tuple[str, ...] = ()
    include: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    recipe: str = ""
    engines: tuple[Engine, ...] = ()
    clients: tuple[Client, ...] = ()
    """What the project's generators wrote, with the binary target each needs."""
    layers: tuple[LayerBeneath, ...] = ()
    python_packages: str = ""
    """Folder of installed Python packages in the tree, "." for the tree itself; empty if there are none."""
    python_tops: frozenset[str] | None = None
    """What lies directly in that folder and is installed; the rest is the project's own. None: all of it is."""
    traced: Mapping[str, str] | None = None
    """File → what asks for it, for every file the entries reach; None: not traced, everything counts as reached."""
    inlined: Mapping[str, str] = field(default_factory=dict)
    """File → bundled entry its code has become a part of."""
    pinned: Mapping[str, str] = field(default_factory=dict)
    """Package folder or file → why rules of the trim levels must leave it alone: code names it, a proof missed it."""
    needed: frozenset[str] = frozenset()
    """Folders of packages that the entry needs, whatever package.json calls them."""

    def python_inner(self, path: str) -> str:
        """Return an installed Python package's file by its path from the folder of all; empty for any other file."""
        packages = self.python_packages
        inner = path
        if packages != ".":
            inner = path[len(packages) + 1 :] if packages and path.startswith(f"{packages}/") else ""
        if self.python_tops is not None and inner.partition("/")[0] not in self.python_tops:
            return ""
        return inner


@dataclass(frozen=True)
class StripInputs:
    """Of the stage `strip`: kept native files → copies without symbols."""

    files: tuple[File, ...]
    wanted: bool = True


@dataclass(frozen=True)
class CompileInputs:
    """Of the stage `compile`: kept Python modules → bytecode beside them."""

    name: str
    selection: Selection
    names: Mapping[str, str]
    """Path in the tree → where the file will lie when it runs, such as ``/var/task/app.py``: part of the bytecode."""
    language_version: str
    arch: Arch
    optimize: int = 0
    checked: bool = False


@dataclass(frozen=True)
class PlaceInputs:
    """Of the stage `place`: kept files → their names in the archive."""

    name: str
    kind: Kind
    target: Target
    entries: tuple[str, ...]
    kept: tuple[Choice, ...]
    types: Mapping[str, str] = field(default_factory=dict)
    """Folder of a kept package.json that names a kind of module → that kind: ``module``, ``commonjs``."""


@dataclass(frozen=True)
class WriteInputs:
    """Of the stage `write`: entries → an archive."""

    entries: tuple[tuple[str, str], ...]
    """(name in the archive, source), in any order."""
    level: int


@dataclass(frozen=True)
class AuditInputs:
    """Of the stage `audit`: an archive and the layers beneath it → findings."""

    artifact: str
    """SHA-256 of the archive, hex."""
    layers: tuple[str, ...]
    """SHA-256 of each layer, the first mounted first."""
    target: Target
    budget: Budget
    name: str
    """What findings call the archive: ``dist/api.zip``."""
    environment: tuple[tuple[str, str], ...] = ()
    handler: str = ""
    maps: Mapping[str, str] = field(default_factory=dict)
    """Name in the archive of joined code → source of its source map, which says what of it is a package's."""


@dataclass(frozen=True)
class ProveInputs:
    """Of the stage `prove`: an archive on its layers → what loading it shows."""

    artifact: str
    layers: tuple[str, ...]
    target: Target
    handler: str = ""
    entry: str = ""
    """The file that the host starts, where it does not find that by the handler."""
    environment: tuple[tuple[str, str], ...] = ()
    image: str = ""
    """A named stand-in to prove in, in place of the target's own image."""
    packages: tuple[str, ...] = ()
    """Names of the packages a layer is made for: loading them is what its proof shows."""
    dropped: Mapping[str, str] = field(default_factory=dict)
    """File that trimming left out → rule and reason: a failure can then say why something is missing."""
    event: ProofEvent | None = None
    """What the handler is called with, and must answer; None: it is loaded, not called."""
    allow_network: tuple[str, ...] = ()
    """``localhost:5432``: ports of this machine that the code may reach."""
    settle_seconds: float = SETTLE_SECONDS
    """How long a start is watched that does not become idle."""
    timeout_seconds: float = TIMEOUT_SECONDS
