"""A tree and what is in it; a bundle's files in their places; a bundle, made and judged."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from packager.model.findings import Finding, has_errors

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from packager.model.archives import Artifact
    from packager.model.builds import Tree
    from packager.model.bytecode import Compiled
    from packager.model.contents import Contents
    from packager.model.fitting import FitPlan
    from packager.model.inventory import File, Inventory
    from packager.model.packages import PackageGraph
    from packager.model.plan import Bundle
    from packager.model.project import Survey
    from packager.model.proof import Proof
    from packager.model.selection import Choice, Selection


@dataclass(frozen=True)
class Scanned:
    """A tree and what is in it."""

    tree: Tree
    inventory: Inventory
    graph: PackageGraph
    survey: Survey
    contents: Contents = field(compare=False)
    """Where the bytes of its files lie, and of what stages make of them."""


@dataclass(frozen=True)
class Result:
    """One bundle, made and judged. Its artifact lies in scratch until it is delivered."""

    bundle: Bundle
    scanned: Scanned
    selection: Selection
    placed: tuple[Placed, ...]
    artifact: Artifact
    stripped: Mapping[str, int]
    """Path in the tree → bytes its symbols took."""
    findings: tuple[Finding, ...]
    proof: Proof
    compiled: Compiled | None = None
    """Its modules' bytecode; None where none was asked for."""
    fit: FitPlan | None = None
    """What would bring it under its limits, or has; None if it was not over them."""
    maps: Mapping[str, str] = field(default_factory=dict)
    """Source maps of bundled code, delivered beside the artifact: ``src/handler.js.map`` → its source."""
    seconds: Mapping[str, float] = field(default_factory=dict, compare=False)

    @property
    def ok(self) -> bool:
        """Return whether nothing says no."""
        return not has_errors(self.findings)


@dataclass(frozen=True)
class Placed:
    """A kept file and its name in the archive."""

    path: str
    choice: Choice
    content: bytes | None = None
    """What a file of ours holds, which the tree has not; None: what lies in the tree."""


@dataclass(frozen=True)
class Made:
    """A finished bundle, as a host sees it."""

    bundle: Bundle
    paths: tuple[str, ...]
    """Names in the archive, sorted."""
    zipped_bytes: int
    read: Callable[[str], str | None]
    """Returns the text of a file of the project, None where there is none."""
    sources: Mapping[str, Path] = field(default_factory=dict)
    """Path in the built project → where it lies, dropped files included."""
    own: frozenset[str] = frozenset()
    """Those of `sources` that are the project's own rather than a package's, and no secret."""


@dataclass(frozen=True)
class Shipment:
    """A folder in the output folder from which the host's own tool deploys."""

    files: Mapping[str, str | Path] = field(default_factory=dict)
    """Path in the folder → text, or a file to copy."""
    unpacked: tuple[tuple[str, str], ...] = ()
    """(bundle, folder): where a bundle's archive is unpacked to, "" being the shipment itself."""
    zips: tuple[tuple[str, str], ...] = ()
    """(bundle, path): where a copy of a bundle's zip goes."""


@dataclass(frozen=True)
class Stripped:
    """Copies without symbols, by path in the tree."""

    copies: Mapping[str, str] = field(default_factory=dict)
    """Path → source of the copy."""
    saved: Mapping[str, int] = field(default_factory=dict)
    """Path → bytes saved."""

    def source(self, file: File) -> str:
        """Return the source of the bytes to pack."""
        return self.copies.get(file.path) or file.source
