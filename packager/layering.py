"""What the layers beneath a function already carry, package by package. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packager.languages.registry import LANGUAGES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from packager.model.plan import Bundle
    from packager.model.selection import Selection


def provided_by(
    selection: Selection, carried: Sequence[tuple[str, Selection, bool]], bundle: Bundle
) -> tuple[dict[str, str], dict[str, str]]:
    """Return (package folder → layer, file → layer) for what a function leaves out.

    `selection` is the function's without regard to layers; `carried` holds (name, selection, same tree) of each
    layer. A package is left out whole or not at all: Node looks into the function's own node_modules first, and half a
    package there would hide the layer's. From another tree, name, version and all paths must agree.
    """
    packages: dict[str, str] = {}
    files: dict[str, str] = {}
    wanted = _by_package(selection)
    for name, layer, same_tree in carried:
        offered = _by_package(layer)
        for folder, paths in wanted.items():
            if folder in offered and paths.keys() <= offered[folder].keys():
                same = same_tree or _version(paths) == _version(offered[folder])
                if same and folder not in packages:
                    packages[folder] = name
        if same_tree and LANGUAGES[bundle.target.language].package_layout == "shared":
            files.update({c.file.path: name for c in layer.kept if c.file.path not in files})
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
