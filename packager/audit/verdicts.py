"""Verdicts kept by content: the same archive, layers and question get the same answer without being read again.

The key holds the SHA-256 of every file, the whole target, and the stamp of our own code and data, so that neither a new
baseline nor a changed check meets an old verdict. Folders are always judged anew.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from contextlib import suppress
from dataclasses import asdict, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from packager.audit import Finding

if TYPE_CHECKING:
    from collections.abc import Sequence

    from packager.catalog.records import Budget, Target

_NAME = "\0artifact"
"""Stands for the artifact's path, which is no part of its verdict."""
_CODE = ("archive", "audit", "catalog", "engines", "inventory", "trim")


def audit_cached(
    path: Path,
    layers: Sequence[Path],
    target: Target,
    *,
    cache: Path | None,
    budget: Budget | None = None,
    handler: str = "",
) -> list[Finding]:
    """Return what `audit_archive` does, from the cache folder if it was asked before. No cache: always anew."""
    if cache is None or path.is_dir() or any(layer.is_dir() for layer in layers):
        return audit_archive(path, layers, target, budget=budget, handler=handler)
    files = [path, *layers]
    names = [str(layer) for layer in layers]
    limits = asdict(budget) if budget else None
    # A set has no order of its own, not even the same in two runs.
    question = json.dumps([asdict(target), limits, handler, names, path.name, _stamp()], default=sorted)
    key = hashlib.sha256("\n".join([question, *map(_sha256, files)]).encode()).hexdigest()
    place = cache / "verdicts" / f"{key}.json"
    known = _read(place)
    if known is None:
        known = audit_archive(path, layers, target, budget=budget, name=_NAME, handler=handler)
        _write(place, known)
    return [replace(finding, subject=finding.subject.replace(_NAME, str(path), 1)) for finding in known]


def audit_archive(
    path: Path, layers: Sequence[Path], target: Target, *, budget: Budget | None, handler: str, name: str = ""
) -> list[Finding]:
    """Return a verdict found anew. The checks are imported only here: an old verdict is there before they would be."""
    from packager.audit import judge

    return judge.audit_archive(path, layers, target, budget=budget, name=name, handler=handler)


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while piece := stream.read(1 << 20):
            digest.update(piece)
    return digest.hexdigest()


@lru_cache(maxsize=1)
def _stamp() -> str:
    """Return what changes when our own code or data does."""
    root = Path(__file__).parent.parent
    files = sorted(file for folder in _CODE for file in (root / folder).rglob("*") if file.suffix in (".py", ".yaml"))
    parts = []
    for file in files:
        status = file.stat()
        parts.append(f"{file.name}:{status.st_size}:{status.st_mtime_ns}")
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _read(place: Path) -> list[Finding] | None:
    try:
        return [Finding(**row) for row in json.loads(place.read_text(encoding="utf-8"))]
    except (OSError, ValueError, TypeError):
        return None  # not there, or not ours: it is judged and written anew


def _write(place: Path, findings: list[Finding]) -> None:
    """Keep a verdict: complete or not at all. A cache that cannot be written costs time, nothing else."""
    with suppress(OSError):
        place.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=place.parent)
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            json.dump([finding.to_json() for finding in findings], stream)
        Path(name).replace(place)
