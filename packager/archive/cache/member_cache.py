"""The archive engine's part of the cache folder: compressed contents by codec, and a record per archive written.

Everything in it can be deleted at any time, by hand or by another process.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from packager.archive.cache.record import ArchiveRecord, load_record
from packager.archive.fastpath.columns import DamagedError
from packager.archive.fastpath.record_path import record_place

# The rest is imported where something is written: that nothing has changed is to be known in milliseconds.
if TYPE_CHECKING:
    from collections.abc import Iterator

    from packager.archive.cache.store import MemberStore
    from packager.archive.write.deflate import Codec

MAX_BYTES = 2 << 30
"""What the compressed contents may take. The least recently used go first."""


class Cache:
    """A folder that makes the next archive cheap. What is in it never shows in an archive's bytes."""

    def __init__(self, folder: Path, max_bytes: int = MAX_BYTES) -> None:
        self.folder = folder
        self.max_bytes = max_bytes
        self._grown = False

    @contextmanager
    def members(self, codec: Codec) -> Iterator[MemberStore]:
        """Yield the store of a codec; if the block ends well, it keeps what was added. See `make_room`."""
        from packager.archive.cache.store import MemberStore

        with MemberStore(self.packs(codec.name), codec.crc32) as store:
            yield store
        self._grown = self._grown or store.grown

    def packs(self, codec_name: str) -> Path:
        """Return the folder of a codec's packs, which may not be there yet."""
        return self.folder / "members" / _slug(codec_name)

    def make_room(self, *, grown: bool = False) -> None:
        """Make room for what was added, if anything was, once the record of the archive is kept: it may have to follow.

        `grown`: something was, and not through `members`.
        """
        if grown or self._grown:
            from packager.archive.cache.maintenance import tidy

            self._grown = False
            tidy(self.folder, self.max_bytes)

    def record(self, destination: Path) -> ArchiveRecord | None:
        """Return what an archive was made of; None if that is not known."""
        try:
            return load_record(self._place(destination).read_bytes(), destination)
        except (OSError, DamagedError, ValueError):
            return None  # the first time, tidied up or damaged: everything is made again, and the record, too

    def keep(self, record: ArchiveRecord) -> None:
        """Remember what an archive was made of. A cache that cannot be written is left as it is."""
        place = self._place(record.artifact.path)
        from packager.core.atomic import write

        try:
            write(place, record.dump())
        except OSError as error:
            import logging

            logging.getLogger(__name__).warning("the cache cannot be written: %s", error)

    def _place(self, destination: Path) -> Path:
        return Path(record_place(self.folder, destination))


def open_cache(folder: Path) -> Cache:
    """Return the archive engine's part of a cache folder; nothing is made before something is kept."""
    return Cache(folder / "archive")


def _slug(name: str) -> str:
    """Return a codec's name as a folder's.

    >>> _slug("libdeflate (deflate 0.9.0) level 6")
    'libdeflate-deflate-0.9.0-level-6'
    """
    return re.sub(r"[^A-Za-z0-9.]+", "-", name).strip("-")
