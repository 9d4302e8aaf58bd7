"""What an archive from outside has that hosts or other readers may trip over: facts for the audit, no verdict.

Everything is told from the directory and the local headers; no member is inflated here. Kinds: "method", "encrypted",
"zip64", "descriptor", "backslash", "name", "duplicate", "modes", "mode", "link", "mismatch", "hidden", "overlap",
"missing" (no local header); and, from the code that reads the members, "damaged", "dangling" and "circle".
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from packager.archive.zipformat import (
    CENTRAL_SIGNATURE,
    DEFLATED,
    END,
    END_SIGNATURE,
    FLAG_DESCRIPTOR,
    FLAG_ENCRYPTED,
    MAX_32,
    METHOD_NAMES,
    STORED,
)
from packager.core.errors import ArtifactError
from packager.core.units import counted, format_bytes
from packager.model.inventory import Fault

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

    from packager.archive.read.reader import Archive, ArchiveMember, LocalHeader

_DESCRIPTOR_BYTES = (12, 16, 20, 24)
"""A data descriptor has CRC and two sizes of 4 or 8 bytes, with or without a signature (APPNOTE 4.3.9)."""
_END_MAX_BYTES = END.size + 0xFFFF
_ARCHIVE_EXTRA_SIGNATURES = (CENTRAL_SIGNATURE, b"PK\x06\x08", b"PK\x06\x06", END_SIGNATURE)


def faults(archive: Archive) -> tuple[Fault, ...]:
    """Return what is unusual about an archive and its members, in the order of the directory, then by place."""
    return (*_directory_faults(archive), *_header_faults(archive))


def _directory_faults(archive: Archive) -> Iterator[Fault]:
    """Yield what the directory alone tells."""
    seen: set[str] = set()
    without_modes: list[str] = []
    for member in archive.members:
        yield from _member_faults(member)
        name = member.path.rstrip("/")
        if name in seen:
            yield Fault("duplicate", member.path)
        seen.add(name)
        if member.mode is None and not member.is_dir:
            without_modes.append(member.path)
        if member.is_symlink and (lost := _link_fault(archive, member)):
            yield Fault("link", member.path, lost)
    if without_modes:
        yield Fault("modes", "", f"{len(without_modes)} of {len(archive.members)} members, such as {without_modes[0]}")
    zip64 = [member.path for member in archive.members if member.zip64]
    if zip64 or archive.directory.zip64:
        yield Fault("zip64", "", f"such as for {zip64[0]}" if zip64 else "at its end")


def _member_faults(member: ArchiveMember) -> Iterator[Fault]:
    if member.encrypted:
        yield Fault("encrypted", member.path)
    elif member.method not in (STORED, DEFLATED):
        yield Fault("method", member.path, f"{member.method} ({METHOD_NAMES.get(member.method, 'unknown')})")
    if "\\" in member.path:
        yield Fault("backslash", member.path)
    elif unsafe := _name_fault(member):
        yield Fault("name", member.path, unsafe)
    if member.mode is not None and not member.is_dir and not member.is_symlink and not member.mode & 0o004:
        yield Fault("mode", member.path, f"{member.mode & 0o7777:04o}")
    # A folder's data would be lost, a link's is its target.
    if member.is_dir and member.size_bytes:
        yield Fault("hidden", member.path, f"{format_bytes(member.size_bytes)} under a folder's name")


def _name_fault(member: ArchiveMember) -> str:
    path = member.path.removesuffix("/")
    if not path:
        return "is empty"
    if path.startswith("/") or path[1:3] in (":/", ":\\"):
        return "is absolute"
    if ".." in path.split("/"):
        return "has a .. segment"
    if "\0" in path:
        return "holds a NUL"
    return "is not valid UTF-8" if any("\ud800" <= letter <= "\udfff" for letter in path) else ""


def _link_fault(archive: Archive, member: ArchiveMember) -> str:
    """Return why a symbolic link leads out of the archive; empty if it stays inside or cannot be read."""
    try:
        target = archive.read(member).decode("utf-8", "replace") if member.size_bytes <= 4096 else ""
    except ArtifactError:
        return ""  # said where the member itself is read
    if target.startswith("/"):
        return f"leads to {target}"
    place = posixpath.normpath(posixpath.join(posixpath.dirname(member.path), target))
    return f"leads to {target}" if not target or place == ".." or place.startswith("../") else ""


def _header_faults(archive: Archive) -> Iterator[Fault]:
    """Yield what the local headers tell: differences from the directory, and bytes that belong to no member."""
    with archive.path.open("rb") as stream:
        if archive.directory.prefix_bytes:
            yield Fault("hidden", "", f"{format_bytes(archive.directory.prefix_bytes)} before the first member")
        descriptors: list[str] = []
        end = archive.directory.prefix_bytes
        unsure = False
        before = ""
        for member in sorted(archive.members, key=lambda each: each.header_offset):
            start = archive.directory.prefix_bytes + member.header_offset
            try:
                header = archive.local_header(member)
            except ArtifactError:
                yield Fault("missing", member.path)
                unsure = True
                continue
            if differing := _differences(member, header):
                yield Fault("mismatch", member.path, differing)
            if not unsure:
                yield from _gap(before, start - end, member)
            unsure = False
            before = member.path
            end = header.data_offset + member.compressed_bytes
            if end > archive.length:  # cut off, as reading it will say
                unsure = True
                continue
            if header.flags & FLAG_DESCRIPTOR:
                end = _after_descriptor(stream, end, archive.length)
                if member.method == STORED and member.size_bytes:
                    descriptors.append(member.path)
        if archive.members and not unsure:
            stream.seek(end)
            if stream.read(4) not in _ARCHIVE_EXTRA_SIGNATURES:
                yield Fault("hidden", "", f"bytes behind the last member, {before}")
        if descriptors:
            yield Fault("descriptor", "", f"{counted(len(descriptors), 'member')}, such as {descriptors[0]}")
        if trailing := _trailing_bytes(stream, archive.length):
            yield Fault("hidden", "", f"{format_bytes(trailing)} behind the end record")


def _gap(before: str, gap: int, member: ArchiveMember) -> Iterator[Fault]:
    if gap < 0:
        yield Fault("overlap", member.path, f"shares {format_bytes(-gap)} with {before or 'what comes before it'}")
    elif gap:
        place = f"between {before} and {member.path}" if before else "before the first member"
        yield Fault("hidden", "", f"{format_bytes(gap)} {place}")


def _differences(member: ArchiveMember, header: LocalHeader) -> str:
    """Return which fields of the local header say something else than the directory, for people."""
    pairs: list[tuple[str, object, object]] = [
        ("name", header.raw_name, member.raw_name),
        ("method", header.method, member.method),
        ("encryption", header.flags & FLAG_ENCRYPTED, member.flags & FLAG_ENCRYPTED),
    ]
    if not header.flags & FLAG_DESCRIPTOR:
        pairs.append(("checksum", header.crc, member.crc))
        # 0xFFFFFFFF refers to the zip64 field: the reader of the data takes the directory's word for it.
        for what, local, central in (
            ("size", header.size_bytes, member.size_bytes),
            ("compressed size", header.compressed_bytes, member.compressed_bytes),
        ):
            if local != MAX_32:
                pairs.append((what, local, central))
    return ", ".join(what for what, local, central in pairs if local != central)


def _after_descriptor(stream: BinaryIO, end: int, length: int) -> int:
    """Return where the next record begins behind a data descriptor; `end` itself if none fits."""
    stream.seek(end)
    following = stream.read(max(_DESCRIPTOR_BYTES) + 4)
    for size in _DESCRIPTOR_BYTES:
        if following[size : size + 2] == b"PK" and end + size <= length:
            return end + size
    return end


def _trailing_bytes(stream: BinaryIO, length: int) -> int:
    """Return how many bytes stand behind the end record and its comment."""
    start = max(0, length - _END_MAX_BYTES)
    stream.seek(start)
    tail = stream.read()
    fallback = 0
    at = tail.rfind(END_SIGNATURE)
    while at >= 0:
        if at + END.size <= len(tail):
            rest = len(tail) - at - END.size - int.from_bytes(tail[at + END.size - 2 : at + END.size], "little")
            if rest == 0:
                return 0
            fallback = fallback or max(rest, 0)
        at = tail.rfind(END_SIGNATURE, 0, at)
    return fallback
