"""Copying the last archive while its files are still read: if all of them are what they were, it is done by then."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packager.archive.fastpath.fork_worker import Aside
from packager.archive.incremental.splice import splice

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from packager.archive.fastpath.fork_worker import Asking
    from packager.archive.incremental.index import Table


def splicing(table: Table, packs: Path, destination: Path, crc32: Callable[..., int]) -> Aside:
    """Return `splice` in a process of its own, on approval: without `finish` it leaves everything as it was."""

    def work(ask: Asking) -> bytes:
        length, sha256 = splice(table, packs, destination, crc32, ask)
        return f"{length} {sha256}".encode()

    return Aside(work)


def made_by(answer: bytes) -> tuple[int, str]:
    """Return what `splice` returned there."""
    length, sha256 = answer.decode().split(" ")
    return int(length), sha256
