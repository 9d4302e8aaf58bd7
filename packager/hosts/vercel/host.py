"""Vercel: a complete ``.vercel/output``, ready for ``vercel deploy --prebuilt``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packager.hosts.aws_lambda.host import place
from packager.hosts.entries import each_entry
from packager.model.configs import Order

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from pathlib import Path

    from packager.model.hosts import Placeable
    from packager.model.results import Made, Shipment

__all__ = ["additions", "place", "shipments", "starts"]
STATIC = "public/"


def additions(bundle: Placeable, paths: Collection[str], types: Mapping[str, str]) -> Mapping[str, str]:
    """Return nothing: the launcher finds the entry file by .vc-config.json."""
    return {}


def starts(handler: str, entries: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Return each entry with what it exports: every one is a function of its own."""
    return each_entry(handler, entries)


def shipments(made: Sequence[Made]) -> Mapping[str, Shipment]:
    """Return a folder per bundle: each entry a function with all the files, and ``public/`` as static files."""
    from packager.hosts.vercel.config import OUTPUT, function_path, write
    from packager.model.results import Shipment

    found = {}
    for item in made:
        bundle = item.bundle
        files: dict[str, str | Path] = dict(write(Order((bundle,), _reader(item))))
        for path in sorted(item.own):
            if path.startswith(STATIC):
                files[f"{OUTPUT}/static/{path.removeprefix(STATIC)}"] = item.sources[path]
        unpacked = tuple((bundle.name, f"{OUTPUT}/functions/{function_path(entry)}.func") for entry in bundle.entries)
        found[bundle.name] = Shipment(files=files, unpacked=unpacked)
    return found


def _reader(made: Made) -> Callable[[str], str | None]:
    """Return how the project is read: an output folder there is the product of another build and no configuration."""
    from packager.hosts.vercel.config import OUTPUT

    return lambda path: None if path.startswith(f"{OUTPUT}/") else made.read(path)
