"""A small ELF writer: shared objects and programs that readers and loaders' rules can be tried on.

`write_elf` lays out what linkers write: header, program headers, dynamic section with its tables in one PT_LOAD, then
sections that are not loaded, then section headers. Nothing in the file is code, so none of it is ever run.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

EM_386, EM_X86_64, EM_AARCH64 = 3, 62, 183
OSABI_SYSV, OSABI_LINUX, OSABI_FREEBSD = 0, 3, 9
ET_REL, ET_EXEC, ET_DYN, ET_CORE = 1, 2, 3, 4
_PT = {"load": 1, "dynamic": 2, "interp": 3, "note": 4, "phdr": 6, "stack": 0x6474E551}
_DT = {
    "needed": 1,
    "gnu_hash": 0x6FFFFEF5,
    "strtab": 5,
    "symtab": 6,
    "strsz": 10,
    "init": 12,
    "syment": 11,
    "soname": 14,
    "rpath": 15,
}
_DT |= {"runpath": 29, "flags_1": 0x6FFFFFFB, "versym": 0x6FFFFFF0, "verdef": 0x6FFFFFFC, "verdefnum": 0x6FFFFFFD}
_DT |= {"verneed": 0x6FFFFFFE, "verneednum": 0x6FFFFFFF}


@dataclass(frozen=True)
class ElfSpec:
    """What the written file says of itself. The defaults are a plain x86_64 library."""

    machine: int = EM_X86_64
    bits: int = 64
    little_endian: bool = True
    os_abi: int = OSABI_SYSV
    type: int = ET_DYN
    interpreter: str = ""
    soname: str = ""
    needed: Sequence[str] = ()
    rpath: str = ""
    runpath: str = ""
    pie: bool = False
    versions: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Symbol versions needed, by soname. Each gets one undefined symbol, named like ``use_GLIBC_2_17``."""
    weak: frozenset[str] = frozenset()
    """Those of them that are flagged weak."""
    defines: Sequence[str] = ()
    """Symbol versions the library offers."""
    executable_stack: bool | None = False
    """None leaves PT_GNU_STACK out."""
    build_id: bytes = b""
    isa_needed: int = 0
    """Bits of GNU_PROPERTY_X86_ISA_1_NEEDED."""
    symtab: int = 0
    """How many bytes of .symtab and .debug_info to add (each)."""
    section_headers: bool = True
    align: int = 0x1000
    skew: int = 0
    """Added to the addresses of the second PT_LOAD, as a bad strip does: breaks congruence."""
    appended: bytes = b""
    payload: int = 64
    """Bytes of the loaded .rodata, so that files have a size."""
    init: int = 0
    """Address of DT_INIT, which loaders call: 0 writes none. Nothing here is code, so calling it crashes."""


class _Strings:
    def __init__(self) -> None:
        self.data = b"\0"

    def add(self, text: str) -> int:
        encoded = text.encode() + b"\0"
        position = self.data.find(b"\0" + encoded)
        if position >= 0:
            return position + 1
        self.data += encoded
        return len(self.data) - len(encoded)


def write_elf(spec: ElfSpec | None = None, /, **changes: object) -> bytes:
    """Return the bytes of an ELF file; `changes` are fields of `ElfSpec`."""
    spec = spec or ElfSpec(**changes)  # type: ignore[arg-type]
    return _Writer(spec).write()


def _elf_hash(name: str) -> int:
    value = 0
    for byte in name.encode():
        value = (value << 4) + byte
        high = value & 0xF0000000
        value = (value ^ (high >> 24)) & ~high & 0xFFFFFFFF
    return value


