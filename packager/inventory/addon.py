"""Which Node an addon was built for, as far as its own symbols say. Nothing is executed.

An addon of Node's own C++ interface exports ``node_register_module_v127``: it loads in Node 22 and nowhere else. One of
Node-API exports ``node_api_module_get_api_version_v1``, a function that returns a constant: the version it needs. The
few forms compilers give to "return constant" are read from its first bytes; any other form says nothing.

Addons that use NODE_MODULE (all of them before Node 10) export no such name. Their initialiser hands a ``node_module``
record to ``node_module_register``: NODE_MODULE_VERSION, flags, a handle, the source file's name, two functions and a
name, all pointers but the handle. The loader relocates these pointers, so the record is found by its relocations. Node
0.10 has the same record without flags and second function.
Source: node.h (NODE_MODULE_INITIALIZER, NODE_MODULE_X), node_api.h (NODE_API_MODULE_GET_API_VERSION).
"""

from __future__ import annotations

import re
import struct
from typing import TYPE_CHECKING

from packager.core.errors import ArtifactError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from packager.inventory.versions import LoadedBinary
    from packager.model.inventory import Machine

_GET_API_VERSION = b"node_api_module_get_api_version_v1"
_REGISTER = re.compile(rb"\0node_register_module_v(\d{2,4})\0")
_NODE_API = re.compile(rb"\0napi_(?:register_module_v\d|module_register\0)")
_V8 = re.compile(rb"\0_ZNK?2v8")
"""Node's C++ interface hands over V8's classes: an addon of it asks for their mangled names."""
_POINTERS: Mapping[str, frozenset[int]] = {"x86_64": frozenset((1, 8)), "arm64": frozenset((257, 1027))}
"""Relocations that write a pointer: R_X86_64_64 and R_X86_64_RELATIVE, R_AARCH64_ABS64 and R_AARCH64_RELATIVE."""
_RELOCATIONS_MAX = 8 << 20
_SOURCE_FILE = re.compile(rb"[ -~]+\.(?:cc|cpp|cxx|c|C|mm|hh?|hpp)")
_NAME_MAX = 512
_VERSION_MAX, _FLAGS_MAX = 1000, 16
_EXPERIMENTAL = 0x7FFFFFFF
_CODE_BYTES = 24
_CHAIN_MAX = 4096

# endbr64; push rbp; mov rbp, rsp; then: mov eax, imm32 | push imm8; pop rax. Frame pointers may be left out.
_X86_64 = re.compile(
    rb"(?:\xf3\x0f\x1e\xfa)?(?:\x55)?(?:\x48\x89\xe5)?(?:\xb8(?P<long>.{4})|\x6a(?P<short>.)\x58)", re.DOTALL
)
# bti c, paciasp, stp x29, x30, mov x29, sp in front of: mov w0, imm16.
_ARM64_BEFORE = (0xD503245F, 0xD503233F)
_ARM64_MOV_W0, _ARM64_MOV_MASK = 0x52800000, 0xFFE0001F


def node_modules_version(names: bytes) -> int:
    """Return the NODE_MODULE_VERSION among the names of a dynamic string table; 0 if there is none.

    >>> node_modules_version(b"\\0node_register_module_v127\\0")
    127
    """
    found = _REGISTER.search(names)
    return int(found[1]) if found else 0


