"""Two zip files of the same contents and other bytes: where they part, and the habits of their writers that show."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from packager.archive.read.reader import WEIGHED, open_archive
from packager.archive.zipformat import CENTRAL, CENTRAL_SIGNATURE, END, LOCAL, METHOD_NAMES
from packager.core.units import format_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from packager.archive.read.reader import Archive, ArchiveMember

_PIECE_BYTES = 1 << 20
_LOCAL_FIELDS = (
    (4, "signature"), (6, "version needed"), (8, "flags"), (10, "method"), (14, "date"), (18, "checksum"),
    (22, "compressed size"), (26, "size"), (28, "length of the name"), (30, "length of the extra fields"),
)  # fmt: skip
"""End of each field of a local header and its name (APPNOTE 4.3.7)."""
_CENTRAL_FIELDS = (
    (4, "signature"), (6, "system of the writer"), (8, "version needed"), (10, "flags"), (12, "method"), (16, "date"),
    (20, "checksum"), (24, "compressed size"), (28, "size"), (30, "length of the name"),
    (32, "length of the extra fields"), (34, "length of the comment"), (36, "disk"), (38, "internal attributes"),
    (42, "mode"), (46, "offset"),
)  # fmt: skip
"""The same of a record of the directory (APPNOTE 4.3.12)."""


@dataclass(frozen=True)
class Habit:
    """One kind of difference, with the first member that shows it."""

    kind: str
    """``order``, ``date``, ``mode``, ``method``, ``stream``, ``flags``, ``extra``, ``system``, ``comment``, …"""
    members: int
    example: str
    before: str
    after: str


@dataclass(frozen=True)
class ByteDifference:
    """Where two files part, and why."""

    offset: int
    """Of the first byte that differs."""
    place: str
    """What stands there in the first file: "date in the header of index.js"."""
    habits: tuple[Habit, ...]


def first_difference(one: Path, two: Path) -> ByteDifference | None:
    """Return where two zips part and why; None if they are the same byte for byte.

    Raises ArtifactError if one of them cannot be read.
    """
    with open_archive(one, limits=WEIGHED) as first, open_archive(two, limits=WEIGHED) as second:
        offset = _first_offset(one, two)
        if offset is None:
            return None
        return ByteDifference(offset, _place(first, offset), tuple(_habits(first, second)))


def _first_offset(one: Path, two: Path) -> int | None:
    with one.open("rb") as first, two.open("rb") as second:
        at = 0
        while True:
            left, right = first.read(_PIECE_BYTES), second.read(_PIECE_BYTES)
            if left != right:
                shorter = min(len(left), len(right))
                inner = next((i for i in range(shorter) if left[i] != right[i]), shorter)
                return at + inner
            if not left:
                return None
            at += len(left)


def _place(archive: Archive, offset: int) -> str:
    """Return what stands at an offset, for people."""
    start = archive.directory.prefix_bytes
    if offset < start:
        return "what stands before the archive"
    before = [member for member in archive.members if start + member.header_offset <= offset]
    if before:
        member = max(before, key=lambda member: member.header_offset)
        local = archive.local_header(member)
        inner = offset - start - member.header_offset
        if inner < LOCAL.size:
            return f"{_field(_LOCAL_FIELDS, inner)} in the header of {member.path}"
        if inner < LOCAL.size + len(local.raw_name):
            return f"the name in the header of {member.path}"
        if offset < local.data_offset:
            return f"extra fields in the header of {member.path}"
        if offset < local.data_offset + member.compressed_bytes:
            return f"the data of {member.path}"
        if member is not max(archive.members, key=lambda member: member.header_offset):
            return f"between the data of {member.path} and what follows"
    return _in_directory(archive, offset)


def _in_directory(archive: Archive, offset: int) -> str:
    size = sum(CENTRAL.size + len(m.raw_name) + len(m.extra) for m in archive.members)
    comment = len(archive.directory.comment)
    at = archive.length - comment - END.size - size
    with archive.path.open("rb") as file:
        file.seek(max(0, at))
        if offset < at or file.read(4) != CENTRAL_SIGNATURE:
            return "the directory"  # records with comments, or behind zip64 fields: not worth a second parser
    for member in archive.members:
        if at <= offset < at + CENTRAL.size:
            return f"{_field(_CENTRAL_FIELDS, offset - at)} in the directory's record of {member.path}"
        at += CENTRAL.size + len(member.raw_name) + len(member.extra)
        if offset < at:
            return f"name or extra fields in the directory's record of {member.path}"
    return "the end of the directory"


def _field(fields: tuple[tuple[int, str], ...], inner: int) -> str:
    return next(name for end, name in fields if inner < end)


def _habits(first: Archive, second: Archive) -> Iterator[Habit]:
    """Yield every kind of difference between members of one name, and between the two as wholes."""
    old, new = _by_name(first), _by_name(second)
    common = [name for name in old if name in new]
    theirs = [name for name in new if name in old]
    if common != theirs:
        index = next(i for i, (left, right) in enumerate(zip(common, theirs, strict=True)) if left != right)
        moved = sum(left != right for left, right in zip(common, theirs, strict=True))
        yield Habit("order", moved, f"member {index + 1}", common[index], theirs[index])
    folders = [sum(member.is_dir for member in archive.members) for archive in (first, second)]
    if folders[0] != folders[1]:
        yield Habit("folders", abs(folders[0] - folders[1]), "entries for folders", str(folders[0]), str(folders[1]))
    counts: Counter[str] = Counter()
    examples: dict[str, Habit] = {}
    for name in common:
        facts, other = _facts(first, old[name]), _facts(second, new[name])
        for kind, value in facts.items():
            if value != other[kind]:
                counts[kind] += 1
                examples.setdefault(kind, Habit(kind, 0, name, value, other[kind]))
    for kind, habit in examples.items():
        yield Habit(kind, counts[kind], habit.example, habit.before, habit.after)
    if first.directory.comment != second.directory.comment:
        texts = [archive.directory.comment.decode("utf-8", "replace")[:60] for archive in (first, second)]
        yield Habit("comment", 1, "the archive", texts[0], texts[1])
    if first.directory.prefix_bytes != second.directory.prefix_bytes:
        yield Habit("prefix", 1, "bytes before the archive", str(first.directory.prefix_bytes),
                    str(second.directory.prefix_bytes))  # fmt: skip


def _by_name(archive: Archive) -> dict[str, ArchiveMember]:
    return {member.path: member for member in archive.members}


def _facts(archive: Archive, member: ArchiveMember) -> dict[str, str]:
    """Return what may differ while the content is the same, as people read it."""
    local = archive.local_header(member)
    return {
        "date": _date(member.dos_date_time),
        "mode": "none" if member.mode is None else f"{member.mode:o}",
        "method": METHOD_NAMES.get(member.method, str(member.method)),
        "stream": f"{format_bytes(member.compressed_bytes)} compressed",
        "content": f"{format_bytes(member.size_bytes)}, CRC-32 {member.crc:08x}",
        "flags": f"{member.flags:#06x}",
        "extra": f"{len(member.extra)} and {format_bytes(len(local.extra))} of extra fields",
        "system": str(member.create_system),
    }


def _date(value: int) -> str:
    date, time = value >> 16, value & 0xFFFF
    return (
        f"{(date >> 9) + 1980}-{date >> 5 & 15:02}-{date & 31:02} "
        f"{time >> 11:02}:{time >> 5 & 63:02}:{(time & 31) * 2:02}"
    )
