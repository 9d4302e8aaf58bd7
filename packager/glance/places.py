"""Where the archive engine keeps what it remembers of an archive."""

from __future__ import annotations

import os
import zlib

PARTIAL_SUFFIX = ".partial"
"""Of a file that is being written beside its place: .NAME.WHOSE.partial, as `packager.core.atomic` names it."""


def record_place(folder: str | os.PathLike[str], destination: str | os.PathLike[str]) -> str:
    """Return the file for an archive at this place, in the engine's part of a cache folder.

    Two places of one name and checksum would take turns: a record says itself which file it is about.
    """
    place = os.fsencode(os.path.realpath(destination))
    return f"{os.fspath(folder)}/records/{os.path.basename(os.fsdecode(place))[:40]}-{zlib.crc32(place):08x}"  # noqa: PTH119
