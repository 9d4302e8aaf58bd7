"""The central directory of an archive we are given: bytes in, facts out. Judges nothing that can still be read."""

from __future__ import annotations

import stat
import struct
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

from packager.archive.zipformat import (
    CENTRAL,
    CENTRAL_SIGNATURE,
    END,
    END_SIGNATURE,
    FLAG_ENCRYPTED,
    FLAG_UTF8,
    MAX_32,
    UNIX,
)
from packager.core.errors import ArtifactError
from packager.core.units import counted, format_bytes, format_count

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MAX_MEMBERS = 100_000
"""Above what any host takes; an archive with more is refused before it fills the memory."""
MAX_DIRECTORY_BYTES = 64 << 20

_MACOS = 19
_MAX_16 = 0xFFFF
_ZIP64_LOCATOR = struct.Struct("<4sIQI")
_ZIP64_END = struct.Struct("<4sQ2H2I4Q")
_ZIP64_FIELD = 0x0001
_UNICODE_PATH_FIELD = 0x7075


@dataclass(frozen=True)
class ArchiveMember:
    """One member, as the directory of its archive describes it. Nothing here is proved to be safe or true."""

    path: str
    """As written, decoded: may be absolute, hold backslashes or ``..``; folders end in a slash."""
    raw_name: bytes
    size_bytes: int
    compressed_bytes: int
    method: int
    """Compression method: 0 stored, 8 deflated, 9 Deflate64, … (APPNOTE 4.4.5)."""
    crc: int
    flags: int
    """General purpose bits: 0 encrypted, 3 sizes follow the data, 11 the name is UTF-8 (APPNOTE 4.4.4)."""
    create_system: int
    """Who wrote the attributes: 0 DOS or Windows, 3 Unix, 19 macOS."""
    mode: int | None
    """Unix type and permission bits; None where the writer kept none."""
    dos_date_time: int
    """Date in the upper 16 bits, time in the lower, as the format has them."""
    header_offset: int
    """Where its local header is said to begin, counted as the archive counts (see `Directory.prefix_bytes`)."""
    extra: bytes
    zip64: bool
    """Whether its sizes or offset needed a zip64 field."""

    @property
    def is_dir(self) -> bool:
        """Return whether this is a folder: by its name, which every reader goes by."""
        return self.path.endswith("/")

    @property
    def is_symlink(self) -> bool:
        """Return whether this is a symbolic link: its content is the target."""
        return self.mode is not None and stat.S_ISLNK(self.mode)

    @property
    def encrypted(self) -> bool:
        """Return whether its content is encrypted, by any scheme."""
        return bool(self.flags & FLAG_ENCRYPTED)


@dataclass(frozen=True)
class Directory:
    """All members in the order of the directory, and what the end of the file says."""

    members: tuple[ArchiveMember, ...]
    prefix_bytes: int
    """Bytes before the archive proper (a self-extractor's program); to be added to every offset."""
    comment: bytes
    zip64: bool
    """Whether there is a zip64 end record."""


_OTHER_KINDS = {
    b"\x1f\x8b": "gzip",
    b"7z\xbc\xaf\x27\x1c": "7z",
    b"\xfd7zXZ\x00": "xz",
    b"BZh": "bzip2",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"Rar!\x1a\x07": "RAR",
}
"""How archives of other kinds begin, each by its own format's description."""


def read_directory(read_at: Callable[[int, int], bytes], length: int) -> Directory:
    """Return the directory of an archive of this length; `read_at(offset, size)` gives its bytes.

    Raises ArtifactError if it has no readable directory. Source: APPNOTE.TXT 6.3.10, 4.3.12 to 4.3.16.
    """
    tail_offset = max(0, length - END.size - _MAX_16)
    tail = read_at(tail_offset, length - tail_offset)
    at = _find_end(tail)
    if at is None:
        kind = next((name for magic, name in _OTHER_KINDS.items() if read_at(0, len(magic)) == magic), "")
        if kind:
            msg = f"is a {kind} file, not a zip archive"
            raise ArtifactError(msg, fix="unpack it, and name the folder")
        _refuse("it is not a zip archive, or it is cut off: it has no end record")
    _, _, _, _, count, size, offset, comment_bytes = END.unpack_from(tail, at)
    end_offset = tail_offset + at
    comment = tail[at + END.size : at + END.size + comment_bytes]
    zip64 = _zip64_end(read_at, end_offset)
    wrapped = zip64 is None
    if zip64 is not None:
        end_offset, count, size, offset = zip64
    prefix_bytes = end_offset - size - offset
    if prefix_bytes < 0:
        place = f"at byte {format_count(offset)} and have {format_bytes(size)}"
        _refuse(f"its directory should begin {place}, but the file ends before that")
    if size > MAX_DIRECTORY_BYTES:
        _refuse(f"its directory alone has {format_bytes(size)}")
    members = tuple(_members(read_at(end_offset - size, size)))
    if count != (len(members) & _MAX_16 if wrapped else len(members)):
        found = format_count(len(members))
        _refuse(f"its end record gives {counted(count, 'member')}, but its directory has {found}")
    return Directory(members, prefix_bytes, comment, zip64 is not None)


