"""Apex Up: a folder with a server, up.json and .upignore; ``up`` zips it together with its own proxy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packager.hosts.aws_lambda.host import place
from packager.hosts.up.config import FILE, IGNORE, ignore_text, up_json
from packager.model.configs import Order

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from packager.model.hosts import Placeable
    from packager.model.results import Made, Shipment

__all__ = ["additions", "place", "shipments", "starts"]


def additions(bundle: Placeable, paths: Collection[str], types: Mapping[str, str]) -> Mapping[str, str]:
    """Return nothing: up.json names the command."""
    return {}


def starts(handler: str, entries: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Return the handler: it is what the host starts."""
    return ((handler, ""),)


def shipments(made: Sequence[Made]) -> Mapping[str, Shipment]:
    """Return a folder per bundle.

    .upignore is replaced: the project's own speaks of files that are trimmed already, and must not drop what is left.
    """
    from packager.model.results import Shipment

    found = {}
    for item in made:
        files = {
            FILE: up_json(Order((item.bundle,), item.read), item.bundle),
            IGNORE: ignore_text(None, item.paths),
        }
        found[item.bundle.name] = Shipment(files=files, unpacked=((item.bundle.name, ""),))
    return found
