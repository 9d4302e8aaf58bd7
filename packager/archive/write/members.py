"""Turning entries into members: each source is read at most once, hashed and compressed in that one pass."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from packager.archive.cache import packfile
from packager.archive.write.large_members import (
    GIANT_BYTES,
    PART_BYTES,
    Body,
    Region,
    crc_of,
    digest_of,
    lay_aside,
    pieces_of,
)
from packager.archive.write.sources import digest_of_source, is_link, read_parts, read_source
from packager.archive.zipformat import DEFLATED, FILE_MODE, LINK_MODE, PROGRAM_MODE, STORED, headers
from packager.model.archives import Entry, Member

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from packager.archive.cache.store import Found, MemberStore
    from packager.archive.write.deflate import Codec

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
    body: Body
    link: bool = False
    """Whether it is where a symbolic link leads."""


class MemberPart(NamedTuple):
    """A member as the store keeps it."""

    row: packfile.Row
    home: tuple[int, int] | None
    """Number of the pack that holds it already, header and all, and the offset there."""


class Packed(NamedTuple):
    """Some consecutive members, ready to be appended to an archive."""

    chunks: tuple[Body, ...]
    """Local headers and data, in order: of several members in one piece."""
    size_bytes: int
    """Sum of the chunks."""
    members: tuple[Member, ...]
    directory: tuple[tuple[bytes, int], ...]
    """Per member: its directory record, the offset in it left open, and the offset relative to the first chunk."""
    parts: tuple[MemberPart, ...] = ()
    """Per member, where there is a store."""

    @property
    def held_bytes(self) -> int:
        """Return what of it is in memory."""
        return sum(len(chunk) for chunk in self.chunks if not isinstance(chunk, Region))

    def between(self, start: int, stop: int) -> tuple[Body, ...]:
        """Return the bytes of some of the members, or of a single one."""
        if len(self.chunks) == 1 and not isinstance(self.chunks[0], Region):
            return (memoryview(self.chunks[0])[start:stop],)
        return self.chunks


def pack_members(
    entries: Sequence[Entry],
    sizes: Sequence[int],
    known: Sequence[bytes | None],
    codec: Codec,
    store: MemberStore | None,
    stopped: Callable[[], bool],
    folder: Path,
) -> Packed:
    """Return the members of these entries: from the store, or read, hashed and compressed.

    Sizes are what `size_of` said: a source that differs by now raises ArtifactError. `known` holds the SHA-256 of
    sources that need not be read. What is too large to be held is laid aside in the folder, without a name. Gives up,
    returning nothing, once `stopped` says so.
    """
    reading = _Reading(codec, store, folder, stopped)
    digests: list[bytes] = []
    fresh: dict[bytes, Stream] = {}
    try:
        for entry, size, digest in zip(entries, sizes, known, strict=True):
            if digest is None or store is None or digest not in store:
                digest, stream = reading.stream(entry, size, fresh)
                if stream is not None:
                    fresh[digest] = stream
            digests.append(digest)
        names = [entry.path.encode() for entry in entries]
        found: list[Found | None] = [None] * len(digests)
        if store is not None and len(fresh) < len(digests):
            found = store.fetch(list(zip(digests, names, strict=True)))
        streams = []
        for index, member in enumerate(found):
            stream = _found(member) if member else fresh.get(digests[index])
            # If there is none, it is damaged in the store.
            streams.append(stream or reading.anew(entries[index], sizes[index]))
    except _GivenUpError:
        return Packed((), 0, (), ())
    return _assembled(names, streams, found, None if store is None else codec)


class _GivenUpError(Exception):
    """Nothing waits for it any more."""


class _Reading(NamedTuple):
    """How sources become streams."""

    codec: Codec
    store: MemberStore | None
    folder: Path
    stopped: Callable[[], bool]

    def stream(self, entry: Entry, size: int, fresh: dict[bytes, Stream]) -> tuple[bytes, Stream | None]:
        """Return the SHA-256 of a source, and its stream unless that is there already: among these, or in the store."""
        if self.stopped():
            raise _GivenUpError
        if size > GIANT_BYTES:
            if self.store is not None:  # reading it twice takes less than compressing it once
                digest = digest_of(self._parts(entry, size))
                if digest in self.store:
                    return digest, None
            stream = self.anew(entry, size)
            return stream.digest, stream
        data = read_source(entry, size)
        digest = digest_of_source(entry.source, data)
        there = digest in fresh or (self.store is not None and digest in self.store)
        return digest, None if there else compressed(data, digest, self.codec, link=is_link(entry.source))

    def anew(self, entry: Entry, size: int) -> Stream:
        """Return the stream of a source."""
        if size > GIANT_BYTES:
            facts, body, deflated = lay_aside(lambda: self._parts(entry, size), self.codec, self.folder)
            executable = facts.start.startswith(_EXECUTABLE_STARTS)
            return Stream(facts.digest, facts.size_bytes, facts.crc, deflated, executable, body)
        data = read_source(entry, size)
        return compressed(data, digest_of_source(entry.source, data), self.codec, link=is_link(entry.source))

    def _parts(self, entry: Entry, size: int) -> Iterator[bytes]:
        for part in read_parts(entry, size, PART_BYTES):
            if self.stopped():
                raise _GivenUpError
            yield part


def compressed(data: bytes, digest: bytes, codec: Codec, *, link: bool = False) -> Stream:
    """Return a content's stream: deflated, or as it is where that is no larger, as a link's is in any case."""
    if link:
        return Stream(digest, len(data), codec.crc32(data), deflated=False, executable=False, body=data, link=True)
    deflated = codec.compress(data)
    body = data if deflated is None else deflated
    executable = data.startswith(_EXECUTABLE_STARTS)
    return Stream(digest, len(data), codec.crc32(data), deflated is not None, executable, body)


def _found(member: Found) -> Stream:
    """Return the stream of a member out of the store."""
    row = member.row
    deflated, executable = bool(row.flags & packfile.DEFLATED), bool(row.flags & packfile.EXECUTABLE)
    link = bool(row.flags & packfile.LINK)
    return Stream(row.digest, row.size_bytes, row.crc, deflated, executable, member.body, link)


def head_and_record(name: bytes, stream: Stream) -> tuple[bytes, bytes]:
    """Return a member's local header and its directory record, whose offset is still zero."""
    return headers(
        name,
        method=DEFLATED if stream.deflated else STORED,
        crc=stream.crc,
        compressed_bytes=len(stream.body),
        size_bytes=stream.size_bytes,
        mode=LINK_MODE if stream.link else PROGRAM_MODE if stream.executable else FILE_MODE,
    )


