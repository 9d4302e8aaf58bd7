"""``packager pack`` in its usual form, without click: loading that takes as long as copying the archive."""

from __future__ import annotations

import gc
import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from packager.core.signals import terminable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from packager.archive.fastpath.noop_check import PackCheck
    from packager.model.archives import Artifact


def pack_seen(seen: PackCheck) -> bool:
    """Pack what a glance has seen to have changed, and say so; returns whether it was written."""
    from pathlib import Path

    from packager.archive.cache.member_cache import open_cache
    from packager.archive.pack import pack

    request = seen.request
    os.umask(0o022)  # as for every command
    with terminable(), no_search_for_cycles():
        artifact = pack(
            Path(request.source),
            Path(request.output),
            level=request.level,
            cache=open_cache(Path(request.cache)),
            sight=seen.sight,
        )
        sys.stdout.write(told(artifact))
    return artifact.written


def document(artifact: Artifact) -> dict[str, object]:
    """Return what ``--json`` tells of an archive; sizes are bytes."""
    return {
        "version": 1,
        "ok": True,
        "path": str(artifact.path),
        "zipped_bytes": artifact.zipped_bytes,
        "unzipped_bytes": artifact.unzipped_bytes,
        "entries": len(artifact.members),
        "sha256": artifact.sha256,
        "code_sha256": artifact.code_sha256,
        "codec": artifact.codec,
        "written": artifact.written,
    }


def told(artifact: Artifact) -> str:
    """Return what people are told of an archive."""
    unchanged = "" if artifact.written else "unchanged, "
    return f"{artifact.path}: {unchanged}{artifact.summary()}\n  sha256 {artifact.sha256}\n"


@contextmanager
def no_search_for_cycles() -> Iterator[None]:
    """Switch the garbage collector off: a tree makes tens of thousands of tuples, none of them part of a cycle.

    Looking for one costs a sixth of a run that finds nothing changed.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
