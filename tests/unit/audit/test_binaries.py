"""Binaries as no linker should leave them: each gets its finding, none stops the audit."""

from __future__ import annotations

import struct
from dataclasses import replace

import msgspec
import pytest

from tests.support.elfs import EM_386, EM_AARCH64, ET_CORE, ET_EXEC, OSABI_FREEBSD, ElfSpec, write_elf
from tests.support.mounts import MACHO, PE, findings, target, verdict

LIBRARY = ElfSpec(
    needed=("libc.so.6",),
    versions={"libc.so.6": ("GLIBC_2.17",)},
    soname="libx.so.1",
    runpath="$ORIGIN",
    build_id=b"1234",
)
GOOD = write_elf(LIBRARY)
LOADER = "/lib64/ld-linux-x86-64.so.2"
E_PHOFF, E_PHNUM, E_PHENTSIZE, E_SHOFF, E_SHNUM = 32, 56, 54, 40, 60


def patched(*changes: tuple[int, str, int], data: bytes = GOOD) -> bytes:
    """Return a binary with numbers replaced: (place, struct letter, value)."""
    result = bytearray(data)
    for place, letter, value in changes:
        struct.pack_into("<" + letter, result, place, value)
    return bytes(result)


def header(kind: int, field: int, letter: str, value: int) -> bytes:
    """Return a binary with a field of the first program header of a kind (1 load, 2 dynamic) replaced."""
    at = next(place for place in range(64, 64 + 56 * 8, 56) if struct.unpack_from("<I", GOOD, place)[0] == kind)
    return patched((at + field, letter, value))


def tag(number: int, value: int) -> bytes:
    """Return a binary with the value of a dynamic tag replaced."""
    (start,) = (struct.unpack_from("<Q", GOOD, at + 8)[0] for at in range(64, 64 + 56 * 8, 56) if GOOD[at] == 2)
    at = next(place for place in range(start, len(GOOD), 16) if struct.unpack_from("<Q", GOOD, place)[0] == number)
    return patched((at + 8, "Q", value))


STRTAB, STRSZ, SONAME, RUNPATH, VERNEED = 5, 10, 14, 29, 0x6FFFFFFE