def _find_end(tail: bytes) -> int | None:
    """Return where the end record begins in the last bytes of a file; None if there is none.

    The last signature whose comment reaches just to the end of the file; else the last one with room for a record, as
    other readers take it (bytes were appended).
    """
    fallback = -1
    at = tail.rfind(END_SIGNATURE, 0, max(0, len(tail) - END.size + len(END_SIGNATURE)))
    while at >= 0:
        comment_bytes = int.from_bytes(tail[at + END.size - 2 : at + END.size], "little")
        if at + END.size + comment_bytes == len(tail):
            return at
        if fallback < 0:
            fallback = at
        at = tail.rfind(END_SIGNATURE, 0, at + len(END_SIGNATURE) - 1)
    return fallback if fallback >= 0 else None


def _zip64_end(read_at: Callable[[int, int], bytes], end_offset: int) -> tuple[int, int, int, int] | None:
    """Return (own offset, members, directory size, directory offset) of the zip64 end record, None without one."""
    locator_offset = end_offset - _ZIP64_LOCATOR.size
    if locator_offset < 0:
        return None
    signature, _, _, _ = _ZIP64_LOCATOR.unpack(read_at(locator_offset, _ZIP64_LOCATOR.size))
    if signature != b"PK\x06\x07":
        return None
    # Straight before its locator, wherever the locator says: bytes may have been put before the archive.
    offset = locator_offset - _ZIP64_END.size
    if offset < 0:
        _refuse("its zip64 end record was cut off")
    signature, *_, count, size, directory_offset = _ZIP64_END.unpack(read_at(offset, _ZIP64_END.size))
    if signature != b"PK\x06\x06":
        _refuse("its zip64 end record is not where it should be")
    return offset, count, size, directory_offset


def _members(table: bytes) -> Iterator[ArchiveMember]:
    """Yield the members of a central directory."""
    at = count = 0
    while at < len(table):
        if table[at : at + 4] != CENTRAL_SIGNATURE or at + CENTRAL.size > len(table):
            _refuse(f"record {count + 1} of its directory is damaged")
        count += 1
        if count > MAX_MEMBERS:
            _refuse(f"it has more than {MAX_MEMBERS} members")
        fields = CENTRAL.unpack_from(table, at)
        name_end = at + CENTRAL.size + fields[10]
        extra_end = name_end + fields[11]
        following = extra_end + fields[12]
        if following > len(table):
            _refuse(f"record {count} of its directory is cut off")
        yield _member(fields, table[at + CENTRAL.size : name_end], table[name_end:extra_end])
        at = following


def _member(fields: tuple[int, ...], raw_name: bytes, extra: bytes) -> ArchiveMember:
    """Return one member from the fixed fields of its record (see `zipformat.CENTRAL`), its name and its extra data."""
    made_by, flags, method, time, date, crc = fields[1], *fields[3:8]
    compressed, size, offset, attributes = fields[8], fields[9], fields[16], fields[15]
    create_system = made_by >> 8
    extras = dict(_extra_fields(extra))
    zip64 = MAX_32 in (compressed, size, offset)
    if zip64:
        size, compressed, offset = _zip64_values(extras.get(_ZIP64_FIELD, b""), size, compressed, offset)
    mode = attributes >> 16
    return ArchiveMember(
        path=_decoded(raw_name, flags, create_system, extras.get(_UNICODE_PATH_FIELD, b"")),
        raw_name=raw_name,
        size_bytes=size,
        compressed_bytes=compressed,
        method=method,
        crc=crc,
        flags=flags,
        create_system=create_system,
        mode=mode if mode and create_system in (UNIX, _MACOS) else None,
        dos_date_time=date << 16 | time,
        header_offset=offset,
        extra=extra,
        zip64=zip64,
    )


def _extra_fields(extra: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield (id, data) of a record's extra fields; what is malformed ends them, as other readers have it."""
    at = 0
    while at + 4 <= len(extra):
        field, size = struct.unpack_from("<2H", extra, at)
        if at + 4 + size > len(extra):
            return
        yield field, extra[at + 4 : at + 4 + size]
        at += 4 + size


def _zip64_values(data: bytes, *values: int) -> Iterator[int]:
    """Yield the values, those that do not fit 32 bits taken from the zip64 field in turn (APPNOTE 4.5.3)."""
    at = 0
    for value in values:
        if value != MAX_32:
            yield value
            continue
        if at + 8 > len(data):
            _refuse("a member's zip64 field is missing or cut off")
        yield int.from_bytes(data[at : at + 8], "little")
        at += 8


def _decoded(raw: bytes, flags: int, create_system: int, unicode_path: bytes) -> str:
    """Return a name as text. Undecodable bytes become lone surrogates, so that no two names turn into one.

    Without the UTF-8 flag the specification says code page 437; Info-ZIP then adds the Unicode path field (APPNOTE
    4.6.9), and Unix and macOS tools often just write UTF-8.
    """
    if flags & FLAG_UTF8:
        return raw.decode("utf-8", "surrogateescape")
    if len(unicode_path) > 5 and int.from_bytes(unicode_path[1:5], "little") == zlib.crc32(raw):
        return unicode_path[5:].decode("utf-8", "surrogateescape")
    if create_system in (UNIX, _MACOS):
        try:
            return raw.decode("utf-8")
        except UnicodeDecodeError:  # then it is what the specification says
            pass
    return raw.decode("cp437")


def _refuse(what: str) -> NoReturn:
    """Raise the error for an archive without a readable directory; the caller adds which archive."""
    msg = f"cannot be read: {what}"
    raise ArtifactError(msg, fix="make or download the archive again")
