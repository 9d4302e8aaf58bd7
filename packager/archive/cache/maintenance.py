"""Room in the cache: what is left over, old or too much goes; small packs are joined, and records follow them."""

from __future__ import annotations

import os
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from packager.archive.cache.packfile import SUFFIX, PackFile, PackWriter
from packager.archive.cache.record import load_record
from packager.archive.fastpath.columns import DamagedError
from packager.archive.incremental.index import Span
from packager.core.atomic import PARTIAL_SUFFIX, writing
from packager.core.system import lock as held_alone

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MAX_PACKS = 24
"""Of one codec: each run that compresses something adds one, and each costs an open and a read."""
_DAY_SECONDS = 86_400
_DAYS = {f"records/*{PARTIAL_SUFFIX}": 1, f"members/*/*{PARTIAL_SUFFIX}": 1, "records/*": 60}
"""What is removed when it is older: leftovers of killed runs, and archives that are no longer made."""


def tidy(folder: Path, max_bytes: int) -> None:
    """Bring a cache below `max_bytes` of compressed contents. Leaves it alone if another process is at it."""
    try:
        with _alone(folder / "lock") as alone:
            if alone:
                _remove_old(folder)
                for codec in folder.glob("members/*"):
                    moved = _join_small(codec)
                    if moved:
                        _follow(folder, moved)
                _make_room(folder, max_bytes)
    except OSError as error:
        import logging

        logging.getLogger(__name__).warning("the cache cannot be tidied up: %s", error)


def _remove_old(folder: Path) -> None:
    now = time.time()
    for pattern, days in _DAYS.items():
        for path in folder.glob(pattern):
            with suppress(FileNotFoundError):
                if now - path.stat().st_mtime > days * _DAY_SECONDS:
                    path.unlink()


def _join_small(codec: Path) -> dict[str, tuple[str, int]]:
    """Join the smaller ones of too many packs into one. Readers that have them open go on undisturbed.

    Returns what was in which pack is in which one now, and from which offset.
    """
    packs = sorted((size, path) for _, size, path in _packs(codec, "*"))
    if len(packs) <= MAX_PACKS:
        return {}
    writer = PackWriter(codec)
    moved = {}
    try:
        for _, path in packs[: len(packs) - MAX_PACKS // 2]:
            with suppress(FileNotFoundError, DamagedError), PackFile(path) as pack:
                begin = writer.size_bytes
                writer.add_all(pack)
                moved[path.name] = (writer.name, begin)
        writer.finish()
    except BaseException:
        writer.discard()
        raise
    for name in moved:
        (codec / name).unlink(missing_ok=True)
    return moved


def _follow(folder: Path, moved: dict[str, tuple[str, int]]) -> None:
    """Have records name the packs that hold their archives now: else the next run would copy member by member.

    One that another process is about to write may be lost, or stay as it was: that costs time, and nothing else.
    """
    for path in folder.glob("records/*"):
        with suppress(FileNotFoundError, DamagedError, ValueError):
            record, status = load_record(path.read_bytes(), path), path.stat()
            spans = tuple(_moved(span, moved) for span in record.table.spans)
            if spans != record.table.spans:
                with writing(path) as file:
                    file.write(record.with_spans(spans).dump())
                    file.flush()
                    os.utime(file.fileno(), ns=(status.st_atime_ns, status.st_mtime_ns))  # of its last use


def _moved(span: Span, moved: dict[str, tuple[str, int]]) -> Span:
    pack, begin = moved.get(span.pack, (span.pack, 0))
    return Span(pack, begin + span.offset, span.length, span.crc)


def _make_room(folder: Path, max_bytes: int) -> None:
    total = 0
    for _, size, path in sorted(_packs(folder, "members/*/*"), reverse=True):
        total += size
        if total > max_bytes:
            path.unlink(missing_ok=True)


def _packs(folder: Path, pattern: str) -> list[tuple[float, int, Path]]:
    """Return (time of last use, size, path) of the packs."""
    found = []
    for path in folder.glob(f"{pattern}{SUFFIX}"):
        with suppress(FileNotFoundError):
            status = path.stat()
            found.append((status.st_mtime, status.st_size, path))
    return found


@contextmanager
def _alone(lock: Path) -> Iterator[bool]:
    """Yield whether no other process holds the lock; the system releases it when this one ends, however it ends."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("ab") as file:
        yield held_alone(file)
