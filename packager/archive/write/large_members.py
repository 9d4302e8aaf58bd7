"""Members too large to be held: read, hashed and compressed in parts, two at a time, their stream laid aside in a file.

What decides is the size alone, so that a content gives the same stream wherever it comes from.

A long content becomes one DEFLATE stream of parts, since libdeflate itself takes a content whole. A stream is a row of
blocks, and the last one says so by a bit in its head (RFC 1951, 3.2.3). A part that others follow needs that bit
cleared, and its place is not told. It is where the part's stream and that of the part with more behind it begin to
differ: all blocks before the last are the same in both. An empty block then brings the stream to the end of a byte.
Each part is unpacked and compared before it counts.
"""

from __future__ import annotations

import hashlib
import os
import struct
import weakref
import zlib
from typing import TYPE_CHECKING

from packager.core.atomic import PartialPath
from packager.core.system import make_without_name, read_into

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from concurrent.futures import Future
    from pathlib import Path

    from packager.archive.write.deflate import Codec

GIANT_BYTES = 32 << 20
"""Contents above are not held whole: most of a DuckDB or a PyTorch is one file."""
_AT_ONCE = 2
_PIECE_BYTES = 1 << 20


class Region:
    """Bytes in an open file, to be read by the piece."""

    def __init__(self, descriptor: int, offset: int, length: int) -> None:
        self._descriptor = descriptor
        self._offset = offset
        self._length = length

    def __len__(self) -> int:
        return self._length

    def pieces(self) -> Iterator[memoryview]:
        """Yield the bytes, each piece in the same buffer. Raises OSError if the file has become shorter."""
        buffer = memoryview(bytearray(_PIECE_BYTES))
        at, end = self._offset, self._offset + self._length
        while at < end:
            length = read_into(self._descriptor, buffer[: end - at], at)
            if not length:
                msg = "a file is shorter than before"
                raise OSError(msg)
            yield buffer[:length]
            at += length


Body = bytes | bytearray | memoryview | Region
"""The data of a member."""


def pieces_of(body: Body) -> Iterator[bytes | bytearray | memoryview]:
    """Yield the data of a member as it is, or by the piece."""
    if isinstance(body, Region):
        yield from body.pieces()
    else:
        yield body


def crc_of(body: Body, crc32: Callable[..., int], crc: int = 0) -> int:
    """Return the CRC-32 of the data of a member, going on from another one."""
    for piece in pieces_of(body):
        crc = crc32(piece, crc)
    return crc


class LaidAside(Region):
    """A file without a name, which grows and goes with this object."""

    def __init__(self, folder: Path) -> None:
        name = PartialPath(folder / "stream").path
        descriptor = make_without_name(name)
        weakref.finalize(self, os.close, descriptor)
        super().__init__(descriptor, 0, 0)

    def append(self, data: bytes | bytearray) -> None:
        """Write at the end; raises OSError if that cannot be."""
        view = memoryview(data)
        while view:
            written = os.write(self._descriptor, view)
            self._length += written
            view = view[written:]


class Facts:
    """What is to be known of a content, gathered while it is read."""

    def __init__(self, codec: Codec) -> None:
        self.crc = 0
        self.start = b""
        """Enough to tell what kind of file it is."""
        self.size_bytes = 0
        self._crc32 = codec.crc32
        self._digest = hashlib.sha256()

    @property
    def digest(self) -> bytes:
        """Return the SHA-256."""
        return self._digest.digest()

    def seen(self, parts: Iterable[bytes]) -> Iterator[bytes]:
        """Yield the parts, each of them taken into account."""
        for part in parts:
            self.start = self.start or part[:16]
            self.crc = self._crc32(part, self.crc)
            self._digest.update(part)
            self.size_bytes += len(part)
            yield part


def digest_of(parts: Iterable[bytes]) -> bytes:
    """Return the SHA-256 of a content."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return digest.digest()


def lay_aside(parts: Callable[[], Iterator[bytes]], codec: Codec, folder: Path) -> tuple[Facts, Region, bool]:
    """Return what is to be known of a content, its data as an archive has it, and whether that is deflated.

    `parts` yields it as often as it is called, `chain.PART_BYTES` each but the last; the folder takes the file.
    Raises what `parts` does, and OSError if the file cannot be written.
    """
    facts = Facts(codec)
    laid = LaidAside(folder)
    try:
        for stream in _streams(facts.seen(parts()), codec):
            laid.append(stream)
    except UnknownStreamError:  # no such content is known
        facts, laid = Facts(codec), LaidAside(folder)
        laid.append(codec.compressor(b"".join(facts.seen(parts())), codec.level))
    if len(laid) < facts.size_bytes:
        return facts, laid, True
    facts, laid = Facts(codec), LaidAside(folder)
    for part in facts.seen(parts()):
        laid.append(part)
    return facts, laid, False


def _streams(parts: Iterator[bytes], codec: Codec) -> Iterator[bytearray]:
    """Yield the stream part by part; the next one is compressed meanwhile."""
    from concurrent.futures import ThreadPoolExecutor  # hardly any archive has a giant

    def compress(part: bytes, following: bytes) -> bytearray:
        return compress_part(part, codec.level, codec.compressor) if following else codec.compressor(part, codec.level)

    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="part") as pool:
        waiting: list[Future[bytearray]] = []
        part = next(parts, b"")
        while part:
            following = next(parts, b"")
            waiting.append(pool.submit(compress, part, following))
            part = following
            if len(waiting) == _AT_ONCE:
                yield waiting.pop(0).result()
        for future in waiting:
            yield future.result()


PART_BYTES = 8 << 20
"""Matches do not reach from one part into another: with a window of 32 KB that is 0.4 % of the places, at most."""


_MORE = bytes(400 << 10)
"""No block of libdeflate holds more than 300,000 bytes and what is too little for another one."""


_EMPTY = (b"\0\0\xff\xff", b"\0\0\0\xff\xff")
"""An empty stored block, without its head of three zero bits: they fit into the byte begun, or they do not."""


_LAST = b"\3\0"
"""A last block with nothing in it."""


_STORED = struct.Struct("<HH")


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
