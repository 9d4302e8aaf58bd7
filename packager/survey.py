"""What a project folder holds: its language, lock, locked versions, engines and schema. Reads, decides nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from packager.detect import language_of
from packager.inventory.schema import read_schema

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from packager.catalog import Catalog
    from packager.catalog.records import Engine, Version
    from packager.plan import PackageManager

PYTHON_REQUIREMENTS = ("requirements.txt",)


@dataclass(frozen=True)
class Survey:
    """The facts of one source folder."""

    root: Path
    language: str
    """``nodejs``, ``python`` or ``provided``."""
    manager: PackageManager | None
    lock_file: str
    packages: Mapping[str, str] = field(default_factory=dict)
    """Package → locked version, as far as the lock file says."""
    engines: tuple[Engine, ...] = ()
    schema_file: str = ""
    schema: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def survey(root: Path, catalog: Catalog, language: str = "") -> Survey:
    """Return what a folder holds, as seen by one language; by default the one its files speak of.

    Raises ConfigError for a missing, broken or contradictory lock file.
    """
    language = language or language_of(root) or "provided"
    manager: PackageManager | None = None
    lock_file, packages, notes = "", dict[str, str](), tuple[str, ...]()
    if language == "nodejs" and (root / "package.json").is_file():
        from packager.generate.lockfiles import check_lock

        facts = check_lock(root)
        manager, lock_file, packages, notes = facts.manager, facts.lock_file, dict(facts.packages), facts.notes
    elif language == "python":
        for name in PYTHON_REQUIREMENTS:
            if (root / name).is_file():
                manager, lock_file = "pip", name
    engines = tuple(engine for engine in catalog.engines if _speaks_of(engine, packages))
    schema_file, schema = _schema(root, engines)
    return Survey(root, language, manager, lock_file, packages, engines, schema_file, schema, notes)


def _speaks_of(engine: Engine, packages: Mapping[str, str]) -> bool:
    for name in engine.packages:
        if name not in packages:
            continue
        version = _numbers(packages[name])
        if version >= engine.since and (not engine.before or version < engine.before):
            return True
    return False


def _numbers(text: str) -> Version:
    """Return the leading numbers of a semantic version: "7.10.0-dev.3" is (7, 10, 0)."""
    numbers = []
    for part in text.split("-")[0].split("+")[0].split("."):
        if not part.isdigit():
            break
        numbers.append(int(part))
    return tuple(numbers)


def _schema(root: Path, engines: tuple[Engine, ...]) -> tuple[str, dict[str, str]]:
    for engine in engines:
        for name in engine.schema:
            if (root / name).is_file():
                return name, read_schema((root / name).read_text(encoding="utf-8", errors="replace"))
    return "", {}
