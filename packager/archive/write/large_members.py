"""Members too large to be held: read, hashed and compressed in parts, two at a time, their stream laid aside in a file.

What decides is the size alone, so that a content gives the same stream wherever it comes from.
"""

from __future__ import annotations

import hashlib
import os
import weakref
from typing import TYPE_CHECKING

from packager.archive.write.chunked_deflate import UnknownStreamError, compress_part
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
                msg = "a file has become shorter"
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
