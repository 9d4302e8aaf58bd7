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

__all__ = ["additions", "place", "shipments", "starts"]


def additions(bundle: Placeable, paths: Collection[str], types: Mapping[str, str]) -> Mapping[str, str]:
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
            found[place] = _forward(place, entry, types)
    return found


def starts(handler: str, entries: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Return the handler of each function, in the file of its name."""
    return tuple((f"{function_name(entry)}.handler", "") for entry in entries) or ((handler, ""),)


def _forward(place: str, entry: str, types: Mapping[str, str]) -> str:
    """Return code that hands on what an entry exports, of the kind that the file it goes to has."""
    path = json.dumps(f"./{posixpath.normpath(entry)}")
    if _is_module(place, types):
        # What a CommonJS entry exports is its default at least.
        forwarded = "entry.handler ?? entry.default?.handler"
        return f"import * as entry from {path}\nexport * from {path}\nexport const handler = {forwarded}\n"
    # An ES module cannot be required everywhere, but imported everywhere. That begins with the start, not with a call.
    if _is_module(entry, types):
        return f"exports.handler = async (...args) => (await entry).handler(...args)\nconst entry = import({path})\n"
    return f"module.exports = require({path})\n"


def _is_module(path: str, types: Mapping[str, str]) -> bool:
    """Return whether Node takes a file for an ES module, by its ending and the nearest package.json."""
    if not path.endswith(".js"):
        return path.endswith(".mjs")
    folder = posixpath.dirname(path)
    while folder and folder not in types:
        folder = posixpath.dirname(folder)
    return types.get(folder) == "module"


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
