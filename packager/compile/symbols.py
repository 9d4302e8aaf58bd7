"""Symbols and debug information out of an ELF file, segments untouched. Pure: bytes in, bytes out.

Our own, in plain Python, so that the result is the same on every machine and for every target, and so that what broke
files elsewhere cannot happen: GNU strip and llvm-strip lay segments out again and damage libraries that patchelf has
rewritten. Here nothing that is ever loaded moves by a byte; only what lies behind the last segment is rewritten,
and gaps between segments that held symbols are zeroed. Section numbers stay, as the dynamic symbol table refers to
them: a dropped section becomes SHT_NULL.
Source: System V ABI, chapter 4, "Sections"; only 64-bit little-endian files, which is all our targets run.
"""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from packager.core.errors import ArtifactError
from packager.inventory.elf import read_elf

if TYPE_CHECKING:
    from packager.model.inventory import ElfFacts

WORTH_BYTES = 4096
"""Below this a file is left as its maker shipped it."""

_HEADER = struct.Struct("<16sHHIQQQIHHHHHH")
_SECTION = struct.Struct("<IIQQQQIIQQ")
_PROGRAM = struct.Struct("<IIQQQQQQ")
_ELF64_LE = b"\x7fELF\x02\x01\x01"
_ET_EXEC, _ET_DYN = 2, 3
_SHT_NULL, _SHT_SYMTAB, _SHT_STRTAB, _SHT_RELA, _SHT_NOBITS, _SHT_REL = 0, 2, 3, 4, 8, 9
_SHT_SYMTAB_SHNDX = 18
_SHF_ALLOC, _SHF_INFO_LINK = 2, 0x40
_SHN_LORESERVE = 0xFF00
_DEBUG_NAMES = (b".debug_", b".zdebug_", b".stab", b".gdb_index")
_TABLE_ALIGN, _ALIGN_MAX = 8, 4096


class _UnsafeError(Exception):
    """The file is not one we can strip with certainty."""


@dataclass(frozen=True)
class _Section:
    name: bytes
    kind: int
    flags: int
    address: int
    offset: int
    size: int
    link: int
    info: int
    align: int
    entry_size: int

    @property
    def end(self) -> int:
        return self.offset if self.kind in (_SHT_NOBITS, _SHT_NULL) else self.offset + self.size


def never_stripped(path: str) -> str:
    """Return why the file at this path is left alone whatever it holds; empty if it may be stripped.

    >>> bool(never_stripped("numpy.libs/libgfortran-040039e1.so.5.0.0")), never_stripped("numpy/core/_x.so")
    (True, '')
    """
    if any(part.endswith(".libs") for part in path.split("/")[:-1]):
        return "auditwheel has rewritten it; other tools' strip breaks such files, so it is kept as published"
    return ""


def worth(size_bytes: int, saved_bytes: int) -> bool:
    """Return whether a saving is worth a file that differs from the published one: a page, and a hundredth."""
    return saved_bytes >= WORTH_BYTES and saved_bytes * 100 >= size_bytes


def strip_symbols(data: bytes) -> bytes | None:
    """Return the file without symbol table and debug sections; None if that is unsafe or saves too little.

    Everything the loader reads is proved to be the same afterwards. Refused are files with data appended behind their
    last section (self-extracting programs), object files, and everything that is inconsistent.
    """
    try:
        before = read_elf(io.BytesIO(data))
        if not before.has_symbols or before.trailing_bytes:
            return None
        stripped, saved_bytes = _strip(data)
        if not worth(len(data), saved_bytes):
            return None
        after = read_elf(io.BytesIO(stripped))
    except (ArtifactError, _UnsafeError, struct.error):
        return None
    return stripped if _loads_alike(data, stripped, before, after) else None


def _strip(data: bytes) -> tuple[bytes, int]:
    """Return the stripped file, and the bytes saved: cut off at the end or turned into zeros."""
    header = list(_HEADER.unpack_from(data))
    kind, program_offset, section_offset = header[1], header[5], header[6]
    program_size, programs, section_size, count, names = header[9:]
    if not data.startswith(_ELF64_LE) or kind not in (_ET_EXEC, _ET_DYN):
        raise _UnsafeError
    if program_size != _PROGRAM.size or section_size != _SECTION.size or not 0 < names < count < _SHN_LORESERVE:
        raise _UnsafeError
    sections = _read_sections(data, section_offset, count, names)
    segments = [_PROGRAM.unpack_from(data, program_offset + number * _PROGRAM.size) for number in range(programs)]
    kept_ranges = [
        (0, _HEADER.size),
        (program_offset, program_offset + programs * _PROGRAM.size),
        *((segment[2], segment[2] + segment[5]) for segment in segments),
    ]
    loaded_end = max(end for _, end in kept_ranges)
    dropped = _dropped(sections, names)
    _prove_droppable(sections, dropped, kept_ranges, loaded_end)

    out = bytearray(data[:loaded_end])
    zeroed = 0
    for number in dropped:
        start, end = sections[number].offset, min(sections[number].end, loaded_end)
        if start < end:
            out[start:end] = bytes(end - start)
            zeroed += end - start
    rows = _append_sections(data, out, sections, dropped, names)
    out += bytes(-len(out) % _TABLE_ALIGN)
    header[6], header[12] = len(out), len(rows)
    out[: _HEADER.size] = _HEADER.pack(*header)
    stripped = bytes(out) + b"".join(rows)
    return stripped, len(data) - len(stripped) + zeroed


