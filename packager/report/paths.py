"""Why each package is in an artifact without a manifest: the shortest way to it along package.json files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packager.inventory.packages import way
from packager.model.inventory import Package
from packager.model.packages import Installed, PackageGraph
from packager.sbom.declared import declared

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


def shortest_paths(packages: Iterable[Package], read: Callable[[str], bytes | None]) -> dict[str, str]:
    """Return folder → "express > body-parser > bytes" for the npm packages that something needs.

    The project's own dependencies are the starts; where there is no package.json of its own (a layer), the packages
    that no other needs. `read` gives a file's content, None for one that is not there.
    """
    installed = {package.path: Installed(package, declared(package, read).needs)
                 for package in packages if "node_modules/" in f"{package.path}/"}  # fmt: skip
    root = declared(None, read).needs
    graph = PackageGraph({**installed, "": Installed(Package("", "", ""), root)} if root else installed)
    starts = [folder for name in root if (folder := graph.resolve("", name))] or _needed_by_none(graph)
    parents = graph.closure(sorted(starts))
    return {folder: way(folder, parents) for folder in parents if folder}


def _needed_by_none(graph: PackageGraph) -> list[str]:
    below = {
        found
        for folder, package in graph.installed.items()
        for name in package.needs
        if (found := graph.resolve(folder, name)) is not None and found != folder
    }
    return [folder for folder in graph.installed if folder and folder not in below]
