"""Turning entries into members: each source is read at most once, hashed and compressed in that one pass."""

from __future__ import annotations

import hashlib
import os
import stat
from typing import TYPE_CHECKING, NamedTuple

from packager.archive import Entry, Member, packfile
from packager.archive.zipformat import DEFLATED, MAX_32, STORED, headers
from packager.errors import ArtifactError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from packager.archive.deflate import Codec
    from packager.archive.store import Found, MemberStore

_EXECUTABLE_STARTS = (b"\x7fELF", b"#!")


class Stream(NamedTuple):
    """One content, compressed or, where that is no smaller, as it is."""

    digest: bytes
    """SHA-256 of the content."""
    size_bytes: int
    crc: int
    """CRC-32 of the content."""
    deflated: bool
    executable: bool
    body: bytes | bytearray | memoryview


class Part(NamedTuple):
    """A member as the store keeps it."""

    row: packfile.Row
    home: tuple[int, int] | None
    """Number of the pack that holds it already, header and all, and the offset there."""


class Packed(NamedTuple):
    """Some consecutive members, ready to be appended to an archive."""

    chunks: tuple[bytes | bytearray | memoryview, ...]
    """Local headers and data, in order: of several members in one piece."""
    size_bytes: int
    """Sum of the chunks."""
    members: tuple[Member, ...]
    directory: tuple[tuple[bytes, int], ...]
    """Per member: its directory record, the offset in it left open, and the offset relative to the first chunk."""
    parts: tuple[Part, ...] = ()
    """Per member, where there is a store."""

    def between(self, start: int, stop: int) -> tuple[bytes | bytearray | memoryview, ...]:
        """Return the bytes of some of the members, or of a single one."""
        if len(self.chunks) > 1:
            return self.chunks
        return (memoryview(self.chunks[0])[start:stop],)


def sizes_of(entries: Sequence[Entry]) -> list[int]:
    """Return the bytes each entry will take unpacked; otherwise as `size_of`."""
    sizes = [size_of(entry) if entry.size_bytes is None else entry.size_bytes for entry in entries]
    if max(sizes, default=0) >= MAX_32:
        return [size_of(entry) for entry in entries]  # raises for the first that is too large
    return sizes


def size_of(entry: Entry) -> int:
    """Return the bytes an entry will take unpacked; raises ArtifactError if its source is no readable file."""
    if isinstance(entry.source, bytes):
        return len(entry.source)
    try:
        status = os.stat(entry.source)  # noqa: PTH116 (a third of Path.stat's time, and a tree has many)
    except OSError as error:
        raise _unreadable(entry, error) from error
    if not stat.S_ISREG(status.st_mode):
        msg = "is not a regular file"
        raise ArtifactError(msg, where=str(entry.source), fix="leave it out")
    if status.st_size >= MAX_32:
        msg = f"has {status.st_size} bytes; a zip without zip64 records holds files below 4 GiB"
        raise ArtifactError(msg, where=str(entry.source), fix="leave it out and fetch it at run time")
    return status.st_size


def pack_members(
    entries: Sequence[Entry],
    sizes: Sequence[int],
    known: Sequence[bytes | None],
    codec: Codec,
    store: MemberStore | None,
    stopped: Callable[[], bool],
) -> Packed:
    """Return the members of these entries: from the store, or read, hashed and compressed.

    Sizes are what `size_of` said: a source that differs by now raises ArtifactError. `known` holds the SHA-256 of
    sources that need not be read. Gives up, returning nothing, once `stopped` says so.
    """
    digests: list[bytes] = []
    fresh: dict[bytes, Stream] = {}
    for entry, size, digest in zip(entries, sizes, known, strict=True):
        if stopped():
            return Packed((), 0, (), ())
        if digest is None or store is None or digest not in store:
            data = read_source(entry, size)
            digest = hashlib.sha256(data).digest()
            if digest not in fresh and (store is None or digest not in store):
                fresh[digest] = compressed(data, digest, codec)
        digests.append(digest)
    names = [entry.path.encode() for entry in entries]
    found: list[Found | None] = [None] * len(digests)
    if store is not None and len(fresh) < len(digests):
        found = store.fetch(list(zip(digests, names, strict=True)))
    streams = []
    for index, member in enumerate(found):
        stream = _found(member) if member else fresh.get(digests[index])
        if stream is None:  # damaged in the store
            data = read_source(entries[index], sizes[index])
            stream = compressed(data, hashlib.sha256(data).digest(), codec)
        streams.append(stream)
    return _assembled(names, streams, found, None if store is None else codec)


