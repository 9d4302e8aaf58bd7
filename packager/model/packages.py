"""Installed npm packages and how they need each other, resolved as Node does."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from packager.model.inventory import Package


_OUTPUTS = frozenset({".next", ".nuxt", ".output", ".open-next", ".svelte-kit", ".amplify-hosting", "standalone"})
"""Folders that frameworks build into, wherever they lie. Sources: nextjs.org, "output"; nitro.build, "Deploy"."""
_BUILT = frozenset({"dist", "build", "out", "output"})
"""Names of such folders at the top of a project."""


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
    links: Mapping[str, str] = field(default_factory=dict)
    """Link that is kept → the folder it leads to: ``node_modules/a`` → ``node_modules/.pnpm/a@1/node_modules/a``."""
    roots: tuple[str, ...] = ()
    """Folders that are needed besides the project's own dependencies."""

    def of(self, path: str) -> Installed | None:
        """Return the innermost package a file belongs to; None for the project's own files."""
        for folder in self.generated:
            if path.startswith(f"{folder}/"):
                return self.installed[folder]
        if self._stored:
            parts = path.split("/")
            for length in range(len(parts) - 1, 1, -1):
                if (folder := "/".join(parts[:length])) in self._stored:
                    return self.installed[folder]
        while folder := package_folder(path):
            if folder in self.installed:
                return self.installed[folder]
            # A node_modules folder without a package.json in it (bundler output, fixtures) belongs to what holds it.
            path = folder.rpartition("node_modules/")[0] + "_"
        return None

    @cached_property
    def _stored(self) -> frozenset[str]:
        """Return the linked packages that lie in a node_modules: the others are the project's own folders."""
        return frozenset(
            folder for folder in self.links.values() if folder in self.installed and "node_modules/" in f"{folder}/"
        )

    def resolve(self, importer: str, name: str) -> str | None:
        """Return the folder of `name` as seen from the package folder `importer`; None if not installed."""
        folder = PurePosixPath(importer)
        for base in (folder, *folder.parents):
            if base.name == "node_modules":
                continue
            found = str(base / "node_modules" / name) if str(base) != "." else f"node_modules/{name}"
            found = self.links.get(found, found)
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
        roots += self.roots
        return self.closure([root for root in roots if root is not None], closed)


def in_output(path: str) -> bool:
    """Return whether a path lies in a node_modules folder that a build has put into its output: the user's own.

    >>> in_output(".next/standalone/node_modules/a/x.js"), in_output("dist/node_modules/a"), in_output("node_modules/a")
    (True, True, False)
    """
    before = path.partition("node_modules/")[0].split("/")[:-1]
    return "node_modules/" in path and bool(before) and (before[0] in _BUILT or not _OUTPUTS.isdisjoint(before))


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
