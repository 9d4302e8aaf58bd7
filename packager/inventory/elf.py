"""Bytes of an ELF file → `ElfFacts`. The only importer of pyelftools; never executes anything.

Everything is read as the loader does it, from program headers and .dynamic; section headers only tell whether there is
something to strip. Only headers and tables are read, each with an upper bound, so that time and memory stay small for
a 200 MB engine as for a hostile file.
Source: System V ABI, chapters 4 and 5; GNU extensions as in glibc's ``elf.h``.
"""

from __future__ import annotations

import io
import struct
from typing import TYPE_CHECKING, Any, BinaryIO

from elftools.common.exceptions import ELFError
from elftools.construct import ConstructError
from elftools.elf.elffile import ELFFile

from packager.core.errors import ArtifactError
from packager.core.units import format_bytes, format_count
from packager.inventory.addon import node_api_version, node_modules_version, registered_version
from packager.inventory.versions import versions_defined, versions_needed
from packager.model.inventory import ElfFacts, Machine, Segment

if TYPE_CHECKING:
    from collections.abc import Iterator

_MACHINES: dict[str, Machine] = {"EM_X86_64": "x86_64", "EM_AARCH64": "arm64"}
_HEADERS_MAX = 512
_DYNAMIC_MAX = 1 << 20
_STRING_MAX = 8192
_NOTES_MAX = 1 << 16
_NAMES_MAX = 1 << 22
_SECTION_NAMES_MAX = 1 << 22
_STRING_TAGS = ("DT_NEEDED", "DT_SONAME", "DT_RPATH", "DT_RUNPATH")
_DF_1_PIE = 0x08000000
_PF_X = 1
_SHT_SYMTAB, _SHT_NOBITS = 2, 8
_NT_GNU_BUILD_ID, _NT_GNU_PROPERTY = 3, 5
_X86_ISA_1_NEEDED = 0xC0008002
_X86_ISA = {1: "x86-64-baseline", 2: "x86-64-v2", 4: "x86-64-v3", 8: "x86-64-v4"}


def read_elf(stream: BinaryIO) -> ElfFacts:
    """Return the facts of the ELF file in a seekable stream.

    Raises ArtifactError, and nothing else, if it is truncated, inconsistent or no ELF file.
    """
    try:
        return _Reader(stream).facts()
    except (ELFError, ConstructError, struct.error) as error:
        msg = f"is a broken ELF file: {error}"
        raise ArtifactError(msg) from error


