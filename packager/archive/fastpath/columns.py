"""Flat columns of bytes in one checked block: what a cache can load in milliseconds, however many rows it has."""

from __future__ import annotations

import struct
import zlib

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

_HEAD = struct.Struct("=4sII")
"""Signature, CRC-32 of all that follows it, number of columns. Native byte order: a cache stays on its machine."""
_SIGNATURE = b"pkc2"


class DamagedError(Exception):
    """The block is not what was written: cut short, overwritten, or of another version."""


def join_columns(columns: Sequence[bytes]) -> bytes:
    """Return the columns as one block."""
    lengths = struct.pack(f"={len(columns)}Q", *map(len, columns))
    body = b"".join((lengths, *columns))
    return _HEAD.pack(_SIGNATURE, zlib.crc32(body), len(columns)) + body


def split_columns(block: bytes, count: int) -> list[bytes]:
    """Return the columns of a block; raises DamagedError unless they are as they were joined, `count` of them."""
    if len(block) < _HEAD.size + 8 * count:
        raise DamagedError
    signature, crc, columns = _HEAD.unpack_from(block)
    body = memoryview(block)[_HEAD.size :]
    if signature != _SIGNATURE or columns != count or crc != zlib.crc32(body):
        raise DamagedError
    found = []
    at = 8 * count
    for length in struct.unpack_from(f"={count}Q", body):
        found.append(bytes(body[at : at + length]))
        at += length
    if at != len(body):
        raise DamagedError
    return found
