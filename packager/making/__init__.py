"""A job's tree → bundles, made and judged: one archive each, with its findings and its proof."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from packager.audit import Finding, has_errors

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from packager.archive import Artifact
    from packager.compiling.kept import Compiled
    from packager.fit import FitPlan
    from packager.generate import Tree
    from packager.inventory import Inventory
    from packager.inventory.packages import PackageGraph
    from packager.plan import Bundle
    from packager.project.survey import Survey
    from packager.prove import Proof
    from packager.providers import Placed
    from packager.trim import Selection


@dataclass(frozen=True)
class Scanned:
    """A tree and what is in it."""

    tree: Tree
    inventory: Inventory
    graph: PackageGraph
    survey: Survey


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
    maps: Mapping[str, Path] = field(default_factory=dict)
    """Source maps of bundled code, delivered beside the artifact: ``src/handler.js.map`` → file in scratch."""
    seconds: Mapping[str, float] = field(default_factory=dict, compare=False)

    @property
    def ok(self) -> bool:
        """Return whether nothing says no."""
        return not has_errors(self.findings)
