"""Layout in, zip out: the same bytes for the same content, whatever the clock, the umask, the disk or the threads.

Not ``zipfile``: it compresses on one core, writes time stamps, and calls sizes back into headers. Here members are
compressed in several threads and appended in the layout's order, and nothing but names and contents reaches the bytes.
"""

from __future__ import annotations

import hashlib
import os
import struct
from typing import TYPE_CHECKING

from packager.archive import DEFAULT_LEVEL, Artifact, Layout, Member
from packager.archive.ahead import Batch, batches, working_ahead
from packager.archive.atomic import replacing
from packager.archive.deflate import codec
from packager.archive.members import Packed, pack_members, size_of
from packager.archive.zipformat import MAX_32, end_record
from packager.errors import ArtifactError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_OFFSET = struct.Struct("<I")


def write(layout: Layout, destination: Path, *, level: int = DEFAULT_LEVEL, jobs: int | None = None) -> Artifact:
    """Write the archive and return what it became. The destination holds all of it or what it held before.

    `jobs` threads compress (default: one per processor); their number does not show in the bytes.
    Raises ArtifactError for a source that is gone, unreadable or changes meanwhile and for an archive of 4 GiB,
    EnvironmentFault for a destination that cannot be written.
    """
    if jobs is not None and jobs < 1:
        msg = f"cannot compress with {jobs} jobs"
        raise UsageError(msg, fix="give 1 or more")
    compressor = codec(level)
    sizes = [size_of(entry) for entry in layout.entries]
    threads = jobs or usable_processors()
    members: list[Member] = []
    directory: list[bytes] = []
    digest = hashlib.sha256()
    offset = 0

    def pack(batch: Batch, stopped: Callable[[], bool]) -> Packed:
        chosen = slice(batch.start, batch.stop)
        return pack_members(layout.entries[chosen], sizes[chosen], compressor, stopped)

    with replacing(destination) as file, working_ahead(batches(sizes), pack, threads) as packed_in_order:

        def append(chunk: bytes | bytearray) -> None:
            file.write(chunk)
            digest.update(chunk)

        for packed in packed_in_order:
            _prove_reachable(destination, offset + packed.size_bytes)
            for chunk in packed.chunks:
                append(chunk)
            members += packed.members
            for record, inner, name in packed.directory:
                directory += (record, _OFFSET.pack(offset + inner), name)
            offset += packed.size_bytes
        table = b"".join(directory)
        _prove_reachable(destination, offset + len(table))
        append(table)
        append(end_record(entries=len(members), directory_bytes=len(table), directory_offset=offset))
        zipped_bytes = file.tell()
    return Artifact(destination, zipped_bytes, sum(sizes), digest.hexdigest(), tuple(members), compressor.name)


def usable_processors() -> int:
    """Return how many processors this process may use (containers and taskset give fewer than there are)."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0)) or 1
    return os.cpu_count() or 1


def _prove_reachable(destination: Path, end: int) -> None:
    """Raise ArtifactError if an archive that reaches this offset would need zip64 records."""
    if end >= MAX_32:
        msg = "would reach 4 GiB, the end of what a zip without zip64 records can hold"
        raise ArtifactError(msg, where=str(destination), fix="leave files out, or split the bundle into layers")
