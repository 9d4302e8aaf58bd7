"""What the cache folder holds, and making room in it: by age, by size, or all of it.

Everything in it can be made or fetched again, so the worst that removing can do is cost time; that something is being
used right now is no reason against it on the systems we run on.
"""

from __future__ import annotations

import os
import re
import shutil
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

_HEX = r"[0-9a-f]{8,64}"
_ASIDE = rf"\..*\.{_HEX}\.removed"
"""What a run that was killed while removing has left."""
_ROOMS = {
    "archive/members": ("*/*", rf"{_HEX}\.(pack|partial)", "compressed members"),
    "archive/records": ("*", rf".*-{_HEX}(\.{_HEX}\.partial)?|[0-9a-f]{{32}}", "what archives were made of"),
    "trees": ("*", _HEX, "results of installing and generating"),
    "engines": ("*/*/*", _HEX, "engines of generators"),
    "node": ("*", r"\d+[\d.]*-\w+-\w+.*", "Node runtimes"),
    "tools": ("*", r"\w+-.*-\w+-\w+.*", "tools from npm"),
    "proofs": ("*", rf"{_HEX}\.json", "proofs"),
    "verdicts": ("*", rf"{_HEX}\.json", "audits"),
    "bytecode": ("*/*", rf"{_HEX}(\.\d+\.partial)?", "compiled Python modules"),
}
"""Room → where its items lie, what they are called there, and what that is. Nothing else is ever counted or removed:
somebody may have named a folder that holds other things as well."""


@dataclass(frozen=True)
class Item:
    """One thing that goes or stays as a whole."""

    room: str
    path: Path
    size_bytes: int
    used: float
    """When it was used or made, in seconds since 1970."""


@dataclass(frozen=True)
class Room:
    """What one part of the tool keeps."""

    name: str
    title: str
    items: int
    size_bytes: int


def rooms(items: Iterable[Item]) -> list[Room]:
    """Return what each room holds, rooms that hold nothing included.

    >>> [room.name for room in rooms([])][:2]
    ['archive/members', 'archive/records']
    """
    inside: dict[str, list[Item]] = {name: [] for name in _ROOMS}
    for item in items:
        inside[item.room].append(item)
    return [
        Room(name, _ROOMS[name][2], len(found), sum(item.size_bytes for item in found))
        for name, found in inside.items()
    ]


def items(cache: Path) -> list[Item]:
    """Return everything in a cache folder, least recently used first; nothing if there is none."""
    found = []
    for room, (pattern, name, _) in _ROOMS.items():
        for path in (cache / room).glob(pattern):
            # A link leads to something of somebody else's.
            if re.fullmatch(f"{name}|{_ASIDE}", path.name) and not path.is_symlink():
                with suppress(FileNotFoundError):  # another process tidies up as well
                    found.append(_item(room, path))
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
            _remove(item.path)
        except FileNotFoundError:
            continue  # another process was first
        except OSError as error:
            failed(item, error)
            continue
        gone.append(item)
    return gone


def _remove(path: Path) -> None:
    """Remove a file, or a folder that is out of everybody's sight before it is half empty."""
    if not path.is_dir():
        path.unlink()
        return
    aside = path.with_name(f".{path.name}.{os.urandom(4).hex()}.removed")
    path.rename(aside)
    shutil.rmtree(aside)


def _item(room: str, path: Path) -> Item:
    size, used = 0, 0.0
    for status in _statuses(path):
        size += status.st_size
        used = max(used, status.st_mtime)
    return Item(room, path, size, used)


def _statuses(path: Path) -> Iterator[os.stat_result]:
    """Yield the status of a path and of all that lies in it; links are not followed."""
    yield path.lstat()
    for parent, _, names in os.walk(path):
        for name in names:
            with suppress(FileNotFoundError):
                yield os.lstat(os.path.join(parent, name))  # noqa: PTH118 (runtimes hold thousands of files)
