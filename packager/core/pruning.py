"""What the cache folder holds, and making room in it: by age, by size, or all of it.

Everything in it can be made or fetched again, so the worst that removing can do is cost time; that something is being
used right now is no reason against it on the systems we run on.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from packager.core.atomic import remove as remove_path
from packager.core.cache_areas import AREAS, WITHIN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from packager.core.cache_dir import Item


@dataclass(frozen=True)
class Held:
    """What one area holds."""

    name: str
    title: str
    items: int
    size_bytes: int


def weigh(items: Iterable[Item]) -> list[Held]:
    """Return what each area holds, areas that hold nothing included.

    >>> [area.name for area in weigh([])][:2]
    ['archive/members', 'archive/records']
    """
    inside: dict[str, list[Item]] = {area.name: [] for area in AREAS}
    for item in items:
        inside[item.area].append(item)
    return [
        Held(area.name, area.title, len(found), sum(item.size_bytes for item in found))
        for area in AREAS
        for found in (inside[area.name],)
    ]


def items(cache: Path) -> list[Item]:
    """Return everything in a cache folder, least recently used first; nothing if there is none."""
    found = [item for area in AREAS for item in area.items(cache)]
    found += [replace(item, area=area.name) for inner, area in WITHIN.items() for item in inner.items(cache)]
    return sorted(found, key=lambda item: (item.used, str(item.path)))


def choose(
    found: Iterable[Item],
    *,
    now: float,
    older_than_seconds: float | None = None,
    max_bytes: int | None = None,
    everything: bool = False,
) -> list[Item]:
    """Return what is to go, least recently used first: what is older, and then what is too much."""
    ordered = sorted(found, key=lambda item: (item.used, str(item.path)))
    total = sum(item.size_bytes for item in ordered)
    chosen = []
    for item in ordered:
        too_old = older_than_seconds is not None and now - item.used > older_than_seconds
        if everything or too_old or (max_bytes is not None and total > max_bytes):
            chosen.append(item)
            total -= item.size_bytes
    return chosen


def remove(chosen: Iterable[Item], failed: Callable[[Item, OSError], None]) -> list[Item]:
    """Remove items and return those that are gone; says which could not be removed."""
    gone = []
    for item in chosen:
        try:
            remove_path(item.path)
        except FileNotFoundError:
            continue  # another process was first
        except OSError as error:
            failed(item, error)
            continue
        gone.append(item)
    return gone
