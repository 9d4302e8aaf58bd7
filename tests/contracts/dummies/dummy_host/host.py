"""Where the dummy wants things: packages in ``vendor/``, a file of ours at the root, and a folder to deploy from."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from packager.model.configs import Order
from packager.model.results import Shipment
from tests.contracts.dummies.dummy_host.config import write

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from packager.model.hosts import Placeable
    from packager.model.results import Made

_PACKAGES = "node_modules/"


def place(bundle: Placeable, path: str) -> str:
    """Return the path, packages in ``vendor/``."""
    return f"vendor/{path[len(_PACKAGES) :]}" if path.startswith(_PACKAGES) else path


def additions(bundle: Placeable, paths: Collection[str], types: Mapping[str, str]) -> Mapping[str, str]:
    """Return the file the dummy starts."""
    lines = [f"require({json.dumps(f'./{entry}')})\n" for entry in bundle.entries]
    return {"dummy-start.js": "".join(lines)}


def starts(handler: str, entries: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Return the handler: it is what the host starts."""
    return ((handler, ""),)


def shipments(made: Sequence[Made]) -> Mapping[str, Shipment]:
    """Return a folder per bundle: dummy.json and the zip's content."""
    return {
        item.bundle.name: Shipment(files=write(Order((item.bundle,), item.read)), unpacked=((item.bundle.name, "app"),))
        for item in made
    }
