"""Archives we are given: their members as facts, their contents as checked streams, within limits.

Trusts nothing: sizes, names and offsets may be wrong or forged. A reader may be used by several threads at once.
"""

from __future__ import annotations

import io
import os
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, NoReturn, cast

from packager.archive.read.directory import ArchiveMember, Directory, read_directory
from packager.archive.read.inflate import PIECE_BYTES, CorruptStream, inflater
from packager.archive.zipformat import LOCAL, LOCAL_SIGNATURE
from packager.core.errors import ArtifactError
from packager.core.system import READ_FLAGS, read_at
from packager.core.units import format_bytes, format_count, format_size

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import TracebackType

__all__ = ["WEIGHED", "Archive", "ArchiveMember", "LocalHeader", "ReadLimits", "open_archive"]


@dataclass(frozen=True)
class ReadLimits:
    """What an archive may claim before its contents are refused as a bomb."""

    total_bytes: int = 2 << 30
    """Sum of the members' sizes: eight times what Lambda unpacks."""
    ratio: int = 200
    """Members' sizes over the archive's length. Real bundles stay below 20; DEFLATE ends at 1032."""
    ratio_from_bytes: int = 64 << 20
    """Below this total the ratio does not matter: a small file of zeros does no harm."""


WEIGHED = ReadLimits(ratio=1100)
"""For archives whose sizes are weighed anyway, our own among them: a bundle with a heap of zeros in it is too big, and
has a finding to say so, but is not a bomb. The total stays bounded."""


@dataclass(frozen=True)
class LocalHeader:
    """What stands before a member's data. It should repeat the directory; where it does not, readers disagree."""

    raw_name: bytes
    flags: int
    method: int
    crc: int
    size_bytes: int
    compressed_bytes: int
    """Sizes and CRC are 0 where flag bit 3 says that they follow the data."""
    extra: bytes
    data_offset: int
    """Where the data begins, counted from the start of the file."""


