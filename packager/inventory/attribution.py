"""Which installed package a file belongs to, told from the files of a tree or archive alone. Pure but for `read`."""

from __future__ import annotations

import csv
import json
import posixpath
import re
from typing import TYPE_CHECKING, Any

from packager.inventory.bytecode import source_path
from packager.model.inventory import Package
from packager.model.packages import package_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    Read = Callable[[str], bytes | None]

_DIST_INFO = re.compile(r"(?:(?P<parent>.*)/)?(?P<name>[^/]+?)-(?P<version>[^/-]+)\.dist-info")


class Attribution:
    """Finds the package of a path. `read` gives a file's content, or None if it cannot be had."""

    def __init__(self, paths: Iterable[str], read: Read) -> None:
        self._paths = frozenset(paths)
        self._read = read
        self._npm: dict[str, Package | None] = {}
        self._python = self._distributions()

    def __call__(self, path: str) -> Package | None:
        """Return the innermost package that holds the file; None for the project's own files."""
        while folder := package_folder(path):
            if folder not in self._npm:
                self._npm[folder] = self._npm_package(folder)
            if found := self._npm[folder]:
                return found
            # A node_modules folder without package.json (fixtures, bundler output) belongs to what holds it.
            path = folder.rpartition("node_modules/")[0] + "_"
        # RECORD knows of no bytecode that was made after the installation.
        return self._python.get(path) or self._python.get(source_path(path)) or self._python_folder(path)

    def _npm_package(self, folder: str) -> Package | None:
        path = f"{folder}/package.json"
        if path not in self._paths:
            return None
        content = self._read(path)
        try:
            data: Any = json.loads(content or b"{}")
        except ValueError:
            data = {}  # the folder tells the name all the same
        data = data if isinstance(data, dict) else {}
        systems = data.get("os")
        systems = [systems] if isinstance(systems, str) else systems if isinstance(systems, list) else []
        name = folder.rpartition("node_modules/")[2]
        return Package(name, str(data.get("version") or ""), folder, tuple(map(str, systems)))

    def _distributions(self) -> dict[str, Package]:
        """Return files of Python packages by their RECORD, and folders of those without one."""
        found: dict[str, Package] = {}
        infos = {path.rpartition("/")[0] for path in self._paths if path.endswith((".dist-info/METADATA", "/RECORD"))}
        for info in sorted(infos):
            match = _DIST_INFO.fullmatch(info)
            if match is None:
                continue
            package = Package(match["name"].replace("_", "-").lower(), match["version"], info, tags=self._tags(info))
            parent = match["parent"] or ""
            content = self._read(f"{info}/RECORD") if f"{info}/RECORD" in self._paths else None
            rows = csv.reader((content or b"").decode("utf-8", "replace").splitlines())
            for row in rows:
                if row:
                    found[posixpath.normpath(posixpath.join(parent, row[0]))] = package
            for folder in (match["name"], f"{match['name']}.libs", posixpath.basename(info)):
                found.setdefault(posixpath.join(parent, folder) + "/", package)
        return found

    def _tags(self, info: str) -> tuple[str, ...]:
        content = self._read(f"{info}/WHEEL") if f"{info}/WHEEL" in self._paths else None
        lines = (content or b"").decode("utf-8", "replace").splitlines()
        return tuple(line.partition(":")[2].strip() for line in lines if line.startswith("Tag:"))

    def _python_folder(self, path: str) -> Package | None:
        parts = path.split("/")
        return next(
            (
                self._python[folder]
                for end in range(len(parts) - 1, 0, -1)
                if (folder := "/".join(parts[:end]) + "/") in self._python
            ),
            None,
        )
