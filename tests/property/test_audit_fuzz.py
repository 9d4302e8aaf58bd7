"""Whatever bytes an archive has, the audit says something of it or that it is unreadable: no traceback, no hang."""

from __future__ import annotations

import io
import struct
import tempfile
import zipfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from packager.audit.judge import audit_archive
from packager.core.errors import ArtifactError
from tests.support.elfs import write_elf
from tests.support.mounts import target

QUIETLY = settings(deadline=None, max_examples=150)
"""A busy machine is not a failure."""
SCRIPT = b"#!/usr/bin/env node\n" + b"exports.handler = async () => process.env\n" * 9


def _archive() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in {
            "index.js": SCRIPT,
            "package.json": b'{"type": "module"}',
            "lib/x.so": write_elf(needed=["libc.so.6"], versions={"libc.so.6": ["GLIBC_2.17"]}),
            "node_modules/a/package.json": b'{"version": "1.0.0", "os": ["linux"]}',
            "p-1.0.dist-info/RECORD": b"p/x.so,,\n",
            "p-1.0.dist-info/WHEEL": b"Tag: cp312-cp312-manylinux2014_x86_64\n",
        }.items():
            archive.writestr(name, data)
        link = zipfile.ZipInfo("link")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "lib/x.so")
    return stream.getvalue()


ARCHIVE = _archive()
DIRECTORY = ARCHIVE.index(b"PK\1\2")
NUMBERS = st.sampled_from([0, 1, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, (1 << 63) - 1, (1 << 64) - 1])


def meet(data: bytes) -> None:
    """Audit an archive; both kinds of answer are allowed."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.zip"
        path.write_bytes(data)
        for on, handler in ((target(), "index.handler"), (target("python3.12", name="aws-lambda-layer"), "")):
            try:
                for finding in audit_archive(path, [], on, handler=handler):
                    assert str(finding)
            except ArtifactError as error:
                assert str(error)


@QUIETLY
@given(st.lists(st.tuples(st.integers(0, len(ARCHIVE) - 1), st.integers(0, 255)), min_size=1, max_size=6))
def test_any_bytes_changed(changes: list[tuple[int, int]]) -> None:
    data = bytearray(ARCHIVE)
    for place, byte in changes:
        data[place] = byte
    meet(bytes(data))


@QUIETLY
@given(st.integers(DIRECTORY, len(ARCHIVE) - 9), NUMBERS, st.sampled_from(["<H", "<I", "<Q"]))
def test_extreme_numbers_in_the_directory(place: int, number: int, width: str) -> None:
    data = bytearray(ARCHIVE)
    size = struct.calcsize(width)
    data[place : place + size] = (number & ((1 << 8 * size) - 1)).to_bytes(size, "little")
    meet(bytes(data))


@QUIETLY
@given(st.integers(0, len(ARCHIVE)), st.integers(0, len(ARCHIVE)), st.binary(max_size=64))
def test_pieces_cut_out_and_put_in(start: int, end: int, noise: bytes) -> None:
    meet(ARCHIVE[:start] + noise + ARCHIVE[end:])
