"""Compressed members in one file, as archives hold them: header and stream, one behind the other, then their index.

Written once under a temporary name, renamed when complete, never changed: several processes can read and write
side by side without locks, and a killed one leaves nothing half. A deleted pack stays readable where it is open.
"""

from __future__ import annotations

import os
import struct
from array import array
from contextlib import suppress
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

from packager.archive.fastpath.columns import DamagedError, join_columns, split_columns
from packager.core.atomic import PartialPath
from packager.core.system import READ_FLAGS, read_at

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

SUFFIX = ".pack"
DIGEST_BYTES = 32
_FOOTER = struct.Struct("=QQ8s")
"""Offset and length of the index, signature."""
_SIGNATURE = b"pkgpack2"
_NUMBERS = 6
DEFLATED, EXECUTABLE, LINK = 1, 2, 4
"""Flags of a row: not stored as it is; starts as programs do, or is a symbolic link, which decides the mode."""


class Row(NamedTuple):
    """What the index says about a member."""

    digest: bytes
    """SHA-256 of the content."""
    head_bytes: int
    """Length of the local header with the name."""
    length: int
    """Of the stream behind it."""
    size_bytes: int
    """Of the content."""
    crc: int
    """CRC-32 of the content."""
    member_crc: int
    """CRC-32 of header and stream."""
    name_crc: int
    """CRC-32 of the name: which of several members of one content is meant."""
    flags: int


class PackFile:
    """An open pack. Its members are read at their offsets, by several threads at once."""

    def __init__(self, path: Path) -> None:
        """Load the index. Raises DamagedError for what is not a complete pack, OSError if it cannot be read."""
        self.path = path
        self.descriptor = os.open(path, READ_FLAGS)
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
        footer = read_at(self.descriptor, _FOOTER.size, length - _FOOTER.size)
        self.members_bytes, index_bytes, signature = _FOOTER.unpack(footer)
        if signature != _SIGNATURE or self.members_bytes + index_bytes + _FOOTER.size != length:
            raise DamagedError
        index = read_at(self.descriptor, index_bytes, self.members_bytes)
        digests, numbers, flags = split_columns(index, 3)
        self.digests = [digests[at : at + DIGEST_BYTES] for at in range(0, len(digests), DIGEST_BYTES)]
        self.numbers = array("Q", numbers)
        """The fields of a `Row` between digest and flags, row by row."""
        self.flags = flags
        lengths = map(int.__add__, self.numbers[::_NUMBERS], self.numbers[1::_NUMBERS])
        self.offsets = [0, *accumulate(lengths)]
        if not len(self.digests) == len(flags) == len(self.offsets) - 1 or self.offsets[-1] != self.members_bytes:
            raise DamagedError

    def name_crc(self, number: int) -> int:
        """Return the CRC-32 of a member's name."""
        return self.numbers[_NUMBERS * number + _NUMBERS - 1]

    def row(self, number: int) -> Row:
        """Return a row of the index."""
        head, length, size, crc, member_crc, name_crc = self.numbers[_NUMBERS * number : _NUMBERS * (number + 1)]
        return Row(self.digests[number], head, length, size, crc, member_crc, name_crc, self.flags[number])

    def close(self) -> None:
        """Close the file."""
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1


class PackWriter:
    """A pack being written. `finish` makes it one; without that, `discard` leaves nothing."""

    def __init__(self, folder: Path) -> None:
        name = os.urandom(8).hex()
        self.name = f"{name}{SUFFIX}"
        """What it will be called."""
        self.size_bytes = 0
        self._aside = PartialPath(folder / self.name)
        self._file = self._aside.path.open("xb")
        self._digests: list[bytes] = []
        self._numbers = array("Q")
        self._flags = bytearray()

    def add(self, members: bytes | bytearray | memoryview) -> None:
        """Append the bytes of members; `enter` is to say what they are, member by member."""
        self._file.write(members)
        self.size_bytes += len(members)

    def enter(self, row: Row) -> None:
        """Append a row to the index."""
        self._digests.append(row.digest)
        self._numbers.extend(row[1:-1])
        self._flags.append(row.flags)

    def add_all(self, pack: PackFile) -> None:
        """Append everything another pack holds; damaged members stay so, and are found out when they are read.

        Raises OSError, and then this pack is of no use, if it cannot be read.
        """
        at = 0
        while at < pack.members_bytes:
            piece = read_at(pack.descriptor, min(1 << 20, pack.members_bytes - at), at)
            if not piece:
                msg = "a pack file is shorter than its index says"
                raise OSError(msg)
            self.add(piece)
            at += len(piece)
        self._digests += pack.digests
        self._numbers.extend(pack.numbers)
        self._flags += pack.flags

    def finish(self) -> None:
        """Write the index and give the pack its name. Not synced to disk: what a power cut damages is not used."""
        index = join_columns((b"".join(self._digests), self._numbers.tobytes(), bytes(self._flags)))
        self._file.write(index)
        self._file.write(_FOOTER.pack(self.size_bytes, len(index), _SIGNATURE))
        self._file.close()
        self._aside.take_place()

    def discard(self) -> None:
        """Remove what was written."""
        with suppress(OSError):
            self._file.close()
        self._aside.discard()