BINARIES: dict[str, tuple[bytes, str, str]] = {
    "empty": (b"", "ABI008", "empty"),
    "text": (b"module.exports = require('./real')\n", "ABI008", "text"),
    "lfs-pointer": (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n", "ABI008", "Git LFS"),
    "html": (b"<!DOCTYPE html><title>404</title>", "ABI008", "text"),
    "gzip": (b"\x1f\x8b\x08\0" + bytes(99), "ABI008", "1f 8b"),
    "zeros": (bytes(4096), "ABI008", "unknown first bytes"),
    "magic-only": (b"\x7fELF", "ABI008", "broken ELF"),
    "half-a-header": (GOOD[:40], "ABI008", "broken ELF"),
    "no-program-headers-in-the-file": (GOOD[:64], "ABI008", "truncated"),
    "half": (GOOD[: len(GOOD) // 3], "ABI008", "truncated"),
    "cut-in-the-last-segment": (GOOD[: 0x1000 + 8], "ABI008", "truncated"),
    "class-3": (patched((4, "B", 3)), "ABI008", "broken ELF"),
    "byte-order-7": (patched((5, "B", 7)), "ABI008", "broken ELF"),
    "program-headers-far-out": (patched((E_PHOFF, "Q", 1 << 40)), "ABI008", "truncated"),
    "thousands-of-program-headers": (patched((E_PHNUM, "H", 60_000)), "ABI008", "impossible program headers"),
    "tiny-program-headers": (patched((E_PHENTSIZE, "H", 8)), "ABI008", "impossible program headers"),
    "segment-past-the-end": (header(1, 32, "Q", 1 << 33), "ABI008", "truncated"),
    "segment-at-a-huge-offset": (header(1, 8, "Q", (1 << 63) + 4096), "ABI008", "truncated"),
    "dynamic-past-the-end": (header(2, 8, "Q", 1 << 33), "ABI008", "truncated"),
    "strings-nowhere": (tag(STRTAB, 1 << 40), "ABI008", "not in the file"),
    "no-strings": (tag(STRSZ, 0), "ABI008", "outside the dynamic string table"),
    "soname-outside": (tag(SONAME, 1 << 20), "ABI008", "outside the dynamic string table"),
    "runpath-outside": (tag(RUNPATH, 1 << 31), "ABI008", "outside the dynamic string table"),
    "versions-nowhere": (tag(VERNEED, 1 << 40), "ABI008", "not in the file"),
    "skewed-segment": (write_elf(replace(LIBRARY, skew=0x800)), "ABI006", "not aligned"),
    "segment-aligned-to-16": (write_elf(replace(LIBRARY, align=16)), "ABI006", "not to a page"),
    "64-kib-pages-off": (write_elf(replace(LIBRARY, align=0x10000)), "ABI006", "not aligned"),
    "executable-stack": (write_elf(replace(LIBRARY, executable_stack=True)), "ABI009", "PF_X"),
    "no-stack-header": (write_elf(replace(LIBRARY, executable_stack=None)), "ABI009", "no PT_GNU_STACK"),
    "arm64": (write_elf(replace(LIBRARY, machine=EM_AARCH64)), "ABI001", "arm64"),
    "i386": (write_elf(replace(LIBRARY, machine=EM_386, bits=32)), "ABI001", "32-bit x86"),
    "x32": (write_elf(replace(LIBRARY, bits=32)), "ABI005", "32-bit"),
    "big-endian": (write_elf(replace(LIBRARY, little_endian=False)), "ABI005", "big-endian"),
    "freebsd": (write_elf(replace(LIBRARY, os_abi=OSABI_FREEBSD)), "ABI005", "FreeBSD"),
    "netbsd-by-its-libc": (write_elf(needed=("libc.so.12",)), "ABI005", "NetBSD"),
    "musl": (write_elf(needed=("libc.musl-x86_64.so.1",)), "ABI003", "musl"),
    "android": (write_elf(needed=("libc.so", "libm.so", "libdl.so")), "ABI003", "bionic"),
    "interpreter-of-nix": (
        write_elf(type=ET_EXEC, needed=("libc.so.6",), interpreter="/nix/store/x/ld.so"), "ABI004", "/nix/store",
    ),
    "interpreter-of-32-bit": (
        write_elf(type=ET_EXEC, needed=("libc.so.6",), interpreter="/lib/ld-linux.so.2"), "ABI004", "ld-linux.so.2",
    ),
    "mach-o": (MACHO, "ABI007", "macOS"),
    "fat-mach-o": (b"\xca\xfe\xba\xbe\0\0\0\2" + bytes(64), "ABI007", "macOS"),
    "pe": (PE, "ABI007", "Windows"),
}  # fmt: skip


@pytest.mark.parametrize("name", BINARIES)
def test_a_malformed_binary_has_its_finding(name: str) -> None:
    data, code, words = BINARIES[name]
    found = findings({"lib/x.so": data, "lib/good.so": write_elf(needed=("libc.so.6",))})
    assert [each.subject for each in found] == ["lib/x.so"]
    assert found[0].code == code
    assert words in found[0].message
    assert found[0].fix


def test_the_list_is_as_long_as_promised() -> None:
    assert len(BINARIES) >= 30


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(patched((E_SHOFF, "Q", 1 << 40)), id="section-headers-far-out"),
        pytest.param(patched((E_SHNUM, "H", 65_000)), id="too-many-sections"),
        pytest.param(write_elf(replace(LIBRARY, section_headers=False)), id="no-sections"),
        pytest.param(write_elf(replace(LIBRARY, appended=b"payload" * 99)), id="appended-data"),
        pytest.param(write_elf(type=ET_CORE), id="core-dump"),
        pytest.param(b"\xca\xfe\xba\xbe\0\0\0\x34" + bytes(64), id="java-class"),
    ],
)
def test_oddities_the_loader_does_not_mind(data: bytes) -> None:
    assert not verdict({"lib/x": data})


def test_a_missing_stack_header_is_an_error_where_glibc_refuses_it() -> None:
    data = write_elf(needed=("libc.so.6",), executable_stack=None)
    base = target()
    newest = replace(base, baseline=msgspec.structs.replace(base.baseline, glibc=(2, 41)))
    assert verdict({"a.so": data}) == [("warning", "ABI009", "a.so")]
    assert verdict({"a.so": data}, newest) == [("error", "ABI009", "a.so")]
    # Programs bring their own stack: the kernel makes it as they wish.
    program = write_elf(type=ET_EXEC, needed=("libc.so.6",), interpreter=LOADER, executable_stack=True)
    assert verdict({"a": program}, newest) == [("warning", "ABI009", "a")]


def test_versions_of_gcc_follow_libstdcxx() -> None:
    """libgcc_s and libstdc++ come from one GCC: 11 on Amazon Linux 2023, so its libgcc_s has nothing of GCC 12."""
    for version, expected in (("GCC_7.0.0", []), ("GCC_12.0.0", [("error", "ABI002", "a.so")])):
        data = write_elf(needed=("libgcc_s.so.1", "libc.so.6"), versions={"libgcc_s.so.1": (version,)})
        assert verdict({"a.so": data}) == expected


@pytest.mark.parametrize(
    ("soname", "version", "refused"),
    [
        ("libz.so.1", "ZLIB_1.2.9", False),
        ("libz.so.1", "ZLIB_1.2.12", True),
        ("libcrypto.so.3", "OPENSSL_3.0.8", False),
        ("libssl.so.3", "OPENSSL_3.2.0", True),
        ("libssl.so.3", "OPENSSL_1_1_1", False),
        ("libtinfo.so.6", "NCURSES6_TINFO_9.9.9", False),
    ],
)
def test_other_libraries_offer_the_versions_their_release_has(soname: str, version: str, refused: bool) -> None:
    """Amazon Linux 2023 has zlib 1.2.11 and, for certain, OpenSSL 3.0.8. What is not known is let through."""
    data = write_elf(needed=(soname, "libc.so.6"), versions={soname: (version,)})
    assert verdict({"a.so": data}) == ([("error", "ABI002", "a.so")] if refused else [])
