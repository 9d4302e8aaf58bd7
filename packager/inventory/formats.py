"""First bytes of a file → what kind of native code it is, if any. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from packager.model.inventory import BinaryFormat

SNIFF_BYTES = 256
"""How many leading bytes `sniff` wants to see at most."""

_MACHO_THIN = (b"\xfe\xed\xfa\xce", b"\xfe\xed\xfa\xcf", b"\xce\xfa\xed\xfe", b"\xcf\xfa\xed\xfe")
_MACHO_FAT = (b"\xca\xfe\xba\xbe", b"\xca\xfe\xba\xbf")
_FAT_ARCHES_MAX = 0x2C
"""Java classes share 0xCAFEBABE; their next word is the class file version, at least 45 (``file(1)``, magic/mach)."""

_POSES_AS_BINARY = re.compile(r"\.node$|\.so(\.\d+)*$|\.pyd$|\.dylib$")
_LINKER_SCRIPT = re.compile(rb"\s*(/\*.*?\*/\s*)*(OUTPUT_FORMAT|GROUP|INPUT)\s*\(", re.DOTALL)
_LFS_POINTER = b"version https://git-lfs.github.com/spec/"


def sniff(head: bytes) -> BinaryFormat:
    r"""Return the format that a file's first bytes announce.

    >>> sniff(b"\x7fELF\x02\x01\x01"), sniff(b"#!/bin/sh\n"), sniff(b"\xcf\xfa\xed\xfe\x07"), sniff(b"")
    ('elf', 'script', 'macho', 'other')
    """
    magic = head[:4]
    if magic == b"\x7fELF":
        return "elf"
    if magic in _MACHO_THIN:
        return "macho"
    if magic in _MACHO_FAT and 0 < int.from_bytes(head[4:8], "big") < _FAT_ARCHES_MAX:
        return "macho"
    # "MZ" alone also starts texts; a PE file has its header's offset at 0x3C, behind at least the 64-byte DOS header.
    if magic[:2] == b"MZ" and len(head) >= 64 and int.from_bytes(head[60:64], "little") >= 4:
        return "pe"
    return "script" if magic[:2] == b"#!" else "other"


def shebang(head: bytes) -> str:
    r"""Return what follows ``#!`` on a script's first line; empty for anything else.

    >>> shebang(b"#!/usr/bin/env node\r\nlet x\n")
    '/usr/bin/env node\r'
    """
    return head[2:].partition(b"\n")[0].decode("utf-8", "replace").strip(" \t") if head[:2] == b"#!" else ""


def poses_as_binary(path: str) -> bool:
    """Return whether a name promises a native library that can be loaded: ``.node``, ``.so``, ``.so.1.2``."""
    return _POSES_AS_BINARY.search(path) is not None


def impostor(path: str, head: bytes) -> str:
    """Return what is wrong with a file that is no native code although its name says so; empty if nothing is.

    The linker scripts that development packages install as ``libx.so`` are what they should be.
    """
    if not poses_as_binary(path) or sniff(head) not in ("other", "script"):
        return ""
    if head.startswith(_LFS_POINTER):
        return "a Git LFS pointer, not the file itself"
    if not head:
        return "an empty file"
    if _LINKER_SCRIPT.match(head) or head.startswith(b"/* GNU ld script"):
        return ""
    if all(byte >= 0x20 or byte in b"\t\n\r\f" for byte in head):
        return "text, not a native library"
    return "not a native library: unknown first bytes " + head[:4].hex(" ")
