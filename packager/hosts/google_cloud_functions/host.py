"""Google Cloud Functions: a source folder; packages are installed and the engine is generated on their side.

The zip is the function as it will stand there, packages included: it is what is audited, weighed and proved. What is
deployed is the folder: the project's own files, package.json and the lock file, without ``node_modules``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from packager.hosts.aws_lambda.host import place
from packager.hosts.google_cloud_functions.config import IGNORE, PACKAGE, ignore_text, package_text
from packager.hosts.source_folder import source_files
from packager.model.configs import Order

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from packager.model.hosts import Placeable
    from packager.model.results import Made, Shipment

__all__ = ["additions", "place", "shipments", "starts"]


def additions(bundle: Placeable, paths: Collection[str], types: Mapping[str, str]) -> Mapping[str, str]:
    """Return nothing: the functions framework finds the function through package.json."""
    return {}


def starts(handler: str, entries: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Return the handler: it is what the host starts."""
    return ((handler, ""),)


def shipments(made: Sequence[Made]) -> Mapping[str, Shipment]:
    """Return a folder per bundle."""
    from packager.model.results import Shipment

    found = {}
    for item in made:
        files = source_files(item)
        files[PACKAGE] = package_text(Order((item.bundle,), item.read), item.bundle)
        files[IGNORE] = ignore_text(item.read(IGNORE))
        found[item.bundle.name] = Shipment(files=files)
    return found
