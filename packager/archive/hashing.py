"""Reading files for their SHA-256 alone: the large ones in a thread of their own, none of them held whole."""

from __future__ import annotations

import hashlib
import os
import threading
from typing import TYPE_CHECKING

from packager.archive import Entry
from packager.archive.members import read_source

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from packager.glance.sight import Sight

_BUFFER_BYTES = 1 << 20
_LARGE_BYTES = 128 << 10
"""From here on hashing takes longer than reading, and lets the other thread run: with small files two would get in
each other's way."""


def hash_files(sight: Sight, rows: Sequence[int]) -> dict[int, bytes]:
    """Return the SHA-256 of some files a walk saw, by row; raises ArtifactError as `read_source` does."""
    sizes, sources = sight.sizes(), sight.sources()
    found: dict[int, bytes] = {}

    def run_large(some: Iterable[int]) -> None:
        buffer = memoryview(bytearray(_BUFFER_BYTES))
        for row in some:
            digest = _hash(sources[row], sizes[row], buffer)
            if digest is not None:
                found[row] = digest

    large = threading.Thread(target=run_large, args=([row for row in rows if sizes[row] >= _LARGE_BYTES],), name="hash")
    large.start()
    try:
        _hash_small([row for row in rows if sizes[row] < _LARGE_BYTES], sizes, sources, found)
    finally:
        large.join()
    if len(found) < len(rows):
        # Gone, unreadable or of another size: reading it the usual way says which.
        paths = sight.paths()
        for row in (row for row in rows if row not in found):
            data = read_source(Entry(paths[row], sources[row], sizes[row]), sizes[row])
            found[row] = hashlib.sha256(data).digest()
    return found


def _hash_small(rows: Iterable[int], sizes: Sequence[int], sources: Sequence[str], found: dict[int, bytes]) -> None:
    """Enter the SHA-256 of each file that can be read and has its size: four calls a file, there may be 60,000."""
    os_open, read, close, sha256 = os.open, os.read, os.close, hashlib.sha256
    flags = os.O_RDONLY | os.O_CLOEXEC
    for row in rows:
        size = sizes[row]
        try:
            descriptor = os_open(sources[row], flags)
            try:
                # One byte more than there should be: a grown file is found out.
                data = read(descriptor, size + 1)
            finally:
                close(descriptor)
        except OSError:
            continue
        if len(data) == size:
            found[row] = sha256(data).digest()


def _hash(source: str, size: int, buffer: memoryview) -> bytes | None:
    """Return the SHA-256 of a file of this size; None if it cannot be read or has another one."""
    try:
        descriptor = os.open(source, os.O_RDONLY)
    except OSError:
        return None
    try:
        # There is room for more than there should be: a grown file is found out.
        length = os.readv(descriptor, [buffer])
        digest = hashlib.sha256(buffer[:length])
        total = length
        while length > 0 and total < size + (size >= len(buffer)):
            length = os.readv(descriptor, [buffer])
            digest.update(buffer[:length])
            total += length
    except OSError:
        return None
    finally:
        os.close(descriptor)
    return digest.digest() if total == size else None
