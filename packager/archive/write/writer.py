"""Layout in, zip out: the same bytes for the same content, whatever the clock, the umask, the disk or the threads.

Not ``zipfile``: it compresses on one core, writes time stamps, and calls sizes back into headers. Here members are
compressed in several threads and appended in the layout's order, and nothing but names and contents reaches the bytes.
"""

from __future__ import annotations

import hashlib
import os
from array import array
from contextlib import nullcontext
from typing import TYPE_CHECKING, BinaryIO

from packager.archive.fastpath.codec import DEFAULT_LEVEL
from packager.archive.incremental.index import Span, Table
from packager.archive.write.deflate import codec
from packager.archive.write.large_members import pieces_of
from packager.archive.write.members import Packed, pack_members
from packager.archive.write.ordered_pool import WorkBatch, batches, working_ahead
from packager.archive.write.sources import sizes_of
from packager.archive.zipformat import MAX_32, end_record, put_offsets
from packager.core.atomic import replacing
from packager.core.errors import ArtifactError, UsageError
from packager.model.archives import Artifact, Layout, Member

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from packager.archive.cache.member_cache import Cache


def write(
    layout: Layout,
    destination: Path,
    *,
    level: int = DEFAULT_LEVEL,
    jobs: int | None = None,
    cache: Cache | None = None,
) -> Artifact:
    """Write the archive and return what it became; see `write_table`."""
    artifact, _ = write_table(layout, destination, level=level, jobs=jobs, cache=cache)
    if cache is not None:
        cache.make_room()
    return artifact


def write_table(
    layout: Layout,
    destination: Path,
    *,
    level: int = DEFAULT_LEVEL,
    jobs: int | None = None,
    cache: Cache | None = None,
    known: Sequence[bytes | None] | None = None,
) -> tuple[Artifact, Table]:
    """Write the archive and return what it became. The destination holds all of it or what it held before.

    `jobs` threads compress (default: one per processor); `cache` remembers compressed contents; `known` holds per
    entry the SHA-256 of sources that need not be read for it. None of the three shows in the bytes.
    Raises ArtifactError for a source that is gone, unreadable or changes meanwhile and for an archive of 4 GiB,
    EnvironmentFault for a destination that cannot be written. The caller that keeps the record has the cache make room.
    """
    if jobs is not None and jobs < 1:
        msg = f"cannot compress with {jobs} jobs"
        raise UsageError(msg, fix="give 1 or more")
    compressor = codec(level)
    sizes = sizes_of(layout.entries)
    digests = [None] * len(sizes) if known is None else known
    threads = jobs or usable_processors()

    with cache.members(compressor) if cache else nullcontext() as store:

        def pack(batch: WorkBatch, stopped: Callable[[], bool]) -> Packed:
            chosen = slice(batch.start, batch.stop)
            entries = layout.entries[chosen]
            return pack_members(entries, sizes[chosen], digests[chosen], compressor, store, stopped, destination.parent)

        with (
            replacing(destination) as file,
            working_ahead(batches(sizes), pack, threads) as packed_in_order,
        ):
            archive = _Archive(file, destination)
            for packed in packed_in_order:
                archive.append(packed)
                if store is not None:
                    store.keep(packed)
            table = archive.finish(store.spans if store else ())
    artifact = Artifact(
        path=destination,
        zipped_bytes=archive.size_bytes,
        unzipped_bytes=sum(sizes),
        sha256=archive.digest.hexdigest(),
        members=tuple(archive.members),
        codec=compressor.name,
    )
    return artifact, table


class _Archive:
    """The file while it grows: members first, then their directory."""

    def __init__(self, file: BinaryIO, destination: Path) -> None:
        self.members: list[Member] = []
        self.digest = hashlib.sha256()
        self.size_bytes = 0
        self._file = file
        self._destination = destination
        self._directory = bytearray()
        self._records = array("I")
        self._offsets = array("I")

    def append(self, packed: Packed) -> None:
        """Append members; raises ArtifactError if the archive would need zip64 records."""
        start = self.size_bytes
        self._prove_reachable(start + packed.size_bytes)
        for chunk in packed.chunks:
            for piece in pieces_of(chunk):
                self._write(piece)
        self.members += packed.members
        for record, inner in packed.directory:
            self._records.append(len(self._directory))
            self._offsets.append(start + inner)
            self._directory += record

    def finish(self, spans: tuple[Span, ...]) -> Table:
        """Append the directory and the record that closes the archive; return what it is made of."""
        start = self.size_bytes
        put_offsets(self._directory, self._records, self._offsets)
        directory = bytes(self._directory)
        self._prove_reachable(start + len(directory))
        self._records.append(len(directory))
        self._offsets.append(start)
        self._write(directory)
        self._write(end_record(entries=len(self.members), directory_bytes=len(directory), directory_offset=start))
        digests = bytes.fromhex("".join([member.sha256 for member in self.members]))
        return Table(digests, directory, self._records, self._offsets, spans)

    def _write(self, chunk: bytes | bytearray | memoryview) -> None:
        self._file.write(chunk)
        self.digest.update(chunk)
        self.size_bytes += len(chunk)

    def _prove_reachable(self, end: int) -> None:
        if end >= MAX_32:
            msg = "would reach 4 GiB, the end of what a zip without zip64 records can hold"
            fix = "leave files out, or split the bundle into layers"
            raise ArtifactError(msg, where=str(self._destination), fix=fix)


def usable_processors() -> int:
    """Return how many processors this process may use (containers and taskset give fewer than there are)."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0)) or 1
    return os.cpu_count() or 1
