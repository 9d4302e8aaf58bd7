from __future__ import annotations

import io
import shutil
import struct
import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from packager.compile.symbols import never_stripped, strip_symbols, worth
from packager.inventory.elf import read_elf
from tests.support.elfs import ET_REL, ElfSpec, write_elf

if TYPE_CHECKING:
    from pathlib import Path

FULL = ElfSpec(
    soname="libx.so.1",
    needed=("libc.so.6",),
    versions={"libc.so.6": ("GLIBC_2.17",)},
    runpath="$ORIGIN",
    build_id=b"\xca\xfe",
    symtab=60_000,
)
PROGRAM = """
#include <stdio.h>
static int answer(int x) { return x * 6; }
int shared_answer(void) { return answer(7); }
int main(void) { printf("%d\\n", shared_answer()); return 0; }
"""


def stripped(data: bytes) -> bytes:
    found = strip_symbols(data)
    assert found is not None
    return found


def test_the_loader_sees_the_same_file_and_the_symbols_are_gone() -> None:
    data = write_elf(FULL)
    result = stripped(data)
    before, after = read_elf(io.BytesIO(data)), read_elf(io.BytesIO(result))
    assert before.has_symbols
    assert after == replace(before, has_symbols=False)
    assert len(data) - len(result) > 2 * 60_000
    assert b"\xdb" * 100 not in result
    # Unknown sections that are not loaded stay.
    assert b"GCC: (tests) 1" in result
    for load in before.loads:
        start = max(64, load.offset)
        assert data[start : load.offset + load.filesz] == result[start : load.offset + load.filesz]


def test_twice_is_once_and_always_the_same() -> None:
    result = stripped(write_elf(FULL))
    assert result == stripped(write_elf(FULL))
    assert strip_symbols(result) is None


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"#!/bin/sh\n", id="script"),
        pytest.param(write_elf(replace(FULL, appended=b"the program's own archive")), id="appended-data"),
        pytest.param(write_elf(replace(FULL, symtab=0)), id="nothing-to-drop"),
        pytest.param(write_elf(replace(FULL, symtab=1000)), id="not-worth-it"),
        pytest.param(write_elf(replace(FULL, section_headers=False)), id="no-sections"),
        pytest.param(write_elf(replace(FULL, type=ET_REL)), id="object-file"),
        pytest.param(write_elf(replace(FULL, bits=32, machine=3)), id="32-bit"),
        pytest.param(write_elf(replace(FULL, little_endian=False)), id="big-endian"),
        pytest.param(write_elf(FULL)[:-2000], id="truncated"),
    ],
)
def test_what_is_left_alone(data: bytes) -> None:
    assert strip_symbols(data) is None


def test_a_symbol_table_inside_a_segment_is_left_alone() -> None:
    data = bytearray(write_elf(FULL))
    number = _section_of_type(data, 2)
    (table,) = struct.unpack_from("<Q", data, 40)
    struct.pack_into("<Q", data, table + 64 * number + 24, 0x200)
    assert strip_symbols(bytes(data)) is None


def test_a_kept_section_that_refers_to_symbols_prevents_it() -> None:
    data = bytearray(write_elf(FULL))
    number = _section_of_type(data, 2)
    (table,) = struct.unpack_from("<Q", data, 40)
    # .dynsym is section 2 or so of any of these files; its strings may not be those of .symtab.
    struct.pack_into("<I", data, table + 64 * _section_of_type(data, 11) + 40, number)
    assert strip_symbols(bytes(data)) is None


def test_symbols_between_segments_become_zeros() -> None:
    """Patchelf adds its segments behind the symbols: nothing moves, but the gap compresses to nothing."""
    data = bytearray(write_elf(FULL))
    (table,) = struct.unpack_from("<Q", data, 40)
    (section_count,) = struct.unpack_from("<H", data, 60)
    headers = bytes(data[table : table + 64 * section_count])
    del data[table:]
    segment = -(-len(data) // 0x1000) * 0x1000
    data += bytes(segment - len(data)) + b"\xab" * 64
    # The second PT_LOAD moves to the end of the file, its address staying congruent.
    struct.pack_into("<QQQ", data, 64 + 56 + 8, segment, segment + 0x10000, segment + 0x10000)
    number = next(i for i in range(section_count) if struct.unpack_from("<Q", headers, 64 * i + 24)[0] == 0x1000)
    rows = bytearray(headers)
    struct.pack_into("<QQ", rows, 64 * number + 16, segment + 0x10000, segment)
    struct.pack_into("<Q", data, 40, len(data))
    data += rows
    result = stripped(bytes(data))
    assert read_elf(io.BytesIO(result)).loads == read_elf(io.BytesIO(bytes(data))).loads
    assert b"\xdb" * 100 not in result
    assert result[segment : segment + 64] == b"\xab" * 64


def _section_of_type(data: bytearray, kind: int) -> int:
    (table,) = struct.unpack_from("<Q", data, 40)
    (count,) = struct.unpack_from("<H", data, 60)
    return next(i for i in range(count) if struct.unpack_from("<I", data, table + 64 * i + 4)[0] == kind)


def test_worth() -> None:
    assert worth(10_000, 4096)
    assert not worth(10_000, 4095)
    assert not worth(100_000_000, 50_000)


def test_never_stripped() -> None:
    assert "auditwheel" in never_stripped("python/numpy.libs/libopenblas.so")
    assert not never_stripped("python/numpy/core/x.so")
    assert not never_stripped("x.libs")


@pytest.mark.skipif(shutil.which("gcc") is None or shutil.which("readelf") is None, reason="no toolchain here")
@pytest.mark.parametrize("options", [("-pie", "-g"), ("-no-pie", "-g", "-gz"), ("-static", "-g")])
def test_a_compiled_program_runs_as_before(tmp_path: Path, options: tuple[str, ...]) -> None:
    source, program = tmp_path / "p.c", tmp_path / "p"
    # Names enough for the symbol table to be worth it.
    names = "\n".join(f"int name_that_takes_room_{number}(void) {{ return {number}; }}" for number in range(400))
    source.write_text(names + PROGRAM)
    subprocess.run(["gcc", *options, "-o", program, source], check=True)
    result = stripped(program.read_bytes())
    program.write_bytes(result)
    assert subprocess.run([program], capture_output=True, check=True).stdout == b"42\n"
    listing = subprocess.run(["readelf", "-SlW", program], capture_output=True, text=True, check=True)
    assert not listing.stderr
    assert ".symtab" not in listing.stdout
    assert ".debug" not in listing.stdout
