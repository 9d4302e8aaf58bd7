"""Reading files for their SHA-256 alone: many of them in two processes, none of them held whole."""

from __future__ import annotations

import hashlib
import os
from bisect import bisect_left
from itertools import accumulate
from typing import TYPE_CHECKING

from packager.archive.fastpath.fork_worker import Aside, can_work_aside
from packager.archive.incremental.index import DIGEST_BYTES
from packager.archive.write.sources import digest_of_source, is_link, read_source
from packager.core.system import READ_FLAGS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from packager.archive.fastpath.fork_worker import Asking
    from packager.archive.fastpath.snapshot import Snapshot

    _File = tuple[str, int]
    """Where it lies, and its bytes as the walk saw them."""

_BUFFER_BYTES = 1 << 20
_FILE_COST_BYTES = 16 << 10
"""What opening and closing a file takes, as bytes hashed meanwhile."""
_WORTH_HALVING = 32 << 20
"""Less is done before another process has begun."""
_AT_ONCE = 256
_UNREAD = bytes(DIGEST_BYTES)
"""Stands for a file that could not be read."""


def hash_files(sight: Snapshot, rows: Sequence[int]) -> dict[int, bytes]:
    """Return the SHA-256 of some files a walk saw, by row; raises ArtifactError as `read_source` does."""
    entries = sight.some(rows)
    files = [(str(entry.source), entry.size_bytes or 0) for entry in entries]
    if sum([size for _, size in files]) + len(files) * _FILE_COST_BYTES > _WORTH_HALVING and can_work_aside():
        digests = _hash_in_two(files)
    else:
        digests = _hash_some(files)
    if _UNREAD in digests:
        # Gone, unreadable or of another size: reading it the usual way says which.
        for number, entry in enumerate(entries):
            if digests[number] == _UNREAD:
                digests[number] = digest_of_source(entry.source, read_source(entry, entry.size_bytes or 0))
    return dict(zip(rows, digests, strict=True))


def _hash_in_two(files: Sequence[_File]) -> list[bytes]:
    """Return what `_hash_some` does, half of it from another process."""
    costs = list(accumulate([size + _FILE_COST_BYTES for _, size in files]))
    middle = bisect_left(costs, costs[-1] // 2)
    with Aside(lambda ask: b"".join(_hash_some(files[middle:], ask))) as aside:
        digests = _hash_some(files[:middle])
        others = aside.finish()
    if others is None:
        return digests + _hash_some(files[middle:])
    return digests + [others[at : at + DIGEST_BYTES] for at in range(0, len(others), DIGEST_BYTES)]


def _hash_some(files: Sequence[_File], ask: Asking | None = None) -> list[bytes]:
    """Return the SHA-256 of each file; `_UNREAD` if it cannot be read or is not of its size.

    Four calls a small file: there may be 60,000 of them.
    """
    os_open, read, close, sha256 = os.open, os.read, os.close, hashlib.sha256
    buffer = memoryview(bytearray(_BUFFER_BYTES))
    found = []
    for number, (source, size) in enumerate(files):
        if ask is not None and not number % _AT_ONCE:
            ask(complete=False)
        if is_link(source):
            found.append(digest_of_source(source, source[1:].encode()))
            continue
        if size >= _BUFFER_BYTES:
            found.append(_hash_large(source, size, buffer))
            continue
        try:
            descriptor = os_open(source, READ_FLAGS)
            try:
                # One byte more than there should be: a grown file is found out.
                data = read(descriptor, size + 1)
            finally:
                close(descriptor)
        except OSError:
            found.append(_UNREAD)
            continue
        found.append(sha256(data).digest() if len(data) == size else _UNREAD)
    return found


def _hash_large(source: str, size: int, buffer: memoryview) -> bytes:
    """Return the SHA-256 of a file, piece by piece."""
    digest, total = hashlib.sha256(), 0
    try:
        with open(source, "rb", buffering=0) as file:  # noqa: PTH123 (no Path is at hand)
            while total <= size and (length := file.readinto(buffer)):
                digest.update(buffer[:length])
                total += length
    except OSError:
        return _UNREAD
    return digest.digest() if total == size else _UNREAD
