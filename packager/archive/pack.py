"""A folder or anybody's archive in, a canonical archive out."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from packager.archive import DEFAULT_LEVEL, Artifact, Layout
from packager.archive.deflate import codec
from packager.archive.layout import arrange
from packager.archive.tree import find

if TYPE_CHECKING:
    from packager.archive.cache import Cache


def pack(
    source: Path,
    destination: Path,
    *,
    level: int = DEFAULT_LEVEL,
    jobs: int | None = None,
    cache: Cache | None = None,
) -> Artifact:
    """Write the canonical archive of a folder's files, or of the members of a zip, and return it.

    Links become what they point to, modes follow from content, backslashes in names become slashes, empty folders are
    left out. The destination may lie in the folder: it does not become part of itself. With a cache, what was read and
    compressed before is not again, and an archive that would become the same is left as it is.
    Raises ArtifactError if the source cannot be read, EnvironmentFault if the destination cannot be written.
    """
    if source.is_dir():
        return _pack_folder(source, destination, level, jobs, cache)
    import tempfile

    from packager.archive.reader import open_archive
    from packager.archive.unpack import unpack

    with open_archive(source) as archive, tempfile.TemporaryDirectory(prefix="packager-") as scratch:
        unpack(archive, Path(scratch), portable=True)
        return _pack_folder(Path(scratch), destination, level, jobs, cache)


def _pack_folder(folder: Path, destination: Path, level: int, jobs: int | None, cache: Cache | None) -> Artifact:
    """Write the archive of a folder, which may hold the destination."""
    root, target = folder.resolve(), destination.resolve()
    own_name = target.relative_to(root).as_posix() if root in target.parents else ""
    skip = own_name.__eq__ if own_name else None
    started_ns = time.time_ns()
    layout = arrange(find(folder, skip=skip))
    if cache is None:
        return _write(layout, destination, level, jobs, None, None)
    from packager.archive.record import make_record, snapshot

    fresh = snapshot(layout)
    record = cache.record(destination)
    known = None
    if record is not None:
        known = record.known(fresh)
        changed = None in known
        if changed and fresh.names == record.names and record.is_intact():
            # Touched, or checked out anew: reading tells, and the archive need not be written if all is as it was.
            known = _hashed(layout, known)
        if record.holds(fresh, known, codec(level).name):
            if changed:
                cache.keep(record.seen_again(fresh, started_ns))
            return record.artifact
    artifact = _write(layout, destination, level, jobs, cache, known)
    cache.keep(make_record(fresh, artifact, started_ns))
    return artifact


def _write(
    layout: Layout,
    destination: Path,
    level: int,
    jobs: int | None,
    cache: Cache | None,
    known: list[bytes | None] | None,
) -> Artifact:
    """Write the archive; what only writing needs is imported here."""
    from packager.archive.writer import write

    return write(layout, destination, level=level, jobs=jobs, cache=cache, known=known)


def _hashed(layout: Layout, known: list[bytes | None]) -> list[bytes | None]:
    """Return the SHA-256 of every entry, reading those that are not known. One thread: two get in each other's way."""
    import hashlib

    from packager.archive.members import read_source, size_of

    return [
        hashlib.sha256(read_source(entry, size_of(entry))).digest() if digest is None else digest
        for entry, digest in zip(layout.entries, known, strict=True)
    ]
