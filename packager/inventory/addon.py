"""Which Node an addon was built for, as far as its own symbols say. Nothing is executed.

An addon of Node's own C++ interface exports ``node_register_module_v127``: it loads in Node 22 and nowhere else. One of
Node-API exports ``node_api_module_get_api_version_v1``, a function that returns a constant: the version it needs. The
few forms compilers give to "return constant" are read from its first bytes; any other form says nothing.
Source: node.h (NODE_MODULE_INITIALIZER), node_api.h (NODE_API_MODULE_GET_API_VERSION).
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
