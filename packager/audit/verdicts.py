"""Verdicts kept by content: the same archive, layers and question get the same answer without being read again.

The key holds the SHA-256 of every file, the whole target, and the stamp of our own code and data, so that neither a new
baseline nor a changed check meets an old verdict. Folders are always judged again. What is kept carries a checksum: a
damaged verdict is none.
"""

from __future__ import annotations

import hashlib
import os
import time
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from packager.core.cache_areas import CONTENTS, VERDICTS
from packager.core.cache_dir import CacheDir
from packager.model.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Sequence

    from packager.model.targets import Budget, Target

_NAME = "\0artifact"
"""Stands for the artifact's path, which is not part of its verdict."""
_TICK_NS = 2_000_000_000
"""The coarsest clock of a file system in use: two seconds."""
_ROOT = Path(__file__).parent.parent
_CODE = ("archive", "audit", "catalog", "core", "engines", "inventory", "languages", "model", "select")
"""The rooms of ours on which a verdict depends: all that judging loads, which a test holds them to."""


def audit_cached(
    path: Path,
    layers: Sequence[Path],
    target: Target,
    *,
    cache: Path | None,
    budget: Budget | None = None,
    handler: str = "",
) -> list[Finding]:
    """Return what `audit_archive` does, from the cache folder if it was asked before. No cache: always judged."""
    if cache is None or path.is_dir() or any(layer.is_dir() for layer in layers):
        return audit_archive(path, layers, target, budget=budget, handler=handler)
    contents = _Contents(cache)
    names = [str(layer) for layer in layers]
    # A set has no order of its own, not even the same in two runs.
    question = msgspec.json.encode([target, budget, handler, names, path.name, _stamp()], order="deterministic")
    hashes = "".join(f"\n{contents.sha256(each)}" for each in (path, *layers))
    key = hashlib.sha256(question + hashes.encode()).hexdigest()
    kept = CacheDir(cache).area(VERDICTS)
    known = _findings(kept.get(key))
    if known is None:
        known = audit_archive(path, layers, target, budget=budget, name=_NAME, handler=handler)
        kept.put(key, [finding.to_json() for finding in known])
    return [replace(finding, subject=finding.subject.replace(_NAME, str(path), 1)) for finding in known]


def audit_archive(
    path: Path, layers: Sequence[Path], target: Target, *, budget: Budget | None, handler: str, name: str = ""
) -> list[Finding]:
    """Return a newly found verdict. The checks are imported only here: an old verdict is there before they would be."""
    from packager.audit import judge

    return judge.audit_archive(path, layers, target, budget=budget, name=name, handler=handler)


class _Contents:
    """SHA-256 of files, by what the system says of a file that has not changed since it was read."""

    def __init__(self, cache: Path) -> None:
        self._kept = CacheDir(cache).area(CONTENTS)

    def sha256(self, path: Path) -> str:
        """Return the hash of a file's content, from the cache if its inode, size and times are those of last time."""
        before = self._stamp(path)
        key = hashlib.sha256(os.fsencode(path.resolve())).hexdigest()
        known = self._kept.get(key)
        if isinstance(known, list) and len(known) == 2 and known[0] == before and isinstance(known[1], str):
            return known[1]
        digest = hashlib.sha256()
        with path.open("rb") as stream:
            while piece := stream.read(1 << 20):
                digest.update(piece)
        # What was written a moment ago may be written again within the same tick of the clock.
        if self._stamp(path) == before and time.time_ns() - max(before[2:]) > _TICK_NS:
            self._kept.put(key, [before, digest.hexdigest()])
        return digest.hexdigest()

    @staticmethod
    def _stamp(path: Path) -> list[int]:
        status = path.stat()
        return [status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns]


@lru_cache(maxsize=1)
def _stamp() -> str:
    """Return what changes when our own code or data does."""
    parts = []
    for file in stamped():
        status = file.stat()
        parts.append(f"{file.name}:{status.st_size}:{status.st_mtime_ns}")
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def stamped() -> list[Path]:
    """Return the files of ours on which a verdict depends.

    Raises LookupError where the list names what is not there: left out in silence, its changes would meet old verdicts.
    """
    found = []
    for name in _CODE:
        files = [_ROOT / f"{name}.py"] if (_ROOT / f"{name}.py").is_file() else (_ROOT / name).rglob("*")
        part = [file for file in files if file.suffix in (".py", ".yaml")]
        if not part:
            msg = f"packager/{name} is gone, and packager/audit/verdicts.py still names it"
            raise LookupError(msg)
        found += part
    return sorted(found)


def _findings(rows: object) -> list[Finding] | None:
    try:
        return [Finding.from_json(row) for row in rows] if isinstance(rows, list) else None
    except ValueError:
        return None  # not ours: it is judged again and overwritten
