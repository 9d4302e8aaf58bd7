"""The archive engine's part of the cache folder: compressed contents by codec, and a record per archive written.

Everything in it can be deleted at any time, by hand or by another process.
"""

from __future__ import annotations

import fcntl
import hashlib
import logging
import os
import re
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from packager.archive.columns import DamagedError
from packager.archive.packfile import PARTIAL_SUFFIX, SUFFIX, PackFile, PackWriter
from packager.archive.record import Record, load_record
from packager.archive.store import MemberStore

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from packager.archive.deflate import Codec

_LOG = logging.getLogger(__name__)
MAX_BYTES = 2 << 30
"""What the compressed contents may take. The least recently used go first."""
MAX_PACKS = 24
"""Of one codec: each run that compresses something adds one, and each costs an open and a read."""
_RECORD_DAYS, _PARTIAL_DAYS = 60, 1
_DAY_SECONDS = 86_400


class Cache:
    """A folder that makes the next archive cheap. What is in it never shows in an archive's bytes."""

    def __init__(self, folder: Path, max_bytes: int = MAX_BYTES) -> None:
        self.folder = folder
        self.max_bytes = max_bytes

    @contextmanager
    def members(self, codec: Codec) -> Iterator[MemberStore]:
        """Yield the store of a codec; if the block ends well, it keeps what was added and makes room for it."""
        with MemberStore(self.folder / "members" / _slug(codec.name), codec.crc32) as store:
            yield store
        if store.grown:
            self.tidy()

    def record(self, destination: Path) -> Record | None:
        """Return what an archive was made of; None if that is not known."""
        place = self._place(destination)
        try:
            return load_record(place.read_bytes(), destination)
        except OSError:
            return None  # the first time, or tidied up
        except (DamagedError, ValueError):
            _LOG.warning("%s is damaged and not used", place)
            return None

    def keep(self, record: Record) -> None:
        """Remember what an archive was made of."""
        place = self._place(record.artifact.path)
        partial = place.with_name(f"{place.name}.{os.urandom(4).hex()}{PARTIAL_SUFFIX}")
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            partial.write_bytes(record.dump())
            partial.replace(place)
        except OSError as error:
            _LOG.warning("the cache cannot be written: %s", error)
            with suppress(OSError):
                partial.unlink()

    def tidy(self) -> None:
        """Remove what is left over, old or too much, and join small packs. Leaves it if another process is at it."""
        try:
            with _alone(self.folder / "lock") as alone:
                if alone:
                    self._remove_old()
                    self._join_small()
                    self._make_room()
        except OSError as error:
            _LOG.warning("the cache cannot be tidied up: %s", error)

    def _remove_old(self) -> None:
        now = time.time()
        for pattern, days in ((f"*/*{PARTIAL_SUFFIX}", _PARTIAL_DAYS), (f"members/*/*{PARTIAL_SUFFIX}", _PARTIAL_DAYS),
                              ("records/*", _RECORD_DAYS)):  # fmt: skip
            for path in self.folder.glob(pattern):
                with suppress(FileNotFoundError):
                    if now - path.stat().st_mtime > days * _DAY_SECONDS:
                        path.unlink()

    def _join_small(self) -> None:
        """Join the smaller half of too many packs into one. Readers that have them open go on undisturbed."""
        for folder in self.folder.glob("members/*"):
            packs = sorted((size, path) for _, size, path in _packs(folder, "*"))
            if len(packs) <= MAX_PACKS:
                continue
            small = [path for _, path in packs[: len(packs) - MAX_PACKS // 2]]
            writer = PackWriter(folder)
            joined = []
            try:
                for path in small:
                    with suppress(FileNotFoundError, DamagedError):
                        pack = PackFile(path)
                        try:
                            writer.add_all(pack)
                        finally:
                            pack.close()
                        joined.append(path)
                writer.finish()
            except BaseException:
                writer.discard()
                raise
            for path in joined:
                path.unlink(missing_ok=True)

    def _make_room(self) -> None:
        packs = sorted(_packs(self.folder, "members/*/*"), reverse=True)
        total = 0
        for _, size, path in packs:
            total += size
            if total > self.max_bytes:
                path.unlink(missing_ok=True)

    def _place(self, destination: Path) -> Path:
        name = hashlib.sha256(os.fsencode(os.path.realpath(destination))).hexdigest()[:32]
        return self.folder / "records" / name


def open_cache(folder: Path) -> Cache:
    """Return the archive engine's part of a cache folder; nothing is made before something is kept."""
    return Cache(folder / "archive")


def _packs(folder: Path, pattern: str) -> list[tuple[float, int, Path]]:
    """Return (time of last use, size, path) of the packs."""
    found = []
    for path in folder.glob(f"{pattern}{SUFFIX}"):
        with suppress(FileNotFoundError):
            status = path.stat()
            found.append((status.st_mtime, status.st_size, path))
    return found


def _slug(name: str) -> str:
    """Return a codec's name as a folder's.

    >>> _slug("libdeflate (deflate 0.9.0) level 6")
    'libdeflate-deflate-0.9.0-level-6'
    """
    return re.sub(r"[^A-Za-z0-9.]+", "-", name).strip("-")


@contextmanager
def _alone(lock: Path) -> Iterator[bool]:
    """Yield whether no other process holds the lock; the system releases it when this one ends, however it ends."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True
