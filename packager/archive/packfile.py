"""Compressed contents in one file: streams one behind the other, then their index, then where it begins.

Written once under a name nobody looks for, renamed when complete, never changed: several processes can read and write
side by side without locks, and a killed one leaves nothing half. Deleting a pack harms nobody who has it open.
"""

from __future__ import annotations

import os
import struct
from array import array
from contextlib import suppress
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

from packager.archive.columns import DamagedError, join_columns, split_columns

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

SUFFIX = ".pack"
PARTIAL_SUFFIX = ".partial"
DIGEST_BYTES = 32
_FOOTER = struct.Struct("=QQ8s")
"""Offset and length of the index, signature."""
_SIGNATURE = b"pkgpack1"
_DEFLATED, _EXECUTABLE = 1, 2


class Stream(NamedTuple):
    """One content, compressed or, where that is no smaller, as it is."""

    digest: bytes
    """SHA-256 of the content."""
    size_bytes: int
    crc: int
    """CRC-32 of the content."""
    deflated: bool
    executable: bool
    """Whether the content starts as programs do: it decides the member's mode."""
    body: bytes | bytearray | memoryview


class Row(NamedTuple):
    """Where a stream lies, and what is known without reading it."""

    offset: int
    length: int
    size_bytes: int
    crc: int
    body_crc: int
    flags: int

    def stream(self, digest: bytes, body: memoryview) -> Stream:
        """Return the stream with this body."""
        return Stream(
            digest, self.size_bytes, self.crc, bool(self.flags & _DEFLATED), bool(self.flags & _EXECUTABLE), body
        )


class PackFile:
    """An open pack. Its streams are read at their offsets, by several threads at once."""

    def __init__(self, path: Path) -> None:
        """Load the index. Raises DamagedError for what is no complete pack, OSError if it cannot be read."""
        self.path = path
        self.descriptor = os.open(path, os.O_RDONLY)
        try:
            self._load()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> PackFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _load(self) -> None:
        length = os.fstat(self.descriptor).st_size
        if length < _FOOTER.size:
            raise DamagedError
        footer = os.pread(self.descriptor, _FOOTER.size, length - _FOOTER.size)
        self.streams_bytes, index_bytes, signature = _FOOTER.unpack(footer)
        if signature != _SIGNATURE or self.streams_bytes + index_bytes + _FOOTER.size != length:
            raise DamagedError
        index = os.pread(self.descriptor, index_bytes, self.streams_bytes)
        digests, numbers, flags = split_columns(index, 3)
        self.digests = [digests[at : at + DIGEST_BYTES] for at in range(0, len(digests), DIGEST_BYTES)]
        self.numbers = array("Q", numbers)
        """Length, size, CRC and CRC of the stream, row by row."""
        self.flags = flags
        self.offsets = [0, *accumulate(self.numbers[::4])]
        if not len(self.digests) == len(flags) == len(self.offsets) - 1 or self.offsets[-1] != self.streams_bytes:
            raise DamagedError

    def row(self, number: int) -> Row:
        """Return a row of the index."""
        length, size_bytes, crc, body_crc = self.numbers[4 * number : 4 * number + 4]
        return Row(self.offsets[number], length, size_bytes, crc, body_crc, self.flags[number])

    def close(self) -> None:
        """Close the file."""
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1


class PackWriter:
    """A pack being written. `finish` makes it one; without that, `discard` leaves nothing."""

    def __init__(self, folder: Path) -> None:
        name = os.urandom(8).hex()
        self._partial = folder / f"{name}{PARTIAL_SUFFIX}"
        self._final = folder / f"{name}{SUFFIX}"
        self._file = self._partial.open("xb")
        self._digests: list[bytes] = []
        self._numbers = array("Q")
        self._flags = bytearray()

    def add(self, stream: Stream, body_crc: int) -> None:
        """Append a stream."""
        self._file.write(stream.body)
        self._digests.append(stream.digest)
        self._numbers.extend((len(stream.body), stream.size_bytes, stream.crc, body_crc))
        self._flags.append(_DEFLATED * stream.deflated | _EXECUTABLE * stream.executable)

    def add_all(self, pack: PackFile) -> None:
        """Append everything another pack holds; damaged streams stay so, and are found out when they are read.

        Raises OSError, and then this pack is of no use, if it cannot be read.
        """
        at = 0
        while at < pack.streams_bytes:
            piece = os.pread(pack.descriptor, min(1 << 20, pack.streams_bytes - at), at)
            if not piece:
                msg = "a pack has become shorter"
                raise OSError(msg)
            self._file.write(piece)
            at += len(piece)
        self._digests += pack.digests
        self._numbers.extend(pack.numbers)
        self._flags += pack.flags

    def finish(self) -> None:
        """Write the index and give the pack its name. Not synced to disk: what a power cut damages is not used."""
        offset = self._file.tell()
        index = join_columns((b"".join(self._digests), self._numbers.tobytes(), bytes(self._flags)))
        self._file.write(index)
        self._file.write(_FOOTER.pack(offset, len(index), _SIGNATURE))
        self._file.close()
        self._partial.replace(self._final)

    def discard(self) -> None:
        """Remove what was written."""
        with suppress(OSError):
            self._file.close()
        with suppress(OSError):
            self._partial.unlink()
