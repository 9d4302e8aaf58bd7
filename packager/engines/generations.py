"""Packages and schema → the generations a project uses. Pure: what holds is said by the catalog's data."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from packager.model.generators import Engine
    from packager.model.targets import Version


def spoken_of(engine: Engine, packages: Mapping[str, str]) -> bool:
    """Return whether a data file speaks of these packages, given by name → locked version."""
    return any(_covers(engine, packages[name]) for name in engine.packages if name in packages)


def holds(when: tuple[tuple[str, tuple[str, ...]], ...], facts: Mapping[str, str]) -> bool:
    """Return whether every condition is met; an absent fact counts as empty text."""
    return all(facts.get(key, "") in values for key, values in when)


def generation(engines: Iterable[Engine], packages: Mapping[str, str], facts: Mapping[str, str]) -> Engine | None:
    """Return the first generation of a generator that speaks of the packages and whose conditions hold."""
    return next(
        (engine for engine in engines if engine.family and spoken_of(engine, packages) and holds(engine.when, facts)),
        None,
    )


def numbers(text: str) -> Version:
    """Return the leading numbers of a semantic version.

    >>> numbers("7.10.0-dev.3"), numbers("unknown")
    ((7, 10, 0), ())
    """
    found = []
    for part in text.split("-")[0].split("+")[0].split("."):
        if not part.isdigit():
            break
        found.append(int(part))
    return tuple(found)


def _covers(engine: Engine, version: str) -> bool:
    if engine.prerelease != "any" and ("-" in version.split("+")[0]) != (engine.prerelease == "only"):
        return False
    suffix = version.split("+")[0].partition("-")[2]
    if engine.suffixes and not any(fnmatchcase(suffix, pattern) for pattern in engine.suffixes):
        return False
    found = numbers(version)
    return found >= engine.since and (not engine.before or found < engine.before)
