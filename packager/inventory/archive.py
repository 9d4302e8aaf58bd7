"""Any artifact → inventory: a zip, a folder or a single file. Every binary is found by content, not by name.

Each file is read once, several at a time: binaries for their tables, texts for secrets, members of an archive to their
end, where the checksum is.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

from packager.archive.read.anomalies import faults
from packager.archive.read.reader import WEIGHED, open_archive
from packager.archive.tree import find
from packager.archive.write.sources import is_link
from packager.core.errors import ArtifactError
from packager.inventory.attribution import Attribution
from packager.inventory.elf import read_elf
from packager.inventory.formats import SNIFF_BYTES, impostor, poses_as_binary, shebang, sniff
from packager.inventory.joined import JoinedCode
from packager.inventory.links import OUT, LeadsAstrayError, real_path
from packager.inventory.secrets import SCANNED_MAX_BYTES, secrets_in, worth_scanning
from packager.inventory.tree import linked_to
from packager.model.inventory import Fault, File, Inventory

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from contextlib import AbstractContextManager

    from packager.archive.read.reader import Archive, ArchiveMember
    from packager.model.inventory import Package, Secret

    Wanted = Callable[[str], bool]
    Maps = Callable[[str], bytes | None]

_IN_MEMORY_BYTES = 32 << 20
_MANIFEST_MAX_BYTES = 4 << 20
"""No package.json or RECORD is larger; more is not read to learn a version."""
_ZIP_STARTS = (b"PK\x03\x04", b"PK\x05\x06")


def scan(path: Path, wanted: Wanted | None = None, maps: Maps | None = None) -> Inventory:
    """Return what a zip, a folder or a single file holds. Raises ArtifactError if it cannot be read.

    `wanted` says of a path whether its text is to be kept in the inventory, for checks that look at contents. `maps`
    gives the source map of a member that was joined from several files.
    """
    if path.is_dir():
        return scan_folder(path, wanted)
    return scan_archive(path, wanted, maps) if is_archive(path) else scan_file(path)


def is_archive(path: Path) -> bool:
    """Return whether a file is meant to be a zip: by name or first bytes."""
    if path.suffix.lower() == ".zip":
        return True
    try:
        with path.open("rb") as stream:
            return stream.read(4) in _ZIP_STARTS
    except OSError as error:
        raise _unreadable(path, error) from error


def scan_archive(path: Path, wanted: Wanted | None = None, maps: Maps | None = None) -> Inventory:
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

        def look(name: str) -> tuple[File, str, Fault | None]:
            """Return a member's facts, where it points to if it is a link, and what is wrong with it."""
            member = members[name]
            file = File(name, member.size_bytes, package=package_of(name), mode=member.mode)
            try:
                if member.is_symlink:
                    return file, archive.read(member)[:4096].decode("utf-8", "replace"), None
                return _examine_member(file, archive, member, maps), "", None
            except ArtifactError as error:
                if error.where == str(path):
                    raise
                return replace(file, unreadable=error.message), "", Fault("damaged", name, error.message)

        names = sorted(members, key=lambda name: name.encode("utf-8", "surrogateescape"))
        with ThreadPoolExecutor(_workers(len(names))) as pool:
            looked = list(pool.map(look, names))
        files = {name: file for name, (file, _, _) in zip(names, looked, strict=True)}
        pointers = {name: pointer for name, (_, pointer, _) in zip(names, looked, strict=True) if pointer}
        folders = {_name(member).rstrip("/") for member in archive.members if member.is_dir}
        folders |= {folder for name in files for folder in _above(name)}
        links: dict[str, str] = {}
        known = list(faults(archive))
        lost = {fault.path.lstrip("/") for fault in known if fault.kind == "link"}
        for name, pointer in pointers.items():
            files[name], fault = _follow(files[name], pointer, files, folders, pointers)
            if fault is None:
                links[name] = real_path(name, pointers)
            elif name not in lost:
                known.append(fault)
        damaged = tuple(fault for _, _, fault in looked if fault)
        texts = _texts(files, wanted, read)
        joined = [JoinedCode(b"", source_map) for name in files if (source_map := _map_of(name, maps)) is not None]
        return Inventory(
            tuple(files.values()),
            faults=(*known, *damaged),
            texts=texts,
            links=links,
            joined=tuple(sorted({name for code in joined for name in code.packages()})),
            joined_texts={path: text for code in joined for path, text in code.own_texts().items()},
        )


def scan_folder(root: Path, wanted: Wanted | None = None) -> Inventory:
    """Return every file of a folder with facts and package. Raises ArtifactError as `packager.archive.tree` does."""
    found = {entry.path: entry.source for entry in find(root, keep_links=True)}
    sources = {path: Path(str(source)) for path, source in found.items() if not is_link(source)}
    links = {path: linked_to(path, str(source)[1:]) for path, source in found.items() if is_link(source)}

    def read(name: str) -> bytes | None:
        try:
            return sources[name].read_bytes()
        except OSError:
            return None  # reported with the file itself

    package_of = Attribution(sources, read)
    names = sorted(sources, key=str.encode)
    with ThreadPoolExecutor(_workers(len(names))) as pool:
        looked = list(pool.map(lambda name: _examine_path(name, sources[name], package_of(name)), names))
    files = {file.path: file for file in looked}
    return Inventory(tuple(looked), texts=_texts(files, wanted, read), links=links)


