"""Anybody's artifact → inventory: a zip, a folder or a single file. Every binary is found by content, not by name."""

from __future__ import annotations

import posixpath
import tempfile
from dataclasses import replace
from typing import TYPE_CHECKING, BinaryIO

from packager.archive.reader import WEIGHED, open_archive
from packager.archive.tree import walk
from packager.errors import ArtifactError
from packager.inventory import File, Inventory
from packager.inventory.attribution import Attribution
from packager.inventory.elf import read_elf
from packager.inventory.formats import SNIFF_BYTES, impostor, poses_as_binary, sniff

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from packager.archive.reader import Archive, ArchiveMember

_IN_MEMORY_BYTES = 32 << 20
_MANIFEST_MAX_BYTES = 4 << 20
"""No package.json or RECORD is larger; more is not read to learn a version."""
_ZIP_STARTS = (b"PK\x03\x04", b"PK\x05\x06")


def scan(path: Path) -> Inventory:
    """Return what a zip, a folder or a single file holds. Raises ArtifactError if it cannot be read."""
    if path.is_dir():
        return scan_folder(path)
    return scan_archive(path) if is_archive(path) else scan_file(path)


def is_archive(path: Path) -> bool:
    """Return whether a file is meant to be a zip: by name or first bytes."""
    if path.suffix.lower() == ".zip":
        return True
    try:
        with path.open("rb") as stream:
            return stream.read(4) in _ZIP_STARTS
    except OSError as error:
        raise _unreadable(path, error) from error


def scan_archive(path: Path) -> Inventory:
    """Return every file of a zip with facts and package; nothing is unpacked to disk by name.

    A member that cannot be read is marked so. Raises ArtifactError if the archive as a whole cannot be.
    """
    with open_archive(path, limits=WEIGHED) as archive:
        members = {_name(member): member for member in archive.members if not member.is_dir}

        def read(name: str) -> bytes | None:
            member = members[name]
            if member.size_bytes > _MANIFEST_MAX_BYTES or member.is_symlink:
                return None
            try:
                return archive.read(member)
            except ArtifactError:
                return None  # the member's own file says that it is damaged

        package_of = Attribution(members, read)
        files: dict[str, File] = {}
        pointers: dict[str, str] = {}
        for name in sorted(members, key=str.encode):
            member = members[name]
            file = File(name, member.size_bytes, package=package_of(name), mode=member.mode)
            try:
                if member.is_symlink:
                    pointers[name] = archive.read(member)[:4096].decode("utf-8", "replace")
                    files[name] = file
                else:
                    files[name] = _examine_member(file, archive, member)
            except ArtifactError as error:
                if error.where == str(path):
                    raise
                files[name] = replace(file, unreadable=error.message)
        for name, pointer in pointers.items():
            files[name] = _follow(files[name], pointer, files, pointers)
        return Inventory(tuple(files.values()))


def scan_folder(root: Path) -> Inventory:
    """Return every file of a folder with facts and package. Raises ArtifactError as `packager.archive.tree` does."""
    sources = dict(walk(root))

    def read(name: str) -> bytes | None:
        try:
            return sources[name].read_bytes()
        except OSError:
            return None  # reported with the file itself

    package_of = Attribution(sources, read)
    return Inventory(
        tuple(
            replace(_examine_path(name, sources[name]), package=package_of(name))
            for name in sorted(sources, key=str.encode)
        )
    )


def scan_file(path: Path) -> Inventory:
    """Return an inventory of this one file, under its own name."""
    return Inventory((_examine_path(path.name, path),))


def examine(file: File, head: bytes, opener: Callable[[], BinaryIO]) -> File:
    """Return the file with what its content says: format and ELF facts, or why it is not what its name promises."""
    kind = sniff(head)
    if kind != "elf":
        return replace(file, format=kind, unreadable=impostor(file.path, head))
    with opener() as stream:
        try:
            return replace(file, format=kind, elf=read_elf(stream))
        except ArtifactError as error:
            return replace(file, format=kind, unreadable=error.message)


def _examine_path(name: str, path: Path) -> File:
    try:
        status = path.stat()
        with path.open("rb") as stream:
            head = stream.read(SNIFF_BYTES)
        file = File(name, status.st_size, source=path, mode=status.st_mode & 0o7777)
        return examine(file, head, lambda: path.open("rb"))
    except OSError as error:
        raise _unreadable(path, error) from error


def _examine_member(file: File, archive: Archive, member: ArchiveMember) -> File:
    with archive.open(member) as stream:
        head = stream.read(SNIFF_BYTES)

    def whole() -> BinaryIO:
        # Tables lie at both ends of a binary, and a deflated member can only be read through: large ones wait on disk.
        spooled = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY_BYTES)  # noqa: SIM115 (`examine` closes it)
        try:
            for piece in archive.pieces(member):
                spooled.write(piece)
        except BaseException:
            spooled.close()
            raise
        return spooled  # type: ignore[return-value]  # has all of BinaryIO that is read here

    return examine(file, head, whole)


def _follow(link: File, pointer: str, files: dict[str, File], pointers: dict[str, str]) -> File:
    """Return a symbolic link with the facts of what it leads to inside the archive."""
    name, seen = link.path, set[str]()
    while name in pointers and name not in seen:
        seen.add(name)
        name = posixpath.normpath(posixpath.join(posixpath.dirname(name), pointers[name]))
    if name in files and name not in pointers:
        target = files[name]
        return replace(link, format=target.format, elf=target.elf, unreadable=target.unreadable)
    lost = f"a symbolic link to {pointer}, which is not in the archive" if poses_as_binary(link.path) else ""
    return replace(link, unreadable=lost)


def _name(member: ArchiveMember) -> str:
    return member.path.lstrip("/")


def _unreadable(path: Path, error: OSError) -> ArtifactError:
    msg = f"cannot be read: {error.strerror or error}"
    return ArtifactError(msg, where=str(path), fix="name an existing zip, folder or file that can be read")
