"""A long content as one DEFLATE stream, compressed in parts: libdeflate itself takes a content whole.

A stream is a row of blocks, and the last one says so by a bit in its head (RFC 1951, 3.2.3). A part that others follow
needs that bit cleared, and its place is not told. It is where the part's stream and that of the part with more behind
it begin to differ: all blocks before the last are the same in both. An empty block then brings the stream to the end
of a byte. Each part is unpacked and compared before it counts.
"""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

PART_BYTES = 8 << 20
"""Matches do not reach from one part into another: with a window of 32 KB that is 0.4 % of the places, at most."""
_MORE = bytes(400 << 10)
"""No block of libdeflate holds more than 300,000 bytes and what is too little for another one."""
_EMPTY = (b"\0\0\xff\xff", b"\0\0\0\xff\xff")
"""An empty stored block, without its head of three zero bits: they fit into the byte begun, or they do not."""
_LAST = b"\3\0"
"""A last block with nothing in it."""
_STORED = struct.Struct("<HH")
_PIECE_BYTES = 1 << 20


class UnknownStreamError(Exception):
    """The place of the last block was not found: the content has to be compressed whole."""


def compress_part(part: bytes, level: int, compressor: Callable[[bytes, int], bytearray]) -> bytearray:
    """Return the DEFLATE blocks of a part that others follow, to the end of a byte, none of them marked as the last.

    Raises UnknownStreamError if that cannot be had.
    """
    stream = compressor(part, level)
    for place in _places(stream, part, level, compressor):
        if not stream[place // 8] >> place % 8 & 1:
            continue
        stream[place // 8] ^= 1 << place % 8
        for ending in _EMPTY:
            if _gives(stream, ending, part):
                return stream + ending
        stream[place // 8] ^= 1 << place % 8
    raise UnknownStreamError


def _places(stream: bytearray, part: bytes, level: int, compressor: Callable[[bytes, int], bytearray]) -> list[int]:
    """Return the bits that may be the one of the last block."""
    stored = _stored_at_the_end(stream)
    if stored is not None:
        return [stored]
    other = compressor(part + _MORE, level)
    at = _first_difference(memoryview(stream), memoryview(other))
    different = stream[at] ^ other[at]
    return [8 * at + (different & -different).bit_length() - 1]


def _stored_at_the_end(stream: bytearray) -> int | None:
    """Return the bit of the last block if it is a stored one; None if it is not.

    Its head is followed by zeros to the end of the byte and by its length, twice (RFC 1951, 3.2.4).
    """
    for length in range(min(0xFFFF, len(stream) - _STORED.size - 1) + 1):
        at = len(stream) - length - _STORED.size
        if _STORED.unpack_from(stream, at) == (length, length ^ 0xFFFF):
            head = stream[at - 1] or stream[at - 2]
            return 8 * (at - 1 if stream[at - 1] else at - 2) + head.bit_length() - 1
    return None


def _first_difference(one: memoryview, two: memoryview) -> int:
    """Return the first byte in which they differ. Raises UnknownStreamError if they do not."""
    same, end = 0, min(len(one), len(two))
    if one[:end] == two[:end]:
        raise UnknownStreamError
    while end - same > 1:
        middle = (same + end) // 2
        if one[same:middle] == two[same:middle]:
            same = middle
        else:
            end = middle
    return same


def _gives(stream: bytearray, ending: bytes, part: bytes) -> bool:
    """Return whether these blocks give the part, and others may follow them."""
    wanted, at = memoryview(part), 0
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    rest: bytes | bytearray
    try:
        for data in (stream, ending + _LAST):
            rest = data
            while rest:
                piece = inflater.decompress(rest, _PIECE_BYTES)
                if piece != wanted[at : at + len(piece)]:
                    return False
                at += len(piece)
                rest = inflater.unconsumed_tail
    except zlib.error:
        return False
    return at == len(part) and inflater.eof and not inflater.unused_data