class _Writer:
    def __init__(self, spec: ElfSpec) -> None:
        self.spec = spec
        self.wide = spec.bits == 64
        self.order = "<" if spec.little_endian else ">"
        self.strings = _Strings()
        self.sections: list[tuple[str, int, int, int, int, int, int, int]] = []
        """name, type, flags, offset, size, link, info, entry size."""

    def pack(self, layout: str, *values: int) -> bytes:
        return struct.pack(self.order + layout, *values)

    def write(self) -> bytes:
        spec = self.spec
        header_size, width = (64, 56) if self.wide else (52, 32)
        loaded = bool(spec.needed or spec.soname or spec.versions or spec.defines or spec.interpreter)
        versions = [(soname, version) for soname, each in spec.versions.items() for version in each]
        symbols = [(0, "")] + [
            (index + 2, "use_" + version.replace(".", "_")) for index, (_, version) in enumerate(versions)
        ]

        # What .dynamic points at, in one run of bytes behind the headers.
        segment_count = 2 + 6
        body = bytearray()
        base = header_size + segment_count * width
        places: dict[str, tuple[int, int]] = {}

        def put(name: str, data: bytes) -> int:
            body.extend(b"\0" * (-(base + len(body)) % 16))
            places[name] = (base + len(body), len(data))
            body.extend(data)
            return places[name][0]

        if spec.interpreter:
            put("interp", spec.interpreter.encode() + b"\0")
        if spec.build_id:
            put("note", self.pack("III", 4, len(spec.build_id), 3) + b"GNU\0" + spec.build_id)
        if spec.isa_needed:
            word = self.pack("IIII", 0xC0008002, 4, spec.isa_needed, 0)
            put("property", self.pack("III", 4, len(word), 5) + b"GNU\0" + word)
        tags: list[tuple[str, int]] = []
        if loaded:
            for needed in spec.needed:
                tags.append(("needed", self.strings.add(needed)))
            for tag in ("soname", "rpath", "runpath"):
                if text := getattr(spec, tag):
                    tags.append((tag, self.strings.add(text)))
            if spec.pie:
                tags.append(("flags_1", 0x08000000))
            if spec.init:
                tags.append(("init", spec.init))
            symtab = b"".join(
                self.pack("IBBHQQ", self.strings.add(name), 0x12 * bool(name), 0, 0, 0, 0)
                if self.wide
                else self.pack("IIIBBH", self.strings.add(name), 0, 0, 0x12 * bool(name), 0, 0)
                for _, name in symbols
            )
            tags += [("symtab", put("dynsym", symtab)), ("syment", 24 if self.wide else 16)]
            tags.append(("gnu_hash", put("gnu_hash", self.pack("IIIIQI", 1, len(symbols), 1, 0, 0, 0))))
            if versions:
                tags.append(("versym", put("versym", b"".join(self.pack("H", index) for index, _ in symbols))))
                tags += [("verneed", put("verneed", self._verneed())), ("verneednum", len(spec.versions))]
            if spec.defines:
                tags += [("verdef", put("verdef", self._verdef())), ("verdefnum", len(spec.defines) + 1)]
            tags += [("strtab", put("dynstr", self.strings.data)), ("strsz", len(self.strings.data))]
            entry = "QQ" if self.wide else "II"
            put("dynamic", b"".join(self.pack(entry, _DT[tag], value) for tag, value in tags) + self.pack(entry, 0, 0))
        put("rodata", bytes(index * 7 % 251 for index in range(spec.payload)))
        end = base + len(body)

        segments = [self._segment("load", 4, 0, 0, end, spec.align)]
        # A second PT_LOAD on its own page, as real files have for data.
        data_offset = -(-end // 0x1000) * 0x1000
        segments.append(self._segment("load", 6, data_offset, data_offset + 0x1000 + spec.skew, 64, spec.align))
        for name, kind in (("interp", "interp"), ("dynamic", "dynamic"), ("note", "note"), ("property", "note")):
            if name in places:
                offset, size = places[name]
                align = 8 if name == "property" else 4
                segments.append(self._segment(kind, 4, offset, offset, size, align))
        if spec.executable_stack is not None:
            segments.append(self._segment("stack", 7 if spec.executable_stack else 6, 0, 0, 0, 16))
        out = bytearray(data_offset + 64)
        out[base:end] = body
        out[data_offset:] = b"\xda" * 64
        tail, section_offset, section_count = self._sections(places, data_offset, len(out))
        out += tail
        kinds = (spec.type, spec.machine, 1)
        ident = b"\x7fELF" + bytes([2 if self.wide else 1, 1 if spec.little_endian else 2, 1, spec.os_abi]) + bytes(8)
        counts = (
            0,
            header_size,
            width,
            len(segments),
            64 if self.wide else 40,
            section_count,
            max(0, section_count - 1),
        )
        out[:header_size] = ident + self.pack(
            "HHIQQQIHHHHHH" if self.wide else "HHIIIIIHHHHHH", *kinds, 0, header_size, section_offset, *counts
        )
        table = b"".join(segments)
        out[header_size : header_size + len(table)] = table
        return bytes(out) + spec.appended

    def _segment(self, kind: str, flags: int, offset: int, address: int, size: int, align: int) -> bytes:
        if self.wide:
            return self.pack("IIQQQQQQ", _PT[kind], flags, offset, address, address, size, size, align)
        return self.pack("IIIIIIII", _PT[kind], offset, address, address, size, size, flags, align)

    def _verneed(self) -> bytes:
        out = b""
        index = 2
        sonames = list(self.spec.versions.items())
        for position, (soname, versions) in enumerate(sonames):
            entry = b""
            for number, version in enumerate(versions):
                flags = 2 if version in self.spec.weak else 0
                step = 16 if number + 1 < len(versions) else 0
                entry += self.pack("IHHII", _elf_hash(version), flags, index, self.strings.add(version), step)
                index += 1
            step = 16 + len(entry) if position + 1 < len(sonames) else 0
            out += self.pack("HHIII", 1, len(versions), self.strings.add(soname), 16, step) + entry
        return out

    def _verdef(self) -> bytes:
        out = b""
        names = [self.spec.soname or "base", *self.spec.defines]
        for number, name in enumerate(names):
            step = 28 if number + 1 < len(names) else 0
            out += self.pack("HHHHIII", 1, 1 if number == 0 else 0, number + 1, 1, _elf_hash(name), 20, step)
            out += self.pack("II", self.strings.add(name), 0)
        return out

    def _sections(self, places: Mapping[str, tuple[int, int]], data_offset: int, end: int) -> tuple[bytes, int, int]:
        """Return what lies behind the segments (symbols, names, headers), the table's offset and count."""
        if not self.spec.section_headers:
            return b"", 0, 0
        kinds = {"interp": 1, "note": 7, "property": 7, "dynsym": 11, "gnu_hash": 0x6FFFFFF6, "versym": 0x6FFFFFFF}
        kinds |= {"verneed": 0x6FFFFFFE, "verdef": 0x6FFFFFFD, "dynstr": 3, "dynamic": 6, "rodata": 1}
        order = [name for name in kinds if name in places]
        index = {name: number + 1 for number, name in enumerate(order)}
        rows: list[tuple[str, int, int, int, int, int, int, int, int]] = []
        for name in order:
            offset, size = places[name]
            link = index.get("dynstr", 0) if name in ("dynsym", "verneed", "verdef", "dynamic") else 0
            link = index.get("dynsym", 0) if name in ("gnu_hash", "versym") else link
            info = len(self.spec.versions) if name == "verneed" else 0
            info = len(self.spec.defines) + 1 if name == "verdef" else info
            info = 1 if name == "dynsym" else info
            width = {"dynsym": 24 if self.wide else 16, "dynamic": 16 if self.wide else 8, "versym": 2}.get(name, 0)
            names = {"versym": "gnu.version", "verneed": "gnu.version_r", "verdef": "gnu.version_d"}
            names |= {"gnu_hash": "gnu.hash", "note": "note.gnu.build-id", "property": "note.gnu.property"}
            rows.append(("." + names.get(name, name), kinds[name], 2, offset, offset, size, link, info, width))
        rows.append((".data", 1, 3, data_offset + 0x1000 + self.spec.skew, data_offset, 64, 0, 0, 0))
        out = bytearray()
        if self.spec.symtab:
            count = self.spec.symtab // 24 + 1
            width = 24 if self.wide else 16
            rows.append((".symtab", 2, 0, 0, end + len(out), count * width, len(rows) + 2, count, width))
            out += bytes(count * width)
            rows.append((".strtab", 3, 0, 0, end + len(out), 32, 0, 0, 0))
            out += bytes(32)
            rows.append((".comment", 1, 0, 0, end + len(out), 16, 0, 0, 1))
            out += b"GCC: (tests) 1\0\0"
            rows.append((".debug_info", 1, 0, 0, end + len(out), self.spec.symtab, 0, 0, 0))
            out += b"\xdb" * self.spec.symtab
        shstrtab = _Strings()
        for row in rows:
            shstrtab.add(row[0])
        shstrtab.add(".shstrtab")
        rows.append((".shstrtab", 3, 0, 0, end + len(out), len(shstrtab.data), 0, 0, 0))
        out += shstrtab.data
        out += bytes(-(end + len(out)) % 8)
        start = end + len(out)
        layout = "IIQQQQIIQQ" if self.wide else "IIIIIIIIII"
        out += self.pack(layout, *([0] * 10))
        for name, kind, flags, address, offset, size, link, info, width in rows:
            position = shstrtab.add(name)
            out += self.pack(layout, position, kind, flags, address, offset, size, link, info, 1, width)
        return bytes(out), start, len(rows) + 1
