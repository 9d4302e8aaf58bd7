"""The next archive out of the last one: what has changed is read and compressed, all else is copied by the stretch."""

from __future__ import annotations

import os
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING, NamedTuple

from packager.archive.cache.packfile import PackWriter
from packager.archive.cache.record import in_order, make_record
from packager.archive.fastpath.columns import DamagedError
from packager.archive.fastpath.fork_worker import can_work_aside
from packager.archive.incremental.hashing import hash_files
from packager.archive.incremental.index import Fresh, Members, Span, Table, edited
from packager.archive.incremental.splice import made_by, read_span, splice, splicing
from packager.archive.write.large_members import crc_of, pieces_of
from packager.archive.write.layout import arrange
from packager.archive.write.members import compressed, head_and_record, row_of
from packager.archive.write.sources import digest_of_source, is_link, read_source
from packager.model.archives import Artifact

if TYPE_CHECKING:
    from array import array
    from pathlib import Path

    from packager.archive.cache.member_cache import Cache
    from packager.archive.cache.record import ArchiveRecord
    from packager.archive.fastpath.snapshot import Snapshot
    from packager.archive.write.deflate import Codec
    from packager.model.archives import Entry

MAX_FRESH = 64
MAX_FRESH_BYTES = 32 << 20
"""More than this is compressed by several threads, as a new archive is."""


class Reworked(NamedTuple):
    """What became of it."""

    artifact: Artifact | None
    """None: it has to be written as a new one."""
    known: list[bytes | None]
    """For that, per file of the walk the SHA-256 of its content; None where it has not been read."""


class _Next(NamedTuple):
    """The next archive, as far as the last one and the files tell."""

    order: array[int]
    """Per member the row of its file in the walk."""
    parts: list[tuple[int, int] | int]
    """Members of the last archive (first, one after the last), and rows of the walk whose content is new."""
    read: dict[int, bytes]
    """SHA-256 of the files that were read, by row of the walk."""


def rework(record: ArchiveRecord, sight: Snapshot, codec: Codec, cache: Cache, destination: Path) -> Reworked:
    """Make the archive of these files out of the last one, as far as that is worth while.

    Raises ArtifactError for files that cannot be read, EnvironmentFault if the destination cannot be written.
    """
    if record.artifact.codec != codec.name:
        return Reworked(None, record.known(sight))
    table: Table | None
    last, packs = record.table, cache.packs(codec.name)
    with ExitStack() as begun:
        copying = None
        if last.spans and len(sight) == len(last) and not record.is_intact() and can_work_aside():
            # Checked out again, without the archive: most often all is what it was, and to tell takes the longest.
            copying = begun.enter_context(splicing(last, packs, destination, codec.crc32))
        coming = _same_names(record, sight) if sight.names == record.names else _other_names(record, sight)
        same = coming.parts == [(0, len(last))]
        if same and copying is None and record.is_intact():
            # Touched, or checked out again: the archive need not be written.
            cache.keep(record.seen_again(sight, coming.order))
            return Reworked(record.artifact, [])
        copied = copying.finish() if same and copying is not None else None
        begun.close()
        try:
            if copied is not None:
                table = last
                length, sha256 = made_by(copied)
            else:
                table = last if same else _edited(last, sight, coming, codec, packs)
                if table is None or not table.spans:
                    return Reworked(None, _known(record, sight, coming))
                length, sha256 = splice(table, packs, destination, codec.crc32)
        except DamagedError:
            return Reworked(None, _known(record, sight, coming))
    artifact = Artifact(destination, length, sum(sight.sizes()), sha256, Members(table), codec.name)
    cache.keep(make_record(sight, coming.order, artifact, table))
    _mark_used(packs, table)
    cache.make_room(grown=not same)
    return Reworked(artifact, [])


def _known(record: ArchiveRecord, sight: Snapshot, coming: _Next) -> list[bytes | None]:
    """Return the SHA-256 of each file of the walk."""
    known = record.known(sight)
    for row, digest in coming.read.items():
        known[row] = digest
    return known


