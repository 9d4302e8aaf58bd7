"""Netlify Functions: one zip per function, whose entry is ``<name>.js`` at its root."""

from __future__ import annotations

import json
import posixpath
from typing import TYPE_CHECKING

from packager.emit import Order
from packager.emit.netlify import FOLDER, check_name, emit, function_name, manifest
from packager.providers.aws_lambda import place

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

    from packager.plan import Bundle
    from packager.providers import Made, Shipment

__all__ = ["additions", "place", "shipments"]


def additions(bundle: Bundle, paths: Collection[str]) -> Mapping[str, str]:
    """Return ``<name>.js`` for every entry that is not called so: it hands on what the entry exports.

    Raises ConfigError for a name Netlify does not take.
    """
    found = {}
    for entry in bundle.entries:
        name = function_name(entry)
        check_name(name, bundle)
        if f"{name}.js" in paths or f"{name}.js" in found:
            continue
        found[f"{name}.js"] = _forward(entry)
    return found


def _forward(entry: str) -> str:
    path = json.dumps(f"./{posixpath.normpath(entry)}")
    # An ES module cannot be required everywhere, but imported everywhere.
    if entry.endswith(".mjs"):
        return f"exports.handler = async (...args) => (await import({path})).handler(...args)\n"
    return f"module.exports = require({path})\n"


def shipments(made: Sequence[Made]) -> Mapping[str, Shipment]:
    """Return one folder for the site: ``functions/<name>.zip``, netlify.toml and the bundler's manifest."""
    from packager.providers import Shipment

    bundles = tuple(item.bundle for item in made)
    files: dict[str, str | Path] = dict(emit(Order(bundles, made[0].read, out="", force=True)))
    zips = []
    functions = []
    for item in made:
        for entry in item.bundle.entries:
            name = function_name(entry)
            functions.append((name, item.bundle.target.runtime))
            zips.append((item.bundle.name, f"functions/{name}.zip"))
    document = manifest(sorted(functions), bundles[0].target.arch)
    files["manifest.json"] = json.dumps(document, indent=2) + "\n"
    return {FOLDER: Shipment(files=files, zips=tuple(zips))}
