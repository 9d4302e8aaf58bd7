"""What the last build delivered beyond its plan: layers that ``--fit`` made, read from the manifests."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from packager.core.errors import ConfigError
from packager.project.outputs import MANIFEST_SUFFIX

if TYPE_CHECKING:
    from pathlib import Path

    from packager.model.catalog import Catalog
    from packager.model.plan import Bundle, Plan


def with_fitted_layers(plan: Plan, out: Path, catalog: Catalog) -> Plan:
    """Return the plan with the layers its functions were brought under their limits by, as if they were declared.

    Where nothing has been built yet, or without ``--fit``, the plan is returned as it is. Raises ConfigError for a
    function in the output folder whose layer is not there, or is another one than it was built on.
    """
    layers: dict[str, Bundle] = {}
    bundles = []
    for bundle in plan.bundles:
        names = _fitted(bundle, out) if bundle.kind == "function" else ()
        target = catalog.layer_of(bundle.target) if names else None
        if target is None:
            bundles.append(bundle)
            continue
        for name in names:
            layers.setdefault(
                name,
                replace(
                    bundle,
                    name=name,
                    kind="layer",
                    target=target,
                    budget=target.budget,
                    handler="",
                    entries=(),
                    include=(),
                    layers=(),
                    layer_files=(),
                    environment=(),
                    configured=name,
                ),
            )
        bundles.append(replace(bundle, layers=(*bundle.layers, *names)))
    return replace(plan, bundles=(*layers.values(), *bundles))


def _fitted(bundle: Bundle, out: Path) -> tuple[str, ...]:
    """Return the names of a function's layers that packager.yaml does not name."""
    manifest = _manifest(out, bundle.name)
    described = (manifest.get("bundle"), manifest.get("runtime"), manifest.get("arch"))
    if described != (bundle.name, bundle.target.runtime, bundle.target.arch):
        return ()
    rows = [row for row in manifest.get("layers", ()) if row.get("fitted") and row["name"] not in bundle.layers]
    for row in rows:
        if _manifest(out, row["name"]).get("artifact", {}).get("sha256") != row["sha256"]:
            msg = f"was built on layer {row['name']}, which has changed or is missing"
            raise ConfigError(msg, where=str(out / f"{bundle.name}.zip"), fix="build again: packager build --fit")
    return tuple(row["name"] for row in rows)


def _manifest(out: Path, name: str) -> dict[str, Any]:
    """Return a bundle's manifest; {} where there is none that could be read."""
    try:
        document = json.loads((out / f"{name}{MANIFEST_SUFFIX}").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}  # not built yet, or another tool's file: the plan alone counts
    return document if isinstance(document, dict) and document.get("version") == 1 else {}
