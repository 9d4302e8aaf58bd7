"""Stage inputs of made-up bundles, and the stages run on them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from packager.inventory.contents import TreeContents
from packager.model.stages import TraceInputs, TrimInputs
from packager.select.trim.references import trim
from packager.select.trim.rules import NOTHING_SETTLED, Settled, apply_rules

if TYPE_CHECKING:
    from pathlib import Path

    from packager.model.inventory import Inventory
    from packager.model.packages import PackageGraph
    from packager.model.plan import Bundle
    from packager.model.selection import Selection


def trim_inputs(inventory: Inventory, graph: PackageGraph, bundle: Bundle, **known: Any) -> TrimInputs:
    """Return what trimming is given for a bundle; `known` are further fields."""
    return TrimInputs(
        target=bundle.target,
        kind=bundle.kind,
        trim=bundle.trim,
        inventory=inventory,
        graph=graph,
        handler=bundle.handler,
        entries=bundle.entries,
        include=bundle.include,
        packages=bundle.packages,
        recipe=bundle.recipe,
        engines=bundle.job.engines,
        **known,
    )


def trace_inputs(inventory: Inventory, graph: PackageGraph, bundle: Bundle, **known: Any) -> TraceInputs:
    """Return what tracing is given for a bundle; `known` are further fields."""
    return TraceInputs(
        name=bundle.name,
        target=bundle.target,
        kind=bundle.kind,
        trim=bundle.trim,
        inventory=inventory,
        graph=graph,
        handler=bundle.handler,
        entries=bundle.entries,
        include=bundle.include,
        external=bundle.external,
        engines=bundle.job.engines,
        **{"environment": bundle.environment, **known},
    )


def ruled(
    inventory: Inventory, graph: PackageGraph, bundle: Bundle, settled: Settled = NOTHING_SETTLED, **known: Any
) -> Selection:
    """Return the verdict of the rules alone; no code is read."""
    return apply_rules(trim_inputs(inventory, graph, bundle, **known), settled)


def trimmed(root: Path, inventory: Inventory, graph: PackageGraph, bundle: Bundle, **known: Any) -> Selection:
    """Return the verdict on the files of a tree at `root`."""
    return trim(trim_inputs(inventory, graph, bundle, **known), contents_of(root))


def contents_of(root: Path) -> TreeContents:
    """Return the contents of a tree; what stages make lies beside it."""
    return TreeContents(root.resolve(), root.resolve().with_name(f"{root.name}-made"))
