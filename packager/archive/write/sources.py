"""What entries are read from: files, whole or in parts, and bytes. A source that changes meanwhile is found out."""

from __future__ import annotations

import hashlib
import os
import stat
from typing import TYPE_CHECKING

from packager.archive.fastpath.walk import LINK_MARK
from packager.archive.zipformat import MAX_32
from packager.core.errors import ArtifactError
from packager.core.system import READ_FLAGS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from packager.model.archives import Entry


def is_link(source: Path | str | bytes) -> bool:
    """Return whether a source is a symbolic link that is kept, see `packager.archive.fastpath.walk`."""
    return isinstance(source, str) and source.startswith(LINK_MARK)


def digest_of_source(source: Path | str | bytes, data: bytes) -> bytes:
    """Return what tells a source's content from others: its SHA-256, and of a link what no file's can be."""
    if is_link(source):
        return hashlib.blake2b(data, digest_size=32, person=b"symbolic link").digest()
    return hashlib.sha256(data).digest()


def sizes_of(entries: Sequence[Entry]) -> list[int]:
    """Return the bytes each entry will take unpacked; otherwise as `size_of`."""
    sizes = [size_of(entry) if entry.size_bytes is None else entry.size_bytes for entry in entries]
    if max(sizes, default=0) >= MAX_32:
        return [size_of(entry) for entry in entries]  # raises for the first that is too large
    return sizes


def size_of(entry: Entry) -> int:
    """Return the bytes an entry will take unpacked; raises ArtifactError if its source is not a readable file."""
    if isinstance(entry.source, bytes):
        return len(entry.source)
    if is_link(entry.source):
        return len(str(entry.source).encode()) - 1
    try:
        status = os.stat(entry.source)  # noqa: PTH116 (a third of Path.stat's time, and a tree has many)
    except OSError as error:
        raise _unreadable(entry, error) from error
    if not stat.S_ISREG(status.st_mode):
        msg = "is not a regular file"
        raise ArtifactError(msg, where=str(entry.source), fix="leave it out")
    if status.st_size >= MAX_32:
        from packager.core.units import format_bytes

        msg = f"has {format_bytes(status.st_size)}; a zip without zip64 records holds files below 4 GiB"
        raise ArtifactError(msg, where=str(entry.source), fix="leave it out and fetch it at run time")
    return status.st_size


def read_source(entry: Entry, size: int) -> bytes:
    """Return an entry's content; raises ArtifactError if it is gone, unreadable or no longer of that size.

    Read, not mapped: a mapped file that is truncated meanwhile kills the process.
    """
    source = entry.source
    if isinstance(source, bytes):
        return source
    if is_link(source):
        return str(source)[len(LINK_MARK) :].encode()
    try:
        descriptor = os.open(source, READ_FLAGS)
        try:
            # One byte more than there should be: the usual file is done after this call, a grown one is found out.
            data = os.read(descriptor, size + 1)
            while 0 < len(data) < size:
                # The kernel gives at most 2 GiB at once, and network file systems less.
                more = os.read(descriptor, size + 1 - len(data))
                if not more:
                    break
                data += more
        finally:
            os.close(descriptor)
    except OSError as error:
        raise _unreadable(entry, error) from error
    if len(data) != size:
        raise _changed(entry, size, len(data))
    return data


def read_parts(entry: Entry, size: int, part_bytes: int) -> Iterator[bytes]:
    """Yield an entry's content, so many bytes each but the last; raises as `read_source` does."""
    source = entry.source
    if isinstance(source, bytes):
        for at in range(0, size, part_bytes):
            yield source[at : at + part_bytes]
        return
    total = 0
    try:
        with open(source, "rb", buffering=part_bytes) as file:  # noqa: PTH123 (a path may be text)
            while part := file.read(part_bytes):
                total += len(part)
                if total > size:
                    break
                yield part
    except OSError as error:
        raise _unreadable(entry, error) from error
    if total != size:
        raise _changed(entry, size, total)


def _changed(entry: Entry, size: int, found: int) -> ArtifactError:
    """Return the error for a source that has another size than before."""
    from packager.core.units import format_bytes, format_count

    now = "more" if found > size else format_count(found)
    msg = f"changed while it was packed: it had {format_bytes(size)} before, and has {now} now"
    return ArtifactError(msg, where=str(entry.source), fix="wait until nothing writes to the tree, then pack again")


def _unreadable(entry: Entry, error: OSError) -> ArtifactError:
    """Return the error for a source that cannot be opened or read."""
    if isinstance(error, FileNotFoundError):
        fix = "wait until nothing changes the tree, then pack again"
    elif isinstance(error, PermissionError):
        fix = "make it readable, or leave it out"
    else:
        fix = "leave it out, or check the disk"
    msg = f"cannot be read: {error.strerror or error} (for {entry.path} in the archive)"
    return ArtifactError(msg, where=str(entry.source), fix=fix)
