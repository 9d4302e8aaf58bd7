"""A folder or any archive in, a canonical archive out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from packager.archive.fastpath.codec import DEFAULT_LEVEL
from packager.archive.fastpath.noop_check import own_name
from packager.archive.fastpath.parallel_walk import see_folder
from packager.archive.write.deflate import codec

if TYPE_CHECKING:
    from packager.archive.cache.member_cache import Cache
    from packager.archive.fastpath.snapshot import Snapshot
    from packager.model.archives import Artifact


def pack(
    source: Path,
    destination: Path,
    *,
    level: int = DEFAULT_LEVEL,
    jobs: int | None = None,
    cache: Cache | None = None,
    sight: Snapshot | None = None,
) -> Artifact:
    """Write the canonical archive of a folder's files, or of the members of a zip, and return it.

    Links become what they point to, but for those between packages (`packager.archive.fastpath.walk`); modes follow
    from content, backslashes in names become slashes, empty folders are left out. The destination may lie in the
    folder: it does not become part of itself. With a cache, what was read and compressed before is not again, and an
    archive that would become the same is left as it is. `sight` is what a walk of the folder has just seen, if there
    was one.
    Raises ArtifactError if the source cannot be read, EnvironmentFault if the destination cannot be written.
    """
    if source.is_dir():
        return _pack_folder(source, destination, level, jobs, cache, sight)
    import tempfile

    from packager.archive.read.reader import open_archive
    from packager.archive.read.unpack import unpack

    with open_archive(source) as archive, tempfile.TemporaryDirectory(prefix="packager-") as scratch:
        unpack(archive, Path(scratch), portable=True)
        return _pack_folder(Path(scratch), destination, level, jobs, cache, None)


def _pack_folder(
    folder: Path, destination: Path, level: int, jobs: int | None, cache: Cache | None, sight: Snapshot | None
) -> Artifact:
    """Write the archive of a folder, which may hold the destination."""
    if sight is None:
        sight = see_folder(folder, skip=own_name(folder, destination, cache.folder if cache else None))
    known: list[bytes | None] | None = None
    compressor = codec(level)
    record = cache.record(destination) if cache else None
    if cache and record:
        if record.shows(sight) and record.artifact.codec == compressor.name and record.is_intact():
            return record.artifact
        from packager.archive.incremental.rebuild import rework

        reworked = rework(record, sight, compressor, cache, destination)
        if reworked.artifact is not None:
            return reworked.artifact
        known = reworked.known
    return _pack_anew(sight, destination, level, jobs, cache, known)


def _pack_anew(
    sight: Snapshot,
    destination: Path,
    level: int,
    jobs: int | None,
    cache: Cache | None,
    known: list[bytes | None] | None,
) -> Artifact:
    """Write the archive member by member; what only that needs is imported here."""
    from packager.archive.cache.record import in_order, make_record
    from packager.archive.write.layout import arrange
    from packager.archive.write.writer import write_table

    layout = arrange(sight.entries())
    order = in_order(sight)
    digests = [known[row] for row in order] if known else None
    artifact, table = write_table(layout, destination, level=level, jobs=jobs, cache=cache, known=digests)
    if cache is not None:
        cache.keep(make_record(sight, order, artifact, table))
        cache.make_room()
    return artifact
