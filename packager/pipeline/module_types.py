"""Which kinds of module the package.json files of a bundle set: what is written for the host has to suit them."""

from __future__ import annotations

import json
import posixpath
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from packager.model.contents import Contents
    from packager.model.selection import Choice


def module_types(kept: Iterable[Choice], contents: Contents) -> dict[str, str]:
    """Return folder ("" for the root) → ``module`` or ``commonjs`` of the project's own package.json files.

    One that sets nothing is CommonJS, and holds for its folder all the same.
    """
    found = {}
    for choice in kept:
        path = choice.file.path
        if posixpath.basename(path) != "package.json" or "node_modules" in path.split("/"):
            continue
        try:
            data: Any = json.loads(contents.read(choice.file))
        except (OSError, ValueError, RecursionError):
            continue
        named = data.get("type") if isinstance(data, dict) else None
        found[posixpath.dirname(path)] = "module" if named == "module" else "commonjs"
    return found
