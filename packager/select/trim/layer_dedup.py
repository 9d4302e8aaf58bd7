"""What the layers beneath a function already carry, package by package. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from packager.model.selection import Selection
    from packager.model.stages import LayerBeneath


def provided_by(
    selection: Selection, layers: Sequence[LayerBeneath], *, file_by_file: bool
) -> tuple[dict[str, str], dict[str, str]]:
    """Return (package folder → layer, file → layer) for what a function leaves out.

    `selection` is the function's without regard to layers. A package is left out whole or not at all: Node looks into
    the function's own node_modules first, and half a package there would hide the layer's. From another tree, name,
    version and all paths must agree. `file_by_file` also leaves out single files that a
    layer of the same tree has, since Python merges what lies in several folders.
    """
    packages: dict[str, str] = {}
    files: dict[str, str] = {}
    wanted = _by_package(selection)
    for layer in layers:
        offered = _by_package(layer.selection)
        for folder, paths in wanted.items():
            if folder in offered and paths.keys() <= offered[folder].keys():
                same = layer.same_tree or _version(paths) == _version(offered[folder])
                if same and folder not in packages:
                    packages[folder] = layer.name
        if file_by_file and layer.same_tree:
            files.update({c.file.path: layer.name for c in layer.selection.kept if c.file.path not in files})
    return packages, files


def _by_package(selection: Selection) -> dict[str, dict[str, str]]:
    """Return package folder → path → version of the kept files."""
    found: dict[str, dict[str, str]] = {}
    for choice in selection.kept:
        package = choice.file.package
        if package is not None and package.path:
            found.setdefault(package.path, {})[choice.file.path] = package.version
    return found


def _version(paths: dict[str, str]) -> str:
    return next(iter(paths.values()), "")
