"""Which system an ELF file was built for: its operating system and its C library, as the file says itself. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from packager.model.inventory import ElfFacts

_LINUX_ABIS = ("ELFOSABI_SYSV", "ELFOSABI_LINUX")
_OTHER_LIBC = re.compile(r"libc\.so\.(\d+)(\.\d+)*")
_BSD_BY_LIBC = {"7": "FreeBSD", "12": "NetBSD"}
_BIONIC_ONLY = frozenset({"libdl.so", "libm.so", "liblog.so", "libstdc++.so"})


def operating_system(elf: ElfFacts) -> str:
    """Return "linux" or the name of the system an ELF file is for: by EI_OSABI, else by the libc it needs."""
    if elf.os_abi not in _LINUX_ABIS:
        return {"ELFOSABI_FREEBSD": "FreeBSD", "ELFOSABI_OPENBSD": "OpenBSD", "ELFOSABI_NETBSD": "NetBSD"}.get(
            elf.os_abi, elf.os_abi.removeprefix("ELFOSABI_").title()
        )
    for soname in elf.needed:
        found = _OTHER_LIBC.fullmatch(soname)
        if found and found[1] != "6":
            return _BSD_BY_LIBC.get(found[1], "BSD")
    return "linux"


def libc_of(elf: ElfFacts) -> str:
    """Return "glibc", "musl", "bionic" or, where nothing tells (static programs, data), "".

    By NEEDED and interpreter, never by symbol versions: a musl addon may ask GLIBC_2.0 of libgcc_s.
    """
    if "/ld-musl-" in elf.interpreter:
        return "musl"
    if elf.interpreter.startswith("/system/bin/linker"):
        return "bionic"
    if any(soname.startswith("libc.musl-") for soname in elf.needed):
        return "musl"
    if "libc.so" in elf.needed:
        return "bionic" if _BIONIC_ONLY.intersection(elf.needed) else "musl"
    return "glibc" if "libc.so.6" in elf.needed else ""
