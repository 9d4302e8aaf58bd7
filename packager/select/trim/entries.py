"""What package.json says of a package's files, and what a script spells out: shared by what asks who names a file."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from packager.model.contents import Contents
    from packager.model.inventory import File

LITERAL = re.compile(rb"""["'`](\.{0,2}/?[\w@.+-]+(?:/[\w@.+-]+)*/?)["'`]""")
"""A quoted text that could be a path or the name of a module."""


def manifest_of(file: File, contents: Contents) -> dict[str, Any]:
    """Return the content of a package.json; {} if it is none, which Node cannot read either."""
    try:
        data = json.loads(contents.read(file).decode("utf-8-sig")) if file.source else {}
    except (ValueError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}


def targets(entry: Any, conditions: frozenset[str]) -> Iterator[str]:
    """Yield what one entry of "exports" gives under these conditions: the first that holds, as Node does."""
    if isinstance(entry, str):
        yield entry
    elif isinstance(entry, list):
        for item in entry:
            yield from targets(item, conditions)
    elif isinstance(entry, dict):
        for key, item in entry.items():
            if key in conditions:
                found = list(targets(item, conditions))
                yield from found
                if found:
                    return


def has_subpaths(exports: Mapping[str, Any]) -> bool:
    """Return whether "exports" speaks of paths rather than of conditions."""
    return any(str(key).startswith(".") for key in exports)


def strings(value: Any) -> Iterator[str]:
    """Yield every text in a value of package.json, however deep."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from strings(item)
