"""The next archive out of the last one: what has changed is read and compressed, all else is copied by the stretch."""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from packager.archive import Artifact, Entry
from packager.archive.columns import DamagedError
from packager.archive.hashing import hash_files
from packager.archive.layout import arrange
from packager.archive.members import compressed, head_and_record, read_source, row_of
from packager.archive.packfile import PackWriter
from packager.archive.record import in_order, make_record
from packager.archive.splice import read_span, splice
from packager.archive.table import Fresh, Members, Span, Table, edited

if TYPE_CHECKING:
    from array import array
    from pathlib import Path

    from packager.archive.cache import Cache
    from packager.archive.deflate import Codec
    from packager.archive.record import Record
    from packager.archive.sight import Sight

MAX_FRESH = 64
MAX_FRESH_BYTES = 32 << 20
"""More than this is compressed by several threads, as a new archive is."""


@dataclass(frozen=True)
class Reworked:
    """What became of it."""

    artifact: Artifact | None
    """None: it has to be written as a new one."""
    known: list[bytes | None]
    """Per file of the walk the SHA-256 of its content; None where nobody has read it."""


def rework(record: Record, sight: Sight, codec: Codec, cache: Cache, destination: Path, started_ns: int) -> Reworked:
    """Make the archive of these files out of the last one, as far as that is worth while.

    Raises ArtifactError for files that cannot be read, EnvironmentFault if the destination cannot be written.
    """
    known = record.known(sight)
    if record.artifact.codec != codec.name:
        return Reworked(None, known)
    for row, digest in hash_files(sight, [row for row, digest in enumerate(known) if digest is None]).items():
        known[row] = digest
    if sight.names == record.names:
        order = record.order
    else:
        arrange(sight.entries())  # proves the names
        order = in_order(sight)
    wanted = _wanted(record, sight, order, known)
    same = wanted == list(range(len(record.table)))
    if same and record.is_intact():
        # Touched, or checked out anew: the archive need not be written.
        cache.keep(record.seen_again(sight, order, started_ns))
        return Reworked(record.artifact, known)
    packs = cache.packs(codec.name)
    try:
        table = record.table if same else _edited(record.table, sight, order, wanted, codec, packs)
        if table is None or not table.spans:
            return Reworked(None, known)
        length, sha256 = splice(table, packs, destination, codec.crc32)
    except DamagedError:
        return Reworked(None, known)
    artifact = Artifact(destination, length, sum(sight.sizes()), sha256, Members(table), codec.name)
    cache.keep(make_record(sight, order, artifact, table, started_ns))
    _mark_used(packs, table)
    if not same:
        cache.tidy()
    return Reworked(artifact, known)


def _wanted(record: Record, sight: Sight, order: array[int], known: list[bytes | None]) -> list[int]:
    """Return per member of the next archive the row of the last one's table that is the same, -1 if none is."""
    table = record.table
    if sight.names == record.names:
        return [row if known[order[row]] == table.digest(row) else -1 for row in range(len(table))]
    before = record.names.split(b"\0")
    row_of_name = {before[place]: row for row, place in enumerate(record.order)}
    names = sight.names.split(b"\0")
    rows = ((row_of_name.get(names[place], -1), known[place]) for place in order)
    return [row if row >= 0 and digest == table.digest(row) else -1 for row, digest in rows]


def _edited(
    table: Table, sight: Sight, order: array[int], wanted: list[int], codec: Codec, packs: Path
) -> Table | None:
    """Return the table of the next archive, what is new in it compressed and kept; None if that is too much."""
    places = [order[row] for row, found in enumerate(wanted) if found < 0]
    sizes = sight.sizes()
    if len(places) > MAX_FRESH or sum(sizes[place] for place in places) > MAX_FRESH_BYTES or not table.spans:
        return None
    paths, sources = sight.paths(), sight.sources()
    fresh = {place: Entry(paths[place], sources[place], sizes[place]) for place in places}
    try:
        kept = _kept(fresh, codec, packs)
    except OSError:
        return None  # a cache that cannot be written is no error, and the usual way says so
    parts = (kept[order[row]] if found < 0 else found for row, found in enumerate(wanted))
    return edited(table, parts, lambda span: read_span(packs, span, codec.crc32))


def _kept(entries: dict[int, Entry], codec: Codec, packs: Path) -> dict[int, Fresh]:
    """Return entries compressed and kept in a new pack. Raises OSError if it cannot be written."""
    if not entries:
        return {}
    found = {}
    writer = PackWriter(packs)
    try:
        for place, entry in entries.items():
            data = read_source(entry, entry.size_bytes or 0)
            stream = compressed(data, hashlib.sha256(data).digest(), codec)
            name = entry.path.encode()
            head, record = head_and_record(name, stream)
            crc = codec.crc32(stream.body, codec.crc32(head))
            span = Span(writer.name, writer.size_bytes, len(head) + len(stream.body), crc)
            writer.add(head)
            writer.add(stream.body)
            writer.enter(row_of(name, stream, head, codec))
            found[place] = Fresh(stream.digest, record, span)
        writer.finish()
    except BaseException:  # Ctrl-C included: nothing half-written may stay
        writer.discard()
        raise
    return found


def _mark_used(packs: Path, table: Table) -> None:
    """The last use decides what goes first when room is needed."""
    for pack in {span.pack for span in table.spans}:
        with suppress(OSError):  # gone, or not ours: its age is then nobody's business
            os.utime(packs / pack)