def read_source(entry: Entry, size: int) -> bytes:
    """Return an entry's content; raises ArtifactError if it is gone, unreadable or no longer of that size.

    Read, not mapped: a mapped file that somebody truncates kills the process.
    """
    source = entry.source
    if isinstance(source, bytes):
        return source
    try:
        descriptor = os.open(source, os.O_RDONLY)
        try:
            # One byte more than there should be: the usual file is done after this call, a grown one is found out.
            data = os.read(descriptor, size + 1)
            while 0 < len(data) < size:
                # The kernel gives at most 2 GiB at once, and network file systems less.
                more = os.read(descriptor, size + 1 - len(data))
                if not more:
                    break
                data += more
        finally:
            os.close(descriptor)
    except OSError as error:
        raise _unreadable(entry, error) from error
    if len(data) != size:
        msg = f"changed while it was packed: {size} bytes before, {'more' if len(data) > size else len(data)} now"
        raise ArtifactError(msg, where=str(source), fix="wait until nothing writes to the tree, then pack again")
    return data


def compressed(data: bytes, digest: bytes, codec: Codec) -> Stream:
    """Return a content's stream: deflated, or as it is where that is no larger."""
    deflated = codec.compress(data)
    body = data if deflated is None else deflated
    executable = data.startswith(_EXECUTABLE_STARTS)
    return Stream(digest, len(data), codec.crc32(data), deflated is not None, executable, body)


def _found(member: Found) -> Stream:
    """Return the stream of a member out of the store."""
    row = member.row
    deflated, executable = bool(row.flags & packfile.DEFLATED), bool(row.flags & packfile.EXECUTABLE)
    return Stream(row.digest, row.size_bytes, row.crc, deflated, executable, member.body)


def head_and_record(name: bytes, stream: Stream) -> tuple[bytes, bytes]:
    """Return a member's local header and its directory record, whose offset is still zero."""
    return headers(
        name,
        method=DEFLATED if stream.deflated else STORED,
        crc=stream.crc,
        compressed_bytes=len(stream.body),
        size_bytes=stream.size_bytes,
        executable=stream.executable,
    )


def row_of(name: bytes, stream: Stream, head: bytes, codec: Codec) -> packfile.Row:
    """Return what a pack's index says about a member."""
    flags = packfile.DEFLATED * stream.deflated | packfile.EXECUTABLE * stream.executable
    crcs = (stream.crc, codec.crc32(stream.body, codec.crc32(head)), codec.crc32(name))
    return packfile.Row(stream.digest, len(head), len(stream.body), stream.size_bytes, *crcs, flags)


def _assembled(
    names: Sequence[bytes], streams: Sequence[Stream], found: Sequence[Found | None], codec: Codec | None
) -> Packed:
    """Return the members with their headers; with parts for the store if there is a codec."""
    chunks: list[bytes | bytearray | memoryview] = []
    members: list[Member] = []
    directory: list[tuple[bytes, int]] = []
    parts: list[Part] = []
    offset = 0
    for name, stream, member in zip(names, streams, found, strict=True):
        head, record = head_and_record(name, stream)
        length = len(stream.body)
        chunks += (head, stream.body)
        directory.append((record, offset))
        members.append(Member(name.decode(), stream.size_bytes, length, stream.digest.hex(), stream.executable))
        if codec is not None:
            if member is not None and member.head == head:
                parts.append(Part(member.row, (member.pack, member.offset)))
            else:
                parts.append(Part(row_of(name, stream, head, codec), None))
        offset += len(head) + length
    if len(members) > 1:
        # One piece is hashed and written in one call; a single large member is spared the copy.
        chunks = [b"".join(chunks)]
    return Packed(tuple(chunks), offset, tuple(members), tuple(directory), tuple(parts))


def _unreadable(entry: Entry, error: OSError) -> ArtifactError:
    """Return the error for a source that cannot be opened or read."""
    if isinstance(error, FileNotFoundError):
        fix = "wait until nothing changes the tree, then pack again"
    elif isinstance(error, PermissionError):
        fix = "make it readable, or leave it out"
    else:
        fix = "leave it out, or check the disk"
    msg = f"cannot be read: {error.strerror or error} (for {entry.path} in the archive)"
    return ArtifactError(msg, where=str(entry.source), fix=fix)
