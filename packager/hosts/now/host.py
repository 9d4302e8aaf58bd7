"""ZEIT Now: a source folder with now.json; packages are installed, and what an entry requires is traced, over there.

The zip is the function as Now would make it of the folder, which is what Now weighed; the folder is what is deployed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from packager.hosts.aws_lambda.host import place
from packager.hosts.entries import each_entry
from packager.hosts.source_folder import source_files
from packager.model.configs import Order

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from packager.model.hosts import Placeable
    from packager.model.results import Made, Shipment

__all__ = ["additions", "place", "shipments", "starts"]


def additions(bundle: Placeable, paths: Collection[str], types: Mapping[str, str]) -> Mapping[str, str]:
    """Return nothing: an entry file is called as it is."""
    return {}


def starts(handler: str, entries: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Return each entry with what it exports: every one is a function of its own."""
    return each_entry(handler, entries)


def shipments(made: Sequence[Made]) -> Mapping[str, Shipment]:
    """Return a folder per bundle: the project's own files, the lock file, and now.json."""
    from packager.hosts.now.config import package_text, write
    from packager.model.results import Shipment

    found = {}
    for item in made:
        name = item.bundle.name
        order = Order((item.bundle,), item.read, sizes={name: item.zipped_bytes})
        files = {**source_files(item), **write(order)}
        if (text := package_text(order)) is not None:
            files["package.json"] = text
        found[name] = Shipment(files=files)
    return found
