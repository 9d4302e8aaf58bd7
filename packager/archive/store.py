"""Compressed contents of earlier runs, by content: what was compressed once is not compressed again.

A store is for one codec, version and level, as others give other bytes. It never decides what an archive holds, only
how fast it is made: what is missing, damaged or cannot be read is compressed anew.
"""

from __future__ import annotations

import logging
import os
from contextlib import suppress
from typing import TYPE_CHECKING

from packager.archive.columns import DamagedError
from packager.archive.packfile import SUFFIX, PackFile, PackWriter, Row, Stream

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path
    from types import TracebackType

_LOG = logging.getLogger(__name__)
_GAP_BYTES = 32 << 10
"""Streams no further apart are read in one go, with what lies between them."""
_READ_BYTES = 4 << 20
_LARGEST_BYTES = 256 << 20
"""One content may not take most of the cache."""


class MemberStore:
    """The packs of one codec. A context manager: left without an error, it keeps what was added.

    `fetch` may be called by several threads at once, `add` by one.
    """

    def __init__(self, folder: Path, crc32: Callable[[bytes | bytearray | memoryview], int]) -> None:
        self._folder = folder
        self._crc32 = crc32
        self._packs: list[PackFile] = []
        self._places: dict[bytes, tuple[int, int]] = {}
        """Digest → number of the pack, number of the row."""
        self._used: set[int] = set()
        self._damaged: set[int] = set()
        self._writer: PackWriter | None = None
        self._added: set[bytes] = set()
        self._broken = False

    def __enter__(self) -> MemberStore:
        for path in sorted(self._folder.glob(f"*{SUFFIX}")):
            try:
                pack = PackFile(path)
            except FileNotFoundError:
                continue  # another process has tidied up
            except DamagedError:
                _discard(path)
                continue
            except OSError as error:
                _LOG.warning("%s cannot be read: %s", path, error)
                continue
            number = len(self._packs)
            self._packs.append(pack)
            self._places.update((digest, (number, row)) for row, digest in enumerate(pack.digests))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number in self._used - self._damaged:
            with suppress(OSError):  # gone, or not ours: its age is then nobody's business
                os.utime(self._packs[number].path)  # the last use decides what goes first when room is needed
        for number in self._damaged:
            _discard(self._packs[number].path)
        for pack in self._packs:
            pack.close()
        if self._writer is None:
            return
        if error is not None:
            self._writer.discard()
            return
        try:
            self._writer.finish()
        except OSError as fault:
            self._give_up(fault)

    @property
    def grown(self) -> bool:
        """Return whether something was added."""
        return bool(self._added)

    def __contains__(self, digest: bytes) -> bool:
        return digest in self._places

    def fetch(self, digests: Iterable[bytes]) -> dict[bytes, Stream]:
        """Return those of the streams that are there and undamaged. Neighbours in a pack are read in one go."""
        wanted = sorted({place: digest for digest in digests if (place := self._places.get(digest))}.items())
        found: dict[bytes, Stream] = {}
        run: list[tuple[bytes, Row]] = []
        open_pack = -1
        for (number, index), digest in wanted:
            row = self._packs[number].row(index)
            if run and (
                number != open_pack
                or row.offset - (run[-1][1].offset + run[-1][1].length) > _GAP_BYTES
                or row.offset + row.length - run[0][1].offset > _READ_BYTES
            ):
                self._read(open_pack, run, found)
                run = []
            open_pack = number
            run.append((digest, row))
        if run:
            self._read(open_pack, run, found)
        return found

    def add(self, stream: Stream) -> None:
        """Keep a stream that was not there. A store that cannot be written is left as it is."""
        if self._broken or stream.digest in self._added or len(stream.body) > _LARGEST_BYTES:
            return
        try:
            if self._writer is None:
                self._folder.mkdir(parents=True, exist_ok=True)
                self._writer = PackWriter(self._folder)
            self._writer.add(stream, self._crc32(stream.body))
            self._added.add(stream.digest)
        except OSError as error:
            self._give_up(error)

    def _read(self, number: int, run: list[tuple[bytes, Row]], found: dict[bytes, Stream]) -> None:
        """Read streams that lie side by side into `found`, without the damaged ones."""
        self._used.add(number)
        start = run[0][1].offset
        length = run[-1][1].offset + run[-1][1].length - start
        try:
            data = memoryview(os.pread(self._packs[number].descriptor, length, start))
        except OSError as error:
            _LOG.warning("%s cannot be read: %s", self._packs[number].path, error)
            return
        for digest, row in run:
            body = data[row.offset - start : row.offset - start + row.length]
            if len(body) == row.length and self._crc32(body) == row.body_crc:
                found[digest] = row.stream(digest, body)
            else:
                self._damaged.add(number)

    def _give_up(self, error: OSError) -> None:
        """Go on without keeping anything: the archive does not need it."""
        _LOG.warning("the cache cannot be written: %s", error)
        self._broken = True
        self._added.clear()
        if self._writer is not None:
            self._writer.discard()
            self._writer = None


def _discard(path: Path) -> None:
    """Remove a damaged pack; what it held is compressed again."""
    _LOG.warning("%s is damaged and not used", path)
    with suppress(OSError):  # not ours to remove: it is passed over each time
        path.unlink()
