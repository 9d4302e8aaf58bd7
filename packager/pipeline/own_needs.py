"""What own code in a folder needs: each own package.json's dependencies, and what own code asks for by name.

For a folder packed as it is: there is no plan that says which code is the function's, so all of it counts.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from packager.model.contents import Contents
    from packager.model.inventory import File, Inventory
    from packager.model.packages import PackageGraph

_CODE = (".js", ".cjs", ".mjs", ".ts", ".mts", ".cts", ".jsx", ".tsx")
_MAX_BYTES = 1 << 20
_ASKS = re.compile(
    rb"""(?:\brequire(?:\.resolve)?\s*\(\s*|\bfrom\s*|\bimport\s*\(?\s*)["']((?:@[\w.~-]+/)?[\w~-][\w.~-]*)["'/]"""
)
_FOR_DEVELOPMENT = ("devDependencies",)
_FOR_PRODUCTION = ("dependencies", "optionalDependencies", "peerDependencies")


def with_own_needs(graph: PackageGraph, inventory: Inventory, contents: Contents) -> PackageGraph:
    """Return the graph with what own code needs as further roots.

    That is the dependencies of each own package.json (members of a workspace, folders of functions), and what code
    requires or imports that no package.json above it declares at all. What it declares for development is not taken.
    """
    own = [file for file in inventory.files if file.package is None or not file.package.path]
    manifests = {
        _folder(file): data
        for file in own
        if file.path.rpartition("/")[2] == "package.json" and (data := _manifest(file, contents)) is not None
    }
    roots: dict[str, None] = {}
    for folder, data in manifests.items():
        for name in _names(data, ("dependencies", "optionalDependencies")):
            if found := graph.resolve(folder, name):
                roots[found] = None
    for file in own:
        if file.path.endswith(_CODE) and file.size_bytes <= _MAX_BYTES:
            for name in {match.decode() for match in _ASKS.findall(contents.read(file))}:
                found = graph.resolve(_folder(file), name)
                if found and not _for_development(name, file, manifests):
                    roots[found] = None
    return replace(graph, roots=tuple(roots))


def _for_development(name: str, file: File, manifests: Mapping[str, dict[str, Any]]) -> bool:
    """Return whether the nearest package.json that declares a package does so for development only."""
    for folder in _above(_folder(file)):
        data = manifests.get(folder, {})
        if name in _names(data, _FOR_PRODUCTION):
            return False
        if name in _names(data, _FOR_DEVELOPMENT):
            return True
    return False


def _above(folder: str) -> Iterator[str]:
    while folder:
        yield folder
        folder = folder.rpartition("/")[0]
    yield ""


def _names(data: Mapping[str, Any], keys: tuple[str, ...]) -> list[str]:
    named = [data.get(key) for key in keys]
    return [name for names in named if isinstance(names, dict) for name in names]


def _manifest(file: File, contents: Contents) -> dict[str, Any] | None:
    try:
        data = json.loads(contents.read(file))
    except (ValueError, RecursionError):
        return None
    return data if isinstance(data, dict) else None


def _folder(file: File) -> str:
    return file.path.rpartition("/")[0]
