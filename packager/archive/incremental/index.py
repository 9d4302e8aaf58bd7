"""An archive that was written, in flat columns: what the next one, a few files apart from it, is made of.

The bytes themselves stay where the cache keeps them, headers included: whole stretches of an archive are copied, and
no more is done for a member that has not changed than to shift its offset.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple, overload

from packager.archive.zipformat import CENTRAL, MAX_32, PROGRAM_MODE, put_offsets
from packager.model.archives import Member

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

DIGEST_BYTES = 32


class Span(NamedTuple):
    """A stretch of the archive, and where the cache keeps it."""

    pack: str
    """Name of the file in the folder of the codec."""
    offset: int
    length: int
    crc: int
    """CRC-32 of the stretch."""


class Table:
    """The members of an archive, sorted as they lie in it. Never changed."""

    def __init__(
        self, digests: bytes, directory: bytes, records: array[int], offsets: array[int], spans: tuple[Span, ...]
    ) -> None:
        self.digests = digests
        """SHA-256 of each content."""
        self.directory = directory
        """The directory as it was written."""
        self.records = records
        """Where each record begins in the directory; one more: its length."""
        self.offsets = offsets
        """Where each member begins in the archive; one more: where the directory does."""
        self.spans = spans
        """All members end to end; none if the cache does not keep them all."""

    def __len__(self) -> int:
        return len(self.records) - 1

    def digest(self, row: int) -> bytes:
        """Return the SHA-256 of a content."""
        return self.digests[row * DIGEST_BYTES : (row + 1) * DIGEST_BYTES]

    def unzipped_bytes(self) -> int:
        """Return the sum of the members' sizes."""
        return sum(CENTRAL.unpack_from(self.directory, at)[9] for at in self.records[:-1])


class Members(Sequence[Member]):
    """Members made from a table when they are looked at; most often only their number is asked for."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._made: tuple[Member, ...] | None = None

    def __len__(self) -> int:
        return len(self._table)

    @overload
    def __getitem__(self, index: int) -> Member: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Member]: ...
    def __getitem__(self, index: int | slice) -> Member | Sequence[Member]:
        if self._made is None:
            self._made = tuple(map(self._member, range(len(self))))
        return self._made[index]

    def _member(self, row: int) -> Member:
        table = self._table
        at = table.records[row]
        fields = CENTRAL.unpack_from(table.directory, at)
        name = table.directory[at + CENTRAL.size : table.records[row + 1]].decode()
        executable = fields[15] >> 16 == PROGRAM_MODE
        return Member(name, fields[9], fields[8], table.digest(row).hex(), executable)


class Fresh(NamedTuple):
    """A member that was compressed just now."""

    digest: bytes
    record: bytes
    """Of the directory; its offset is filled in later."""
    span: Span
    """Where the cache keeps it."""


def edited(
    table: Table,
    parts: Iterable[tuple[int, int] | Fresh],
    read: Callable[[Span], bytes],
    crc32: Callable[..., int],
) -> Table | None:
    """Return the table of an archive made of members of this one and of new ones; None if it would need zip64.

    Of this one's, `parts` says the first and one after the last. `read` returns a span's bytes, checked: one that is
    not taken whole is cut, and needs other checksums.
    """
    digests: list[bytes] = []
    directory: list[bytes] = []
    spans: list[Span] = []
    records, offsets = array("I"), array("I")
    at = position = 0
    for part in parts:
        if isinstance(part, Fresh):
            digests.append(part.digest)
            directory.append(part.record)
            spans.append(part.span)
            records.append(at)
            offsets.append(position)
            length = part.span.length
        else:
            start, stop = part
            first_record, first_offset = table.records[start], table.offsets[start]
            digests.append(table.digests[start * DIGEST_BYTES : stop * DIGEST_BYTES])
            directory.append(table.directory[first_record : table.records[stop]])
            spans += _cut(table.spans, first_offset, table.offsets[stop], read, crc32)
            records.extend([record - first_record + at for record in table.records[start:stop]])
            offsets.extend([offset - first_offset + position for offset in table.offsets[start:stop]])
            length = table.offsets[stop] - first_offset
        at += len(directory[-1])
        position += length
        if position + at >= MAX_32:
            return None
    joined = bytearray().join(directory)
    put_offsets(joined, records, offsets)
    records.append(at)
    offsets.append(position)
    return Table(b"".join(digests), bytes(joined), records, offsets, tuple(spans))


def _cut(
    spans: Sequence[Span], start: int, stop: int, read: Callable[[Span], bytes], crc32: Callable[..., int]
) -> Iterator[Span]:
    """Yield the spans between two offsets of the archive."""
    begins = [0, *accumulate(span.length for span in spans)]
    for index in range(bisect_right(begins, start) - 1, bisect_left(begins, stop)):
        span = spans[index]
        first, last = max(start - begins[index], 0), min(stop - begins[index], span.length)
        if last - first < span.length:
            crc = crc32(memoryview(read(span))[first:last])
            span = Span(span.pack, span.offset + first, last - first, crc)
        yield span
