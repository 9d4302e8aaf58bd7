"""The records of a zip file, as PKWARE's APPNOTE.TXT 6.3.10 lays them out: shared by writer and reader."""

from __future__ import annotations

import stat
import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

STORED = 0
DEFLATED = 8
DEFLATE64 = 9
METHOD_NAMES = {
    0: "stored", 1: "shrunk", 6: "imploded", 8: "deflated", 9: "Deflate64", 12: "bzip2", 14: "LZMA", 20: "zstd (old)",
    93: "zstd", 94: "MP3", 95: "xz", 96: "JPEG", 97: "WavPack", 98: "PPMd", 99: "AES-encrypted",
}  # fmt: skip
"""APPNOTE 4.4.5."""

LOCAL = struct.Struct("<4s5H3I2H")
"""Signature, version needed, flags, method, time, date, CRC, compressed, size, name length, extra length (4.3.7)."""
CENTRAL = struct.Struct("<4s6H3I5H2I")
"""Signature, made by, needed, flags, method, time, date, CRC, compressed, size, name, extra and comment length, disk,
internal and external attributes, offset of the local header (4.3.12)."""
END = struct.Struct("<4s4H2IH")
"""Signature, disk, disk of the directory, entries here, entries, directory size, directory offset, comment length."""
_OFFSET = struct.Struct("<I")
_OFFSET_AT = CENTRAL.size - _OFFSET.size
"""The last field of a record before the name."""
LOCAL_SIGNATURE = b"PK\x03\x04"
CENTRAL_SIGNATURE = b"PK\x01\x02"
END_SIGNATURE = b"PK\x05\x06"

MAX_32 = 0xFFFFFFFF
"""0xFFFFFFFF itself says "look in the zip64 record"."""
UNIX = 3
"""``create_system`` of an archive whose attributes hold Unix modes."""
FLAG_ENCRYPTED = 0x1
FLAG_DESCRIPTOR = 0x8
FLAG_UTF8 = 0x800

_VERSION = 20
"""2.0: folders and DEFLATE, what every reader since 1993 knows."""
_DATE_1980_01_01 = (0 << 9) | (1 << 5) | 1
"""The first day the format can say: no clock and no time zone gets into the bytes."""
FILE_MODE, PROGRAM_MODE, LINK_MODE = stat.S_IFREG | 0o644, stat.S_IFREG | 0o755, stat.S_IFLNK | 0o777
"""The Unix modes there are in an archive of ours."""


def headers(
    name: bytes, *, method: int, crc: int, compressed_bytes: int, size_bytes: int, mode: int
) -> tuple[bytes, bytes]:
    """Return a member's local header and its directory record, both with the name; the offset is still zero.

    No extra fields, no data descriptor, no comment; the UTF-8 flag only where the name needs it.
    """
    flags = 0 if name.isascii() else FLAG_UTF8
    common = (_VERSION, flags, method, 0, _DATE_1980_01_01, crc, compressed_bytes, size_bytes, len(name), 0)
    local = LOCAL.pack(LOCAL_SIGNATURE, *common)
    central = CENTRAL.pack(CENTRAL_SIGNATURE, UNIX << 8 | _VERSION, *common, 0, 0, 0, mode << 16, 0)
    return local + name, central + name


def put_offsets(directory: bytearray, records: Iterable[int], offsets: Iterable[int]) -> None:
    """Write the offsets of members' local headers into their records, which begin there in the directory."""
    pack_into = _OFFSET.pack_into
    for record, offset in zip(records, offsets, strict=True):
        pack_into(directory, record + _OFFSET_AT, offset)


def end_record(*, entries: int, directory_bytes: int, directory_offset: int) -> bytes:
    """Return the record that closes the archive."""
    return END.pack(END_SIGNATURE, 0, 0, entries, entries, directory_bytes, directory_offset, 0)