def _same_names(record: ArchiveRecord, sight: Snapshot) -> _Next:
    """Return the next archive of the same names. Nothing is made per file that has not changed."""
    read = hash_files(sight, record.changed(sight))
    table, order = record.table, record.order
    if len(read) <= MAX_FRESH:
        members = {order.index(row): row for row in read}
    else:
        members = {member: row for member, row in enumerate(order) if row in read}
    parts: list[tuple[int, int] | int] = []
    start = 0
    for member in sorted(members):
        if read[members[member]] != table.digest(member):
            parts += ([(start, member)] if member > start else []) + [members[member]]
            start = member + 1
    return _Next(order, [*parts, (start, len(table))] if start < len(table) else parts, read)


def _other_names(record: ArchiveRecord, sight: Snapshot) -> _Next:
    """Return the next archive where files were added, removed or found in another order."""
    arrange(sight.entries())  # proves the names
    known = record.known(sight)
    read = hash_files(sight, [row for row, digest in enumerate(known) if digest is None])
    before, names, table = record.names.split(b"\0"), sight.names.split(b"\0"), record.table
    member_of = {before[row]: member for member, row in enumerate(record.order)}
    order = in_order(sight)
    parts: list[tuple[int, int] | int] = []
    start = stop = 0
    for row in order:
        member = member_of.get(names[row], -1)
        same = member >= 0 and (known[row] or read[row]) == table.digest(member)
        if stop > start and not (same and member == stop):
            parts.append((start, stop))
            start = stop = 0
        if not same:
            parts.append(row)
        else:
            start, stop = (start if stop > start else member), member + 1
    return _Next(order, [*parts, (start, stop)] if stop > start else parts, read)


def _edited(table: Table, sight: Snapshot, coming: _Next, codec: Codec, packs: Path) -> Table | None:
    """Return the table of the next archive, what is new in it compressed and kept; None if that is too much."""
    rows = [part for part in coming.parts if isinstance(part, int)]
    if len(rows) > MAX_FRESH or not table.spans:
        return None
    entries = dict(zip(rows, sight.some(rows), strict=True))
    if sum(entry.size_bytes or 0 for entry in entries.values()) > MAX_FRESH_BYTES:
        return None
    try:
        kept = _kept(entries, codec, packs)
    except OSError:
        return None  # a cache that cannot be written is not an error, and the usual way says so
    parts = [kept[part] if isinstance(part, int) else part for part in coming.parts]
    return edited(table, parts, lambda span: read_span(packs, span, codec.crc32), codec.crc32)


def _kept(entries: dict[int, Entry], codec: Codec, packs: Path) -> dict[int, Fresh]:
    """Return the entries of some rows, compressed and kept in a new pack. Raises OSError if it cannot be written."""
    if not entries:
        return {}
    found = {}
    writer = PackWriter(packs)
    try:
        for row, entry in entries.items():
            data = read_source(entry, entry.size_bytes or 0)
            stream = compressed(data, digest_of_source(entry.source, data), codec, link=is_link(entry.source))
            name = entry.path.encode()
            head, record = head_and_record(name, stream)
            crc = crc_of(stream.body, codec.crc32, codec.crc32(head))
            span = Span(writer.name, writer.size_bytes, len(head) + len(stream.body), crc)
            writer.add(head)
            for piece in pieces_of(stream.body):
                writer.add(piece)
            writer.enter(row_of(name, stream, head, codec))
            found[row] = Fresh(stream.digest, record, span)
        writer.finish()
    except BaseException:  # Ctrl-C included: nothing half-written may stay
        writer.discard()
        raise
    return found


def _mark_used(packs: Path, table: Table) -> None:
    """The last use decides what goes first when room is needed."""
    for pack in {span.pack for span in table.spans}:
        with suppress(OSError):  # gone, or not ours: its age then does not matter
            os.utime(packs / pack)