def _read_sections(data: bytes, offset: int, count: int, names: int) -> list[_Section]:
    rows = [_SECTION.unpack_from(data, offset + number * _SECTION.size) for number in range(count)]
    start, size = rows[names][4:6]
    texts = data[start : start + size]
    if not texts.endswith(b"\0") or any(row[0] >= len(texts) for row in rows):
        raise _UnsafeError
    sections = [_Section(texts[row[0] : texts.index(b"\0", row[0])], *row[1:]) for row in rows]
    if any(section.end > len(data) for section in sections):
        raise _UnsafeError
    return sections


def _dropped(sections: list[_Section], names: int) -> set[int]:
    """Return the numbers of the sections to drop: symbols, their strings, debug information, and what relocates it."""
    dropped = {
        number
        for number, section in enumerate(sections)
        if not section.flags & _SHF_ALLOC
        and (section.kind in (_SHT_SYMTAB, _SHT_SYMTAB_SHNDX) or section.name.startswith(_DEBUG_NAMES))
    }
    strings = {sections[number].link for number in dropped if sections[number].kind == _SHT_SYMTAB} - {names}
    linked_by_kept = {section.link for number, section in enumerate(sections) if number not in dropped}
    for number in strings - linked_by_kept:
        if number < len(sections) and sections[number].kind == _SHT_STRTAB:
            dropped.add(number)
    dropped |= {
        number
        for number, section in enumerate(sections)
        if section.kind in (_SHT_REL, _SHT_RELA) and not section.flags & _SHF_ALLOC and section.info in dropped
    }
    return {number for number in dropped if not sections[number].flags & _SHF_ALLOC}


def _prove_droppable(
    sections: list[_Section], dropped: set[int], kept_ranges: list[tuple[int, int]], loaded_end: int
) -> None:
    """Raise `_UnsafeError` if something that stays lies in, or refers to, something that goes."""
    kept = [section for number, section in enumerate(sections) if number not in dropped]
    for section in kept:
        if section.kind != _SHT_NULL and section.link in dropped and not _is_loaded_relocation(section):
            raise _UnsafeError
        if section.flags & _SHF_INFO_LINK and section.info in dropped:
            raise _UnsafeError
        if section.flags & _SHF_ALLOC and section.end > loaded_end:
            raise _UnsafeError
    ranges = [*kept_ranges, *((section.offset, section.end) for section in kept)]
    for number in dropped:
        section = sections[number]
        if any(start < section.end and section.offset < end for start, end in ranges if start < end):
            raise _UnsafeError


def _is_loaded_relocation(section: _Section) -> bool:
    """Return whether this is .rela.plt of a static program: it names the symbol table and uses no symbol of it."""
    return section.kind in (_SHT_REL, _SHT_RELA) and bool(section.flags & _SHF_ALLOC)


def _append_sections(
    data: bytes, out: bytearray, sections: list[_Section], dropped: set[int], names: int
) -> list[bytes]:
    """Append what is kept of the sections that are not loaded, and return the new section headers.

    What lies before the end of the last segment stays where it is.
    """
    loaded_end = len(out)
    texts = bytearray(b"\0")
    rows: list[bytes] = []
    last = max(number for number in range(len(sections)) if number not in dropped)
    positions: list[int] = []
    for number, section in enumerate(sections[: last + 1]):
        positions.append(0)
        if number not in dropped and section.name:
            positions[-1] = len(texts)
            texts += section.name + b"\0"
    for number, section in enumerate(sections[: last + 1]):
        if number in dropped:
            rows.append(bytes(_SECTION.size))
            continue
        offset, size = section.offset, section.size
        if number == names or (not section.flags & _SHF_ALLOC and section.end > loaded_end):
            content = bytes(texts) if number == names else data[section.offset : section.end]
            out += bytes(-len(out) % max(1, min(section.align, _ALIGN_MAX)))
            offset, size = len(out), len(content)
            out += content
        kind, flags, address = section.kind, section.flags, section.address
        tail = (0 if section.link in dropped else section.link, section.info, section.align, section.entry_size)
        rows.append(_SECTION.pack(positions[number], kind, flags, address, offset, size, *tail))
    return rows


def _loads_alike(data: bytes, stripped: bytes, before: ElfFacts, after: ElfFacts) -> bool:
    """Return whether the loader sees the same file: the same facts, and in every segment the same bytes."""
    if after != replace(before, has_symbols=False):
        return False
    # The ELF header lies in the first segment; what changed in it is where the section headers are.
    return all(
        data[max(_HEADER.size, load.offset) : load.offset + load.filesz]
        == stripped[max(_HEADER.size, load.offset) : load.offset + load.filesz]
        for load in before.loads
    )