def scan_file(path: Path) -> Inventory:
    """Return an inventory of this one file, under its own name."""
    return Inventory((_examine_path(path.name, path),))


def examine(file: File, head: bytes, opener: Callable[[], AbstractContextManager[BinaryIO]]) -> File:
    """Return the file with what its content says: format and ELF facts, or why it is not what its name promises."""
    kind = sniff(head)
    if kind != "elf":
        said = (kind, impostor(file.path, head), shebang(head))
        if said == (file.format, file.unreadable, file.shebang):
            return file  # as nearly all files of a large archive
        return replace(file, format=kind, unreadable=said[1], shebang=said[2])
    with opener() as stream:
        try:
            return replace(file, format=kind, elf=read_elf(stream))
        except ArtifactError as error:
            return replace(file, format=kind, unreadable=error.message)


def _examine_path(name: str, path: Path, package: Package | None = None) -> File:
    try:
        status = path.stat()
        with path.open("rb") as stream:
            head = stream.read(SNIFF_BYTES)
            readable = _is_text(head) and (package is None or worth_scanning(name, status.st_size))
            length = min(status.st_size, SCANNED_MAX_BYTES) - len(head)
            text = head + stream.read(length) if length > 0 and readable else head
        file = File(name, status.st_size, mode=status.st_mode & 0o7777, package=package)
        found = secrets_in(name, text, in_package=package is not None)
        return replace(examine(file, head, lambda: path.open("rb")), secrets=found)
    except OSError as error:
        raise _unreadable(path, error) from error


def _examine_member(file: File, archive: Archive, member: ArchiveMember, maps: Maps | None) -> File:
    """Return the facts of a member, which is read to its end: only there it shows whether it is damaged."""
    with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY_BYTES) as temporary:
        spooled = cast("BinaryIO", temporary)  # has all of it that is used here
        pieces = archive.pieces(member)
        head = b""
        for piece in pieces:
            head += piece
            if len(head) >= SNIFF_BYTES:
                break
        text = _is_text(head) and (file.package is None or worth_scanning(file.path, file.size_bytes))
        if sniff(head) == "elf":
            # Tables lie at both ends of a binary, and a deflated member can only be read through.
            spooled.write(head)
            for piece in pieces:
                spooled.write(piece)
            return examine(file, head[:SNIFF_BYTES], lambda: _kept_open(spooled))
        kept = [head]
        size = len(head)
        for piece in pieces:
            if text and size < SCANNED_MAX_BYTES:
                kept.append(piece)
                size += len(piece)
        found = _secrets(file, b"".join(kept), maps) if text else ()
        examined = examine(file, head[:SNIFF_BYTES], lambda: _kept_open(spooled))
        return replace(examined, secrets=found) if found else examined


def _secrets(file: File, text: bytes, maps: Maps | None) -> tuple[Secret, ...]:
    source_map = _map_of(file.path, maps)
    joined = JoinedCode(text, source_map) if source_map is not None else None
    whose = joined.from_package if joined else None
    return secrets_in(file.path, text, in_package=file.package is not None, from_package=whose)


def _map_of(name: str, maps: Maps | None) -> bytes | None:
    return maps(name) if maps else None


@contextlib.contextmanager
def _kept_open(stream: BinaryIO) -> Iterator[BinaryIO]:
    """Lend a stream whose owner closes it."""
    yield stream


def _is_text(head: bytes) -> bool:
    return b"\0" not in head[:SNIFF_BYTES] and sniff(head[:SNIFF_BYTES]) in ("other", "script")


def _workers(files: int) -> int:
    """Return how many files to read at once: decompression and reading leave the interpreter to others."""
    return max(1, min(os.cpu_count() or 1, 8, files))


def _texts(files: Mapping[str, File], wanted: Wanted | None, read: Callable[[str], bytes | None]) -> dict[str, str]:
    """Return the contents asked for, as far as they are texts of a reasonable length."""
    return {
        name: data.decode("utf-8", "replace")
        for name, file in files.items()
        if wanted and wanted(name) and file.size_bytes <= SCANNED_MAX_BYTES and (data := read(name)) is not None
    }


def _follow(
    link: File, pointer: str, files: Mapping[str, File], folders: set[str], pointers: Mapping[str, str]
) -> tuple[File, Fault | None]:
    """Return a symbolic link with the facts of what it leads to inside the archive, and what is wrong with it."""
    try:
        name = real_path(link.path, pointers)
    except LeadsAstrayError as astray:
        detail = f"leads to {pointer}" if astray.message == OUT else pointer
        return _lost(link, pointer), Fault(astray.message, link.path, detail)
    if name in files and name not in pointers:
        target = files[name]
        return replace(link, format=target.format, elf=target.elf, unreadable=target.unreadable), None
    if name in folders or not name:
        return link, None
    return _lost(link, pointer), Fault("dangling", link.path, pointer)


def _lost(link: File, pointer: str) -> File:
    lost = f"a symbolic link to {pointer}, which is not in the archive" if poses_as_binary(link.path) else ""
    return replace(link, unreadable=lost)


def _above(path: str) -> Iterator[str]:
    while path := path.rpartition("/")[0]:
        yield path


def _name(member: ArchiveMember) -> str:
    return member.path.lstrip("/")


def _unreadable(path: Path, error: OSError) -> ArtifactError:
    msg = f"cannot be read: {error.strerror or error}"
    return ArtifactError(msg, where=str(path), fix="name an existing zip, folder or file that can be read")