def registered_version(image: LoadedBinary, tags: Mapping[str, int], names: bytes, machine: Machine) -> int:
    """Return the NODE_MODULE_VERSION of the record an addon registers when it is loaded; 0 if none is found."""
    kinds = _POINTERS.get(machine)
    if kinds is None or image.bits != 64 or not image.little_endian or _NODE_API.search(names):
        return 0
    if not _V8.search(names):
        return 0
    try:
        table = image.at(tags["DT_RELA"], min(tags["DT_RELASZ"], _RELOCATIONS_MAX) // 24 * 24)
        pointers = {at: to for at, kind, to in struct.iter_unpack("<QQq", table) if kind & 0xFFFFFFFF in kinds}
    except (ArtifactError, KeyError):
        return 0
    for at, name in pointers.items():
        record = at - 16
        modern = at + 24 in pointers and (at + 8 in pointers or at + 16 in pointers)
        if record + 8 not in pointers and (modern or (at + 8 in pointers and at + 16 in pointers)):
            version, flags = _record_head(image, record)
            if 0 < version < _VERSION_MAX and flags < _FLAGS_MAX and _SOURCE_FILE.fullmatch(_text_at(image, name)):
                return version
    return 0


def _record_head(image: LoadedBinary, address: int) -> tuple[int, int]:
    """Return the first two numbers of a record; zeros where the file has no bytes for it."""
    try:
        version, flags = struct.unpack("<II", image.at(address, 8))
    except ArtifactError:
        return 0, 0
    return version, flags


def _text_at(image: LoadedBinary, address: int) -> bytes:
    """Return the text at an address, up to its end; empty if it is longer than a file's name or not in the file."""
    text = b""
    try:
        while b"\0" not in text and len(text) < _NAME_MAX:
            text += image.at(address + len(text), 16)
    except ArtifactError:
        return b""
    return text.partition(b"\0")[0] if b"\0" in text else b""


def node_api_version(image: LoadedBinary, tags: Mapping[str, int], names: bytes, machine: Machine) -> int:
    """Return the Node-API version an addon declares; 0 if it declares none that can be read here."""
    if b"\0" + _GET_API_VERSION + b"\0" not in names or image.bits != 64 or not image.little_endian:
        return 0
    try:
        address = _address_of(_GET_API_VERSION, image, tags)
        code = image.at(address, _CODE_BYTES) if address else b""
    except (ArtifactError, KeyError, struct.error):
        return 0  # an unreadable symbol table is reported by the loader checks; it gives no version
    version = _returned_by_x86_64(code) if machine == "x86_64" else _returned_by_arm64(code)
    return version if 0 < version < _EXPERIMENTAL else 0


def _address_of(name: bytes, image: LoadedBinary, tags: Mapping[str, int]) -> int:
    """Return the value of an exported symbol by the GNU hash table; 0 if it is not there. Source: glibc do_lookup_x."""
    base = tags["DT_GNU_HASH"]
    buckets, first, blooms, _ = struct.unpack("<4I", image.at(base, 16))
    if not buckets:
        return 0
    wanted = _gnu_hash(name)
    table = base + 16 + 8 * blooms
    (number,) = struct.unpack("<I", image.at(table + 4 * (wanted % buckets), 4))
    for _ in range(_CHAIN_MAX):
        if number < first:
            return 0
        (hashed,) = struct.unpack("<I", image.at(table + 4 * buckets + 4 * (number - first), 4))
        if hashed | 1 == wanted | 1:
            offset, _, _, _, value, _ = struct.unpack("<IBBHQQ", image.at(tags["DT_SYMTAB"] + 24 * number, 24))
            if image.string(offset).encode() == name:
                return int(value)
        if hashed & 1:
            return 0
        number += 1
    return 0


def _gnu_hash(name: bytes) -> int:
    value = 5381
    for byte in name:
        value = (value * 33 + byte) & 0xFFFFFFFF
    return value


def _returned_by_x86_64(code: bytes) -> int:
    found = _X86_64.match(code)
    if found is None:
        return 0
    constant: bytes = found["long"] or found["short"]
    return int.from_bytes(constant, "little")


def _returned_by_arm64(code: bytes) -> int:
    for (word,) in struct.iter_unpack("<I", code):
        if word & _ARM64_MOV_MASK == _ARM64_MOV_W0:
            return int(word >> 5) & 0xFFFF
        if word not in _ARM64_BEFORE:
            return 0
    return 0
