"""What an archive was made of when it was written last: which files need not be read again, and whether it still holds.

A file counts as unchanged if its device, inode, size and both times are; as in git, not if it was changed so shortly
before it was read that a second change could show the same times.
"""

from __future__ import annotations

import os
from array import array
from struct import iter_unpack
from typing import TYPE_CHECKING, NamedTuple

from packager.archive.table import DIGEST_BYTES, Members, Span, Table
from packager.glance.columns import DamagedError, join_columns, split_columns
from packager.glance.sight import ROW_BYTES, identity_of, split_names
from packager.glance.unchanged import RECORD_COLUMNS
from packager.model.archives import Artifact

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from packager.glance.sight import Snapshot

_SPAN_FIELDS = 4
_ROW = f"{ROW_BYTES}s"


class ArchiveRecord(NamedTuple):
    """One archive as it was written, in flat columns; loading it makes no object per file."""

    artifact: Artifact
    identity: tuple[int, ...]
    """Of the archive: what `_look` said when it was complete."""
    names: bytes
    """Of its files in the order of the walk: UTF-8, joined by NUL."""
    identities: bytes
    """Of the files; those of files changed too shortly before are -1 and equal nothing."""
    order: array[int]
    """Per member of the archive its row above."""
    table: Table

    def shows(self, sight: Snapshot) -> bool:
        """Return whether all files are what they were, none of them read."""
        return sight.identities == self.identities and sight.names == self.names

    def changed(self, sight: Snapshot) -> list[int]:
        """Return the files of a walk, the names of which are the same, that have to be read."""
        pairs = zip(iter_unpack(_ROW, sight.identities), iter_unpack(_ROW, self.identities), strict=True)
        return [row for row, (now, before) in enumerate(pairs) if now != before]

    def known(self, sight: Snapshot) -> list[bytes | None]:
        """Return per file of a walk the SHA-256 of its content; None where it has to be read."""
        digests = self.digests()
        rows: Sequence[int]
        if sight.names == self.names:
            rows = range(len(digests))
        else:
            row_of = {name: row for row, name in enumerate(self.names.split(b"\0"))}
            rows = [row_of.get(name, -1) for name in sight.names.split(b"\0")]
        found: list[bytes | None] = []
        for at, row in zip(range(0, len(sight.identities), ROW_BYTES), rows, strict=True):
            same = row >= 0 and (
                sight.identities[at : at + ROW_BYTES] == self.identities[row * ROW_BYTES : (row + 1) * ROW_BYTES]
            )
            found.append(digests[row] if same else None)
        return found

    def digests(self) -> list[bytes]:
        """Return the SHA-256 of each file, in the order of the walk."""
        found = [b""] * len(self.order)
        for member, row in enumerate(self.order):
            found[row] = self.table.digest(member)
        return found

    def is_intact(self) -> bool:
        """Return whether the archive is the file that was written, untouched since."""
        return _look(self.artifact.path) == self.identity

    def seen_again(self, sight: Snapshot, order: array[int]) -> ArchiveRecord:
        """Return the record with what the files, whose contents are the same, look like by now."""
        return self._replace(names=sight.names, identities=sight.settled(), order=order)

    def with_spans(self, spans: tuple[Span, ...]) -> ArchiveRecord:
        """Return the record of an archive, the stretches of which lie elsewhere by now."""
        table = self.table
        return self._replace(table=Table(table.digests, table.directory, table.records, table.offsets, spans))

    def dump(self) -> bytes:
        """Return the record as `load_record` reads it."""
        artifact, table = self.artifact, self.table
        sizes = (artifact.zipped_bytes, artifact.unzipped_bytes)
        facts = "\n".join((artifact.codec, artifact.sha256, artifact.summary(), *map(str, (*sizes, *self.identity))))
        packs = {pack: number for number, pack in enumerate(dict.fromkeys(span.pack for span in table.spans))}
        spans = array("Q", [field for span in table.spans for field in (packs[span.pack], *span[1:])])
        return join_columns(
            (
                facts.encode(),
                self.names,
                self.identities,
                self.order.tobytes(),
                table.digests,
                table.directory,
                table.records.tobytes() + table.offsets.tobytes(),
                "\n".join(packs).encode(),
                spans.tobytes(),
            )
        )


def make_record(sight: Snapshot, order: array[int], artifact: Artifact, table: Table) -> ArchiveRecord:
    """Return the record of an archive just written."""
    return ArchiveRecord(artifact, _look(artifact.path) or (), sight.names, sight.settled(), order, table)


def load_record(block: bytes, destination: Path) -> ArchiveRecord:
    """Return what `ArchiveRecord.dump` wrote for a destination; raises DamagedError or ValueError for other bytes."""
    facts, names, identities, order, digests, directory, places, packs, numbers = split_columns(block, RECORD_COLUMNS)
    codec, sha256, _, *rest = facts.decode().split("\n")
    zipped, unzipped, *identity = map(int, rest)
    positions, rows = array("I", places), array("I", order)
    half = len(positions) // 2
    if not len(digests) // DIGEST_BYTES == len(identities) // ROW_BYTES == len(rows) == half - 1:
        raise DamagedError
    table = Table(digests, directory, positions[:half], positions[half:], _spans(packs, array("Q", numbers)))
    artifact = Artifact(destination, zipped, unzipped, sha256, Members(table), codec, written=False)
    return ArchiveRecord(artifact, tuple(identity), names, identities, rows, table)


def in_order(sight: Snapshot) -> array[int]:
    """Return per member of the archive the row of its file in the walk."""
    paths = split_names(sight.names)
    return array("I", sorted(range(len(paths)), key=paths.__getitem__))


def _spans(packs: bytes, numbers: array[int]) -> tuple[Span, ...]:
    names = packs.decode().split("\n")
    rows = range(0, len(numbers), _SPAN_FIELDS)
    return tuple(Span(names[numbers[at]], *numbers[at + 1 : at + _SPAN_FIELDS]) for at in rows)


def _look(path: Path) -> tuple[int, ...] | None:
    """Return what tells an untouched archive from another or a changed one; None if there is none."""
    try:
        return identity_of(os.stat(path))  # noqa: PTH116
    except OSError:
        return None