class Archive:
    """An open zip file. A context manager; made by `open_archive`."""

    def __init__(self, path: Path, descriptor: int, limits: ReadLimits) -> None:
        self.path = path
        self.limits = limits
        self._descriptor = descriptor
        self.length = os.fstat(descriptor).st_size
        """Bytes of the file."""
        self.directory: Directory = self._read_directory()
        self.size_bytes = sum(member.size_bytes for member in self.members)
        """Sum of the members' sizes, as claimed."""

    def __enter__(self) -> Archive:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def members(self) -> tuple[ArchiveMember, ...]:
        """Return the members in the order of the directory; names may repeat."""
        return self.directory.members

    def close(self) -> None:
        """Close the file; streams still open fail after that."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def local_header(self, member: ArchiveMember) -> LocalHeader:
        """Return what stands before a member's data; raises ArtifactError if there is no such thing there."""
        at = self.directory.prefix_bytes + member.header_offset
        fixed = self._read_at(at, LOCAL.size)
        if len(fixed) < LOCAL.size or not fixed.startswith(LOCAL_SIGNATURE):
            self._refuse(member, "cannot be read: its data is not where the directory says")
        _, _, flags, method, _, _, crc, compressed, size, name_bytes, extra_bytes = LOCAL.unpack(fixed)
        rest = self._read_at(at + LOCAL.size, name_bytes + extra_bytes)
        return LocalHeader(
            raw_name=rest[:name_bytes],
            flags=flags,
            method=method,
            crc=crc,
            size_bytes=size,
            compressed_bytes=compressed,
            extra=rest[name_bytes:],
            data_offset=at + LOCAL.size + name_bytes + extra_bytes,
        )

    def open(self, member: ArchiveMember) -> BinaryIO:
        """Return a member's content as a stream, inflated on the way; size and CRC are checked at its end.

        Raises ArtifactError, here or while it is read, for encryption, an unreadable method, damage, a local header
        that names another member, more bytes than claimed, and for an archive beyond its `ReadLimits`.
        """
        return cast("BinaryIO", io.BufferedReader(_Stream(self.pieces(member)), PIECE_BYTES))

    def read(self, member: ArchiveMember) -> bytes:
        """Return a member's content whole; otherwise as `open`."""
        return b"".join(self.pieces(member))

    def pieces(self, member: ArchiveMember) -> Iterator[bytes]:
        """Return a member's content in pieces of 64 KiB or so; otherwise as `open`."""
        self._prove_within_limits()
        if member.encrypted:
            self._refuse(member, "is encrypted", fix="make the archive without a password; hosts do not unpack it")
        try:
            decode = inflater(member.method)
        except ArtifactError as error:
            self._refuse(member, error.message, fix=error.fix)
        local = self.local_header(member)
        if (local.raw_name, local.method) != (member.raw_name, member.method):
            self._refuse(member, "is described differently by the directory and by the header before its data")
        return self._checked(member, decode(self._chunks(member, local.data_offset)))

    def _checked(self, member: ArchiveMember, pieces: Iterator[bytes]) -> Iterator[bytes]:
        """Yield the pieces; raises ArtifactError as soon as they are more than claimed, at the end if they differ."""
        crc = size = 0
        try:
            for piece in pieces:
                size += len(piece)
                if size > member.size_bytes:
                    self._refuse(member, f"holds more than the {format_bytes(member.size_bytes)} that its header gives")
                crc = zlib.crc32(piece, crc)
                if piece:
                    yield piece
        except CorruptStream as error:
            self._refuse(member, f"is damaged: {error}")
        if size != member.size_bytes:
            self._refuse(member, f"holds {format_bytes(size)}, but its header gives {format_count(member.size_bytes)}")
        if crc != member.crc:
            self._refuse(member, "is damaged: the checksum (CRC-32) differs")

    def _chunks(self, member: ArchiveMember, start: int) -> Iterator[bytes]:
        """Yield a member's compressed bytes."""
        end = start + member.compressed_bytes
        for at in range(start, end, PIECE_BYTES):
            size = min(PIECE_BYTES, end - at)
            chunk = self._read_at(at, size)
            if len(chunk) < size:
                self._refuse(member, "is cut off: the file ends before its data does")
            yield chunk

    def _prove_within_limits(self) -> None:
        """Raise ArtifactError if the members claim more than the limits allow."""
        total, limits = self.size_bytes, self.limits
        if total > limits.total_bytes:
            msg = f"would unpack to {format_size(total)}; contents above {format_size(limits.total_bytes)} are not read"
        elif total > limits.ratio_from_bytes and total > limits.ratio * self.length:
            msg = f"would unpack to {format_size(total)} from {format_size(self.length)}, which looks like a zip bomb"
        else:
            return
        raise ArtifactError(msg, where=str(self.path), fix="unpack it by hand if you trust it, and give the folder")

    def _read_directory(self) -> Directory:
        """Return the directory; its errors get the archive's path."""
        try:
            return read_directory(self._read_at, self.length)
        except ArtifactError as error:
            raise ArtifactError(error.message, where=str(self.path), fix=error.fix) from error

    def _read_at(self, offset: int, size: int) -> bytes:
        """Return the bytes at an offset, fewer at the end of the file."""
        try:
            # Offsets come from the file: past its end there is nothing, and the kernel takes 63 bits only.
            return read_at(self._descriptor, size, offset) if offset < self.length else b""
        except OSError as error:
            msg = f"cannot be read: {error.strerror or error}"
            raise ArtifactError(msg, where=str(self.path), fix="check the disk, or copy the archive again") from error

    def _refuse(self, member: ArchiveMember, message: str, fix: str = "") -> NoReturn:
        """Raise ArtifactError about a member."""
        where = f"{self.path}!{member.path}"
        raise ArtifactError(message, where=where, fix=fix or "make or download the archive again")


def open_archive(path: Path, *, limits: ReadLimits | None = None) -> Archive:
    """Return the opened archive, its directory read. Raises ArtifactError if it is not a zip or a broken one."""
    try:
        descriptor = os.open(path, READ_FLAGS)
    except OSError as error:
        msg = f"cannot be opened: {error.strerror or error}"
        raise ArtifactError(msg, where=str(path), fix="name an existing zip file that can be read") from error
    try:
        return Archive(path, descriptor, limits or ReadLimits())
    except BaseException:
        os.close(descriptor)
        raise


class _Stream(io.RawIOBase):
    """Pieces of bytes as a raw stream."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        if not self._rest:
            self._rest = memoryview(next(self._pieces, b""))
        size = min(len(buffer), len(self._rest))
        buffer[:size] = self._rest[:size]
        self._rest = self._rest[size:]
        return size
