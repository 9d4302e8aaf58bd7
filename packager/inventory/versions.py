"""GNU symbol version tables: which versions a binary asks of which library, and which it defines.

The tables look alike in 32 and 64 bits. They are read as the loader reads them, through addresses from .dynamic, so
that files without section headers work too. Source: LSB Core, Generic Part, "Symbol Versioning".
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Protocol

from packager.core.errors import ArtifactError
from packager.model.inventory import SymbolVersion

if TYPE_CHECKING:
    from collections.abc import Mapping

_ENTRIES_MAX = 20_000
"""More version entries than any real file has; a chain that is longer is a loop or a lie."""
_SYMBOLS_SHOWN = 4
"""Symbols named per version: a message needs one or two."""
_UNDEFINED_MAX = 200_000
_VER_FLG_BASE = 1
_VER_FLG_WEAK = 2
_INDEX_MASK = 0x7FFF
"""The top bit of a .gnu.version entry says "hidden", the rest is the version's index."""


class LoadedBinary(Protocol):
    """A binary as the loader sees it: bytes by virtual address."""

    bits: int
    little_endian: bool

    def at(self, address: int, size: int) -> bytes:
        """Return exactly `size` bytes of loaded memory; ArtifactError if the file has not got them."""

    def string(self, offset: int) -> str:
        """Return a string of the dynamic string table; ArtifactError if it runs out."""


def versions_needed(image: LoadedBinary, tags: Mapping[str, int]) -> tuple[SymbolVersion, ...]:
    """Return what DT_VERNEED asks, in the file's order, with some of the symbols bound to each version."""
    address = tags.get("DT_VERNEED")
    if address is None:
        return ()
    order = "<" if image.little_endian else ">"
    found: list[tuple[int, str, str, bool]] = []
    for seen in range(tags.get("DT_VERNEEDNUM", 0)):
        _bounded(seen)
        _version, count, file, aux, step = struct.unpack(order + "HHIII", image.at(address, 16))
        soname = image.string(file)
        entry = address + aux
        for _ in range(count):
            _hash, flags, index, name, next_aux = struct.unpack(order + "IHHII", image.at(entry, 16))
            found.append((index & _INDEX_MASK, soname, image.string(name), bool(flags & _VER_FLG_WEAK)))
            _bounded(len(found))
            if not next_aux:
                break
            entry += next_aux
        if not step:
            break
        address += step
    symbols = _undefined_symbols(image, tags, {index for index, *_ in found})
    return tuple(
        SymbolVersion(soname, version, weak, tuple(sorted(symbols.get(index, ()))))
        for index, soname, version, weak in found
    )


def versions_defined(image: LoadedBinary, tags: Mapping[str, int]) -> tuple[str, ...]:
    """Return the versions this library offers (DT_VERDEF), without the base entry that only repeats its name."""
    address = tags.get("DT_VERDEF")
    if address is None:
        return ()
    order = "<" if image.little_endian else ">"
    found: list[str] = []
    for seen in range(tags.get("DT_VERDEFNUM", 0)):
        _bounded(seen)
        _version, flags, _index, count, _hash, aux, step = struct.unpack(order + "HHHHIII", image.at(address, 20))
        if count and not flags & _VER_FLG_BASE:
            (name,) = struct.unpack(order + "I", image.at(address + aux, 4))
            found.append(image.string(name))
        if not step:
            break
        address += step
    return tuple(found)


def _bounded(entries: int) -> None:
    if entries > _ENTRIES_MAX:
        msg = "the symbol version tables do not end"
        raise ArtifactError(msg)


def _undefined_symbols(image: LoadedBinary, tags: Mapping[str, int], wanted: set[int]) -> dict[int, list[str]]:
    """Return a few names of undefined symbols by version index.

    Only for messages, so a table that cannot be read leaves them out rather than failing the file: the loader itself
    looks at them later than at the versions.
    """
    names: dict[int, list[str]] = {}
    try:
        count = _symbols_to_look_at(image, tags)
        symtab, versym = tags["DT_SYMTAB"], tags["DT_VERSYM"]
        order = "<" if image.little_endian else ">"
        indices = struct.unpack(f"{order}{count}H", image.at(versym, 2 * count))
        layout = struct.Struct(order + ("IBBHQQ" if image.bits == 64 else "IIIBBH"))
        section_field = 3 if image.bits == 64 else 5
        for number, index in enumerate(indices):
            version = index & _INDEX_MASK
            if version not in wanted or len(names.get(version, ())) >= _SYMBOLS_SHOWN:
                continue
            fields = layout.unpack(image.at(symtab + number * layout.size, layout.size))
            if fields[section_field] == 0:
                names.setdefault(version, []).append(image.string(fields[0]))
    except (KeyError, ArtifactError):
        return names
    return names


def _symbols_to_look_at(image: LoadedBinary, tags: Mapping[str, int]) -> int:
    """Return how many leading entries of the symbol table can be undefined.

    DT_GNU_HASH leaves undefined symbols out and has them in front, so its first hashed index ends them; DT_HASH
    counts all. KeyError if the file has neither.
    """
    order = "<" if image.little_endian else ">"
    address = tags["DT_GNU_HASH"] if "DT_GNU_HASH" in tags else tags["DT_HASH"]
    count = int(struct.unpack(order + "I", image.at(address + 4, 4))[0])
    return min(count, _UNDEFINED_MAX)
