"""Archives as other tools make them, and as no tool should: built at test time, byte by byte where it matters."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import inflate64

from packager.archive.write.layout import make_layout

if TYPE_CHECKING:
    from pathlib import Path

    from packager.model.archives import Layout

ELF = b"\x7fELF\x02\x01\x01" + bytes(200)
TREE: dict[str, bytes] = {
    "index.js": b"exports.handler = async () => 1\n" * 40,
    "bin/tool": b"#!/bin/sh\nexit 0\n",
    "lib/engine.so.node": ELF,
    "lib/data.bin": bytes(range(256)) * 2,
    "empty.txt": b"",
    "-rf/with space/ünïcödé.txt": "grüße\n".encode() * 9,
}


def tree(root: Path, files: dict[str, bytes]) -> Path:
    """Write files into a folder, which is made, and return it."""
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return root


def layout_of(root: Path) -> Layout:
    """Return the layout of a folder without links."""
    return make_layout((path.relative_to(root).as_posix(), path) for path in root.rglob("*") if path.is_file())


def contents(archive: Path) -> dict[str, bytes]:
    """Return what Python's zipfile reads from an archive."""
    with zipfile.ZipFile(archive) as reader:
        return {name: reader.read(name) for name in reader.namelist()}


@dataclass
class Record:
    """One member of a handmade archive; what the local header says can differ from the directory."""

    name: bytes
    data: bytes = b""
    method: int = 0
    stream: bytes | None = None
    """The compressed bytes, if not made from `data`."""
    size: int | None = None
    crc: int | None = None
    flags: int = 0
    made_by: int = 3 << 8 | 20
    mode: int = 0o100644
    extra: bytes = b""
    local_name: bytes | None = None
    local_method: int | None = None
    offset: int | None = None
    compressed: int | None = None


def handmade(path: Path, *records: Record, prefix: bytes = b"", comment: bytes = b"", tail: bytes = b"") -> Path:
    """Write an archive of just these records and return its path."""
    body, directory = io.BytesIO(), b""
    for record in records:
        stream = record.stream if record.stream is not None else compressed(record.data, record.method)
        crc = zlib.crc32(record.data) if record.crc is None else record.crc
        size = len(record.data) if record.size is None else record.size
        stored = len(stream) if record.compressed is None else record.compressed
        offset = body.tell() if record.offset is None else record.offset
        local_name = record.name if record.local_name is None else record.local_name
        method = record.method if record.local_method is None else record.local_method
        sizes = (crc, stored, size)
        body.write(struct.pack("<4s5H3I2H", b"PK\3\4", 20, record.flags, method, 0, 33, *sizes, len(local_name), 0))
        body.write(local_name + stream)
        directory += struct.pack(
            "<4s6H3I5H2I", b"PK\1\2", record.made_by, 20, record.flags, record.method, 0, 33, *sizes,
            len(record.name), len(record.extra), 0, 0, 0, record.mode << 16, offset,
        )  # fmt: skip
        directory += record.name + record.extra
    count = len(records)
    end = struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, count, count, len(directory), body.tell(), len(comment))
    path.write_bytes(prefix + body.getvalue() + directory + end + comment + tail)
    return path


def compressed(data: bytes, method: int) -> bytes:
    """Return data as method 0, 8 or 9 stores it."""
    if method == 0:
        return data
    if method == 9:
        encoder = inflate64.Deflater()
        return bytes(encoder.deflate(data) + encoder.flush())
    encoder = zlib.compressobj(6, zlib.DEFLATED, -15)
    return encoder.compress(data) + encoder.flush()
