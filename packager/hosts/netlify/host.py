"""Netlify Functions: one zip per function, whose entry is ``<name>.js`` at its root."""

from __future__ import annotations

import json
import posixpath
from typing import TYPE_CHECKING

from packager.core.errors import ConfigError
from packager.hosts.aws_lambda.host import place
from packager.hosts.netlify.config import FOLDER, check_name, function_name, manifest, write
from packager.model.configs import Order

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

    from packager.model.hosts import Placeable
    from packager.model.results import Made, Shipment

__all__ = ["additions", "place", "shipments"]


def additions(bundle: Placeable, paths: Collection[str]) -> Mapping[str, str]:
    """Return ``<name>.js`` for every entry that is not called so: it hands on what the entry exports.

    Raises ConfigError for a name Netlify does not take, or that another function or file has already.
    """
    found = {}
    taken: dict[str, str] = {}
    for entry in bundle.entries:
        name = function_name(entry)
        check_name(name, bundle)
        place = f"{name}.js"
        other = taken.setdefault(name, entry)
        if other != entry or (place in paths and place != entry):
            msg = f"{entry} and {place if other == entry else other} would be one function, {name}"
            raise ConfigError(msg, where=f"bundles.{bundle.name}.src", fix="rename one of them")
        if place != entry:
            found[place] = _forward(entry)
    return found


def _forward(entry: str) -> str:
    path = json.dumps(f"./{posixpath.normpath(entry)}")
    # An ES module cannot be required everywhere, but imported everywhere.
    if entry.endswith(".mjs"):
        return f"exports.handler = async (...args) => (await import({path})).handler(...args)\n"
    return f"module.exports = require({path})\n"


def shipments(made: Sequence[Made]) -> Mapping[str, Shipment]:
    """Return one folder for the site: ``functions/<name>.zip``, netlify.toml and the bundler's manifest."""
    from packager.model.results import Shipment

    bundles = tuple(item.bundle for item in made)
    files: dict[str, str | Path] = dict(write(Order(bundles, made[0].read, out="", force=True)))
    zips = []
    functions: list[tuple[str, str]] = []
    for item in made:
        for entry in item.bundle.entries:
            name = function_name(entry)
            if any(name == other for other, _ in functions):
                msg = f"two bundles have a function {name}, but function names must be unique in a site"
                raise ConfigError(msg, where=f"bundles.{item.bundle.name}.src", fix="rename one of the files")
            functions.append((name, item.bundle.target.runtime))
            zips.append((item.bundle.name, f"functions/{name}.zip"))
    document = manifest(sorted(functions), bundles[0].target.arch)
    files["manifest.json"] = json.dumps(document, indent=2) + "\n"
    return {FOLDER: Shipment(files=files, zips=tuple(zips))}
