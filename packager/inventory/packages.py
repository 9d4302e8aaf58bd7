"""Installed npm packages and how they need each other, read from their package.json, resolved as Node does."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from packager.inventory import Package

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path


@dataclass(frozen=True)
class Installed:
    """One package folder."""

    package: Package
    needs: tuple[str, ...]
    """Names of dependencies, optional dependencies and required peers, sorted."""
    cpu: tuple[str, ...] = ()
    libc: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    """Those of `needs` that the package does without if they can't be installed."""
    optional_peers: tuple[str, ...] = ()
    """What the package uses where the project has it, and no part of `needs`: knex finds pg so."""


@dataclass(frozen=True)
class PackageGraph:
    """All packages of a tree by folder."""

    installed: Mapping[str, Installed]
    """Folder (POSIX, relative, ``node_modules/a``) → package. The project itself is the key ""."""
    parents: dict[str, str] = field(default_factory=dict, compare=False)
    generated: tuple[str, ...] = ()
    """Folders in node_modules that a generator wrote and that count as packages of their own."""

    def of(self, path: str) -> Installed | None:
        """Return the innermost package a file belongs to; None for the project's own files."""
        for folder in self.generated:
            if path.startswith(f"{folder}/"):
                return self.installed[folder]
        while folder := package_folder(path):
            if folder in self.installed:
                return self.installed[folder]
            # A node_modules folder without a package.json in it (bundler output, fixtures) belongs to what holds it.
            path = folder.rpartition("node_modules/")[0] + "_"
        return None

    def resolve(self, importer: str, name: str) -> str | None:
        """Return the folder of `name` as seen from the package folder `importer`; None if not installed."""
        folder = PurePosixPath(importer)
        for base in (folder, *folder.parents):
            if base.name == "node_modules":
                continue
            found = str(base / "node_modules" / name) if str(base) != "." else f"node_modules/{name}"
            if found in self.installed:
                return found
        return None

    def closure(self, roots: Iterable[str], without: Iterable[str] = ()) -> dict[str, str]:
        """Return every folder reachable from the root folders → the folder that led there ("" for a root).

        Packages whose names are in `without` are not entered.
        """
        closed = frozenset(without)
        found: dict[str, str] = {}
        queue = [(root, "") for root in roots]
        while queue:
            folder, parent = queue.pop(0)
            if folder in found or folder not in self.installed:
                continue
            found[folder] = parent
            for name in self.installed[folder].needs:
                if name not in closed and (next_folder := self.resolve(folder, name)) is not None:
                    queue.append((next_folder, folder))
        return found

    def required(self) -> frozenset[str]:
        """Return the folders that the project cannot do without: reached without any optional dependency."""
        found: set[str] = set()
        queue = [""]
        while queue:
            folder = queue.pop()
            here = self.installed.get(folder)
            if here is None or (folder in found):
                continue
            found.add(folder)
            names = [name for name in here.needs if name not in here.optional]
            queue += [found_folder for name in names if (found_folder := self.resolve(folder, name)) is not None]
        return frozenset(found - {""})

    def production(self, without: Iterable[str] = ()) -> dict[str, str]:
        """Return what the project's own dependencies reach."""
        closed = frozenset(without)
        project = self.installed.get("")
        names = project.needs if project else ()
        roots = [self.resolve("", name) for name in names if name not in closed]
        return self.closure([root for root in roots if root is not None], closed)


def way(folder: str, parents: Mapping[str, str]) -> str:
    """Return how a package came to be needed, `parents` being a closure's: "express > body-parser > bytes"."""
    names: list[str] = []
    while folder:
        names.append(folder.rpartition("node_modules/")[2])
        folder = parents.get(folder, "")
    return " > ".join(reversed(names))


def package_folder(path: str) -> str:
    """Return the folder of the package a file belongs to; empty for the project's own files.

    >>> package_folder("node_modules/a/node_modules/@s/b/lib/x.js"), package_folder("src/x.js")
    ('node_modules/a/node_modules/@s/b', '')
    """
    parts = path.split("/")
    for index in range(len(parts) - 2, -1, -1):
        if parts[index] != "node_modules":
            continue
        name = parts[index + 1]
        # `.prisma/client` is written by a generator and imported like a package: two parts, as with a scope.
        length = 2 if name.startswith(("@", ".")) else 1
        if index + length < len(parts) - 1:
            return "/".join(parts[: index + 1 + length])
    return ""


def read_packages(
    root: Path, files: Iterable[str], companions: Mapping[str, tuple[str, ...]], generated: Iterable[str] = ()
) -> PackageGraph:
    """Return the graph of a tree from the paths of its files.

    `companions` adds edges that no package.json names: ``{"@prisma/client": (".prisma/client",)}``; `generated` are
    folders a generator writes into node_modules, packages even if they have no package.json.
    """
    files = tuple(files)
    installed: dict[str, Installed] = {}
    # Outer folders first: a package counts as installed only below another one, the project or a workspace.
    for path in sorted(
        (path for path in files if path.rpartition("/")[2] == "package.json"), key=lambda p: p.count("/")
    ):
        folder = path.rpartition("/")[0]
        holder = folder.rpartition("node_modules/")[0].rstrip("/")
        if folder and (package_folder(path) != folder or ("node_modules" in holder and holder not in installed)):
            continue
        data = _load(root / path)
        if data is None:
            continue
        name = str(PurePosixPath(*_name_parts(folder))) if folder else str(data.get("name") or "")
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
    return PackageGraph(installed, generated=written)


def _name_parts(folder: str) -> tuple[str, ...]:
    parts = folder.split("/")
    return tuple(parts[len(parts) - 1 - parts[::-1].index("node_modules") + 1 :])


def _load(path: Path) -> dict[str, Any] | None:
    try:
        data = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError):
        # Packages ship broken package.json files as test fixtures; such a folder is no package.
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
