"""Turning entries into members: each source is read at most once, hashed and compressed in that one pass."""

from __future__ import annotations

import hashlib
import os
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING

from packager.archive import Entry, Member
from packager.archive.packfile import Stream
from packager.archive.zipformat import DEFLATED, MAX_32, STORED, headers
from packager.errors import ArtifactError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from packager.archive.deflate import Codec
    from packager.archive.store import MemberStore

_EXECUTABLE_STARTS = (b"\x7fELF", b"#!")


@dataclass(frozen=True)
class Packed:
    """Some consecutive members, ready to be appended to an archive."""

    chunks: tuple[bytes | bytearray | memoryview, ...]
    """Local headers and data, in order."""
    size_bytes: int
    """Sum of the chunks."""
    members: tuple[Member, ...]
    directory: tuple[tuple[bytes, int, bytes], ...]
    """Per member: its directory record up to the offset, the offset relative to the first chunk, its name."""
    fresh: tuple[Stream, ...] = ()
    """What was compressed here and not found in the store."""


def sizes_of(entries: Sequence[Entry]) -> list[int]:
    """Return the bytes each entry will take unpacked; otherwise as `size_of`."""
    sizes = [
        status.st_size if status is not None and stat.S_ISREG(status.st_mode) else size_of(entry)
        for entry in entries
        for status in (entry.status,)
    ]
    if max(sizes, default=0) >= MAX_32:
        return [size_of(entry) for entry in entries]  # raises for the first that is too large
    return sizes


def size_of(entry: Entry) -> int:
    """Return the bytes an entry will take unpacked; raises ArtifactError if its source is no readable file."""
    if isinstance(entry.source, bytes):
        return len(entry.source)
    status = entry.status
    if status is None:
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
                fresh[digest] = _compressed(data, digest, codec)
        digests.append(digest)
    streams: dict[bytes, Stream] = fresh
    if store is not None and len(fresh) < len(digests):
        streams = {**store.fetch(digests), **fresh}
        for index, digest in enumerate(digests):
            if digest not in streams:  # damaged in the store
                data = read_source(entries[index], sizes[index])
                digests[index] = digest = hashlib.sha256(data).digest()
                streams[digest] = fresh[digest] = _compressed(data, digest, codec)
    return _assembled(entries, [streams[digest] for digest in digests], tuple(fresh.values()))


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


def _compressed(data: bytes, digest: bytes, codec: Codec) -> Stream:
    """Return a content's stream: deflated, or as it is where that is no larger."""
    deflated = codec.compress(data)
    body = data if deflated is None else deflated
    executable = data.startswith(_EXECUTABLE_STARTS)
    return Stream(digest, len(data), codec.crc32(data), deflated is not None, executable, body)


def _assembled(entries: Sequence[Entry], streams: Sequence[Stream], fresh: tuple[Stream, ...]) -> Packed:
    """Return the members with their headers."""
    chunks: list[bytes | bytearray | memoryview] = []
    members: list[Member] = []
    directory: list[tuple[bytes, int, bytes]] = []
    offset = 0
    for entry, (digest, size, crc, deflated, executable, body) in zip(entries, streams, strict=True):
        name = entry.path.encode()
        length = len(body)
        local, central = headers(
            name,
            method=DEFLATED if deflated else STORED,
            crc=crc,
            compressed_bytes=length,
            size_bytes=size,
            executable=executable,
        )
        chunks += (local, name, body)
        directory.append((central, offset, name))
        members.append(Member(entry.path, size, length, digest.hex(), executable))
        offset += len(local) + len(name) + length
    if len(members) > 1:
        # One piece is hashed and written in one call; a single large member is spared the copy.
        chunks = [b"".join(chunks)]
    return Packed(tuple(chunks), offset, tuple(members), tuple(directory), fresh)


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