def row_of(name: bytes, stream: Stream, head: bytes, codec: Codec) -> packfile.Row:
    """Return what a pack's index says about a member."""
    flags = packfile.DEFLATED * stream.deflated | packfile.EXECUTABLE * stream.executable | packfile.LINK * stream.link
    crcs = (stream.crc, crc_of(stream.body, codec.crc32, codec.crc32(head)), codec.crc32(name))
    return packfile.Row(stream.digest, len(head), len(stream.body), stream.size_bytes, *crcs, flags)


def _assembled(
    names: Sequence[bytes], streams: Sequence[Stream], found: Sequence[Found | None], codec: Codec | None
) -> Packed:
    """Return the members with their headers; with parts for the store if there is a codec."""
    chunks: list[Body] = []
    members: list[Member] = []
    directory: list[tuple[bytes, int]] = []
    parts: list[MemberPart] = []
    offset = 0
    for name, stream, member in zip(names, streams, found, strict=True):
        head, record = head_and_record(name, stream)
        length = len(stream.body)
        chunks += (head, stream.body)
        directory.append((record, offset))
        members.append(Member(name.decode(), stream.size_bytes, length, stream.digest.hex(), stream.executable))
        if codec is not None:
            if member is not None and member.head == head:
                parts.append(MemberPart(member.row, (member.pack, member.offset)))
            else:
                parts.append(MemberPart(row_of(name, stream, head, codec), None))
        offset += len(head) + length
    if len(members) > 1:
        # One piece is hashed and written in one call; a single large member is spared the copy.
        chunks = [b"".join([piece for chunk in chunks for piece in pieces_of(chunk)])]
    return Packed(tuple(chunks), offset, tuple(members), tuple(directory), tuple(parts))