class _Reader:
    """One open ELF file; also the `versions.Image` of its loaded memory."""

    def __init__(self, stream: BinaryIO) -> None:
        self.stream = stream
        self.elf: Any = ELFFile(stream)
        self.size = stream.seek(0, io.SEEK_END)
        self.header = self.elf.header
        self.bits: int = self.elf.elfclass
        self.little_endian: bool = self.elf.little_endian
        self.segments = list(self._segments())
        self.loads = [each for each in self.segments if each["p_type"] == "PT_LOAD"]
        self._check_loads()
        self.strings = -1
        self.strings_size = 0
        self.entries = self._dynamic()

    def facts(self) -> ElfFacts:
        """Put everything together."""
        tags = dict(self.entries)  # of several, the last one counts, as in glibc
        texts: dict[str, list[str]] = {tag: [] for tag in _STRING_TAGS}
        for tag, value in self.entries:
            if tag in texts:
                texts[tag].append(self.string(value))
        interpreter = self._interpreter()
        soname = "".join(texts["DT_SONAME"][-1:])
        build_id, isa = self._notes()
        has_symbols, end = self._sections()
        machine = _MACHINES.get(str(self.header["e_machine"]), "other")
        names = self._string_table()
        stack = [each["p_flags"] for each in self.segments if each["p_type"] == "PT_GNU_STACK"]
        return ElfFacts(
            machine=machine,
            machine_name=str(self.header["e_machine"]),
            bits=self.bits,
            little_endian=self.little_endian,
            os_abi=str(self.header["e_ident"]["EI_OSABI"]),
            type=self._type(interpreter, soname, tags.get("DT_FLAGS_1", 0)),
            interpreter=interpreter,
            soname=soname,
            needed=tuple(texts["DT_NEEDED"]),
            rpath=_split(texts["DT_RPATH"]),
            runpath=_split(texts["DT_RUNPATH"]),
            versions_needed=versions_needed(self, tags),
            versions_defined=versions_defined(self, tags),
            loads=tuple(
                Segment(each["p_offset"], each["p_vaddr"], each["p_filesz"], each["p_memsz"], each["p_align"])
                for each in self.loads
            ),
            executable_stack=any(flags & _PF_X for flags in stack),
            stack_note=bool(stack),
            node_api=node_api_version(self, tags, names, machine),
            node_modules=node_modules_version(names) or registered_version(self, tags, names, machine),
            build_id=build_id,
            has_symbols=has_symbols,
            trailing_bytes=max(0, self.size - end),
            isa_needed=isa,
        )

    def read(self, offset: int, size: int) -> bytes:
        """Return exactly `size` bytes of the file; ArtifactError if it ends before."""
        if offset < 0 or size < 0 or offset + size > self.size:
            wanted = f"{format_bytes(size)} are expected at byte {format_count(offset)}"
            msg = f"is truncated: {wanted}, but the file has {format_count(self.size)}"
            raise ArtifactError(msg)
        self.stream.seek(offset)
        return self.stream.read(size)

    def at(self, address: int, size: int) -> bytes:
        """Return exactly `size` bytes of loaded memory, as the file has them."""
        for load in self.loads:
            start = address - load["p_vaddr"]
            if start >= 0 and start + size <= load["p_filesz"]:
                return self.read(load["p_offset"] + start, size)
        msg = f"address {address:#x} is not in the file"
        raise ArtifactError(msg)

    def string(self, offset: int) -> str:
        """Return a string of the dynamic string table. Bytes that are no UTF-8 come back escaped."""
        room = min(_STRING_MAX, self.strings_size - offset)
        if self.strings < 0 or offset < 0 or room <= 0:
            msg = f"string {offset} is outside the dynamic string table"
            raise ArtifactError(msg)
        return _text(self.at(self.strings + offset, room))

    def _string_table(self) -> bytes:
        """Return the names of the dynamic symbols, as far as they are needed to recognise a Node addon."""
        try:
            return self.at(self.strings, min(self.strings_size, _NAMES_MAX)) if self.strings >= 0 else b""
        except ArtifactError:
            return b""  # only what is really looked up there must be in the file

    def _segments(self) -> Iterator[Any]:
        count, width = self.header["e_phnum"], self.header["e_phentsize"]
        # A core dump has a segment per mapping, thousands at times, and nothing for a loader.
        if not count or self.header["e_type"] == "ET_CORE":
            return
        layout = self.elf.structs.Elf_Phdr
        if count > _HEADERS_MAX or width < layout.sizeof():
            msg = f"has impossible program headers: {format_count(count)} of {format_bytes(width)} each"
            raise ArtifactError(msg)
        table = self.read(self.header["e_phoff"], count * width)
        for start in range(0, len(table), width):
            yield layout.parse(table[start : start + width])

    def _check_loads(self) -> None:
        for load in self.loads:
            end = load["p_offset"] + load["p_filesz"]
            if end > self.size:
                msg = f"is truncated: a segment ends at byte {format_count(end)}, the file at {format_count(self.size)}"
                raise ArtifactError(msg)

    def _dynamic(self) -> list[tuple[str, int]]:
        """Return .dynamic as (tag, value) up to DT_NULL, and note where its strings are."""
        segment = next((each for each in self.segments if each["p_type"] == "PT_DYNAMIC"), None)
        # A file of debug information keeps the header, but its .dynamic has no bytes.
        if segment is None or not segment["p_filesz"]:
            return []
        layout = self.elf.structs.Elf_Dyn
        table = self.read(segment["p_offset"], min(segment["p_filesz"], _DYNAMIC_MAX))
        entries: list[tuple[str, int]] = []
        for start in range(0, len(table) - layout.sizeof() + 1, layout.sizeof()):
            entry = layout.parse(table[start : start + layout.sizeof()])
            if entry["d_tag"] == "DT_NULL":
                break
            entries.append((str(entry["d_tag"]), entry["d_val"]))
        tags = dict(entries)
        self.strings = tags.get("DT_STRTAB", -1)
        self.strings_size = tags.get("DT_STRSZ", 0)
        return entries

    def _interpreter(self) -> str:
        segment = next((each for each in self.segments if each["p_type"] == "PT_INTERP"), None)
        if segment is None or not segment["p_filesz"]:
            return ""
        return _text(self.read(segment["p_offset"], min(segment["p_filesz"], _STRING_MAX)))

    def _type(self, interpreter: str, soname: str, flags_1: int) -> Any:
        """Return what the file is for. A program is ET_EXEC, or ET_DYN with an interpreter or the PIE flag."""
        kind = self.header["e_type"]
        if kind == "ET_DYN":
            return "executable" if (interpreter or flags_1 & _DF_1_PIE) and not soname else "shared"
        return {"ET_EXEC": "executable", "ET_REL": "relocatable", "ET_CORE": "core"}.get(kind, "other")

    def _notes(self) -> tuple[str, tuple[str, ...]]:
        """Return the build id and the x86 instruction set levels needed, from PT_NOTE."""
        order = "<" if self.little_endian else ">"
        build_id, isa = "", set[str]()
        for segment in self.segments:
            if segment["p_type"] != "PT_NOTE":
                continue
            data = self.read(segment["p_offset"], min(segment["p_filesz"], _NOTES_MAX))
            padding = 8 if segment["p_align"] == 8 else 4
            position = 0
            while position + 12 <= len(data):
                name_size, size, kind = struct.unpack_from(order + "III", data, position)
                start = position + 12 + _round(name_size, 4)
                start = _round(start, padding)
                content = data[start : start + size]
                if data[position + 12 : position + 16] == b"GNU\0" and kind == _NT_GNU_BUILD_ID:
                    build_id = build_id or content.hex()
                elif data[position + 12 : position + 16] == b"GNU\0" and kind == _NT_GNU_PROPERTY:
                    isa.update(_isa_levels(content, order, 8 if self.bits == 64 else 4))
                position = _round(start + size, padding)
        return build_id, tuple(sorted(isa))

    def _sections(self) -> tuple[bool, int]:
        """Return whether symbols or debug sections are there, and where the last byte that belongs to the file ends.

        The loader does without section headers, so a table that is missing or damaged is not a fault of the file.
        """
        header = self.header
        end = max((each["p_offset"] + each["p_filesz"] for each in self.segments), default=0)
        end = max(end, header["e_ehsize"], header["e_phoff"] + header["e_phnum"] * header["e_phentsize"])
        layout = struct.Struct(("<" if self.little_endian else ">") + ("IIQQQQIIQQ" if self.bits == 64 else "10I"))
        start, count = header["e_shoff"], header["e_shnum"]
        if not start or not count or header["e_shentsize"] != layout.size or start + count * layout.size > self.size:
            return False, end
        end = max(end, start + count * layout.size)
        table = list(layout.iter_unpack(self.read(start, count * layout.size)))
        names = b""
        if header["e_shstrndx"] < count:
            offset, size = table[header["e_shstrndx"]][4:6]
            if size <= _SECTION_NAMES_MAX and offset + size <= self.size:
                names = self.read(offset, size)
        has_symbols = False
        for name, kind, _flags, _address, offset, size, *_rest in table:
            if kind not in (_SHT_NOBITS, 0):
                end = max(end, offset + size)
            has_symbols = has_symbols or kind == _SHT_SYMTAB or names.startswith((b".debug_", b".zdebug_"), name)
        return has_symbols, end


def _text(data: bytes) -> str:
    return data.partition(b"\0")[0].decode("utf-8", "backslashreplace")


def _round(value: int, multiple: int) -> int:
    return -(-value // multiple) * multiple


def _split(paths: list[str]) -> tuple[str, ...]:
    """Return the folders of a search path; of several, the last one counts, as in glibc."""
    return tuple(paths[-1].split(":")) if paths else ()


def _isa_levels(properties: bytes, order: str, alignment: int) -> Iterator[str]:
    """Yield the levels of GNU_PROPERTY_X86_ISA_1_NEEDED. Source: x86-64 psABI, "Program Property"."""
    position = 0
    while position + 8 <= len(properties):
        kind, size = struct.unpack_from(order + "II", properties, position)
        if kind == _X86_ISA_1_NEEDED and size == 4 and position + 12 <= len(properties):
            (mask,) = struct.unpack_from(order + "I", properties, position + 8)
            yield from (level for bit, level in _X86_ISA.items() if mask & bit)
        position += 8 + _round(size, alignment)
