"""What the host's runtime brings along (the AWS SDK), beside the bundle in a proof away from the real image."""

from __future__ import annotations

import re
import shutil
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from packager.model.proof import CannotProve
from packager.prove.running.unpack import freeze

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from packager.model.targets import Target
    from packager.prove.running.unpack import CleanRoot

    PackageSource = Callable[[Mapping[str, str], str], Path]
    """Returns a folder with these packages (name → range) for a major version; raises CannotProve."""

_NAMED = re.compile(rb"""["'`]((?:@[\w.-]+/)?[\w.-]+)(?:/[^"'`\n]*)?["'`]""")
_SOURCES = (".js", ".mjs", ".cjs", ".ts", ".mts", ".cts")
_LARGEST_BYTES = 4 << 20


class BroughtPackages:
    """The packages that stand for the runtime's own, got as a bundle turns out to need them."""

    def __init__(self, target: Target, root: CleanRoot, get: PackageSource) -> None:
        self._target = target
        self._root = root
        self._get = get
        self._there: dict[str, str] = {}

    def add(self, missed: frozenset[str]) -> bool:
        """Put packages the code missed beside the bundle; return whether there is more now than before.

        What the bundle's code names, too, comes along with the first, so that it need not fail once for each.
        """
        new = self._ranges(missed - self._there.keys())
        if not new:
            return False
        for wanted in ({**self._ranges(self._named()), **self._there, **new}, {**self._there, **new}):
            try:
                folder = self._get(wanted, self._target.language_version)
            except CannotProve:
                continue  # one of the names in the code may be no package at all
            self._there = wanted
            self._lay_out(folder)
            return True
        return False

    def note(self) -> str:
        """Return what a proof says of them: "with @aws-sdk 3.x in place of the runtime's"; empty without any.

        Only the major version is told: which release the registry has today changes no answer.
        """
        majors = {}
        for name in self._there:
            manifest = self._root.runtime / "node_modules" / name / "package.json"
            found = re.search(r'"version"\s*:\s*"(\d+)', manifest.read_text(encoding="utf-8", errors="replace"))
            majors[name.partition("/")[0]] = found[1] if found else "?"
        told = ", ".join(f"{name} {major}.x" for name, major in sorted(majors.items()))
        return f"with {told} in place of the runtime's" if told else ""

    def _ranges(self, names: frozenset[str]) -> dict[str, str]:
        return {name: range_ for name in sorted(names) for range_ in stand_in(self._target, name)}

    def _named(self) -> frozenset[str]:
        """Return the packages of the runtime that the bundle's code names."""
        found: set[str] = set()
        for path in sorted(self._root.task.rglob("*")):
            if path.suffix in _SOURCES and path.is_file() and path.stat().st_size <= _LARGEST_BYTES:
                found.update(name.decode("utf-8", "replace") for name in _NAMED.findall(path.read_bytes()))
        return frozenset(found)

    def _lay_out(self, folder: Path) -> None:
        runtime = self._root.runtime
        if runtime.exists():
            _thaw_and_remove(runtime)
        shutil.copytree(folder, runtime, symlinks=True)
        freeze(runtime)


def _thaw_and_remove(folder: Path) -> None:
    for path in (folder, *folder.rglob("*")):
        if path.is_dir() and not path.is_symlink():
            path.chmod(0o700)
    shutil.rmtree(folder)


def stand_in(target: Target, name: str) -> Iterator[str]:
    """Yield the range of versions that may stand for a package of the runtime's; nothing for any other package."""
    for glob, range_ in target.system.stand_ins:
        if fnmatchcase(name, glob):
            yield range_
            return
