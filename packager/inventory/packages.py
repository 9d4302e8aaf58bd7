"""Installed npm packages and how they need each other, read from their package.json, resolved as Node does."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from packager.model.inventory import Package
from packager.model.packages import Installed, PackageGraph, package_folder

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path


_STORE = re.compile(r"(?:^|/)node_modules/\.[^/]+/[^/]+$")
"""Where managers put packages that they link: ``node_modules/.pnpm/a@1.0.0``."""


def way(folder: str, parents: Mapping[str, str]) -> str:
    """Return how a package came to be needed, `parents` being a closure's: "express > body-parser > bytes"."""
    names: list[str] = []
    while folder:
        names.append(folder.rpartition("node_modules/")[2])
        folder = parents.get(folder, "")
    return " > ".join(reversed(names))


def read_packages(
    root: Path,
    files: Iterable[str],
    companions: Mapping[str, tuple[str, ...]],
    generated: Iterable[str] = (),
    links: Mapping[str, str] | None = None,
) -> PackageGraph:
    """Return the graph of a tree from the paths of its files.

    `companions` adds edges that no package.json names: ``{"@prisma/client": (".prisma/client",)}``; `generated` are
    folders a generator writes into node_modules, packages even if they have no package.json. `links` says where those
    lead to that are kept: what they lead to is a package wherever it lies, as what lies beside it in a store is.
    """
    files = tuple(files)
    linked = frozenset((links or {}).values())
    installed: dict[str, Installed] = {}
    # Outer folders first: a package counts as installed only below another one, the project or a workspace.
    for path in sorted(
        (path for path in files if path.rpartition("/")[2] == "package.json"), key=lambda p: p.count("/")
    ):
        folder = path.rpartition("/")[0]
        holder = folder.rpartition("node_modules/")[0].rstrip("/")
        outside = package_folder(path) != folder or (
            "node_modules" in holder and holder not in installed and not _STORE.search(holder)
        )
        if folder and folder not in linked and outside:
            continue
        data = _load(root / path)
        if data is None:
            continue
        own = str(data.get("name") or "")
        name = own if own and (not folder or folder in linked) else "/".join(_name_parts(folder))
        optional = {key for key, meta in _mapping(data, "peerDependenciesMeta").items() if _is_optional(meta)}
        needs = {
            *_mapping(data, "dependencies"),
            *_mapping(data, "optionalDependencies"),
            *(peer for peer in _mapping(data, "peerDependencies") if peer not in optional),
            *companions.get(name, ()),
        }
        installed[folder] = Installed(
            package=Package(name, str(data.get("version") or ""), folder, os=_strings(data.get("os"))),
            needs=tuple(sorted(needs)),
            cpu=_strings(data.get("cpu")),
            libc=_strings(data.get("libc")),
            optional=tuple(sorted(_mapping(data, "optionalDependencies"))),
            optional_peers=tuple(sorted(optional)),
        )
    written = tuple(
        folder
        for folder in dict.fromkeys(generated)
        if "node_modules/" in f"{folder}/" and any(path.startswith(f"{folder}/") for path in files)
    )
    for folder in written:
        name = folder.rpartition("node_modules/")[2]
        installed.setdefault(folder, Installed(Package(name=name, version="", path=folder), needs=()))
    return PackageGraph(installed, generated=written, links=links or {})


def _name_parts(folder: str) -> list[str]:
    return folder.rpartition("node_modules/")[2].split("/")


def _load(path: Path) -> dict[str, Any] | None:
    try:
        data = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError):
        # Packages ship broken package.json files as test fixtures; such a folder is not a package.
        return None
    return data if isinstance(data, dict) else None


def _mapping(data: dict[str, Any], key: str) -> dict[str, Any]:
    value = data.get(key)
    return value if isinstance(value, dict) else {}


def _strings(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    return tuple(str(item) for item in value) if isinstance(value, list) else ()


def _is_optional(meta: object) -> bool:
    return isinstance(meta, dict) and bool(meta.get("optional"))
