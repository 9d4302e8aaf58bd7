"""Files that appear complete or not at all."""

from __future__ import annotations

import errno
import os
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, BinaryIO

from packager.core.errors import EnvironmentFault, UsageError
from packager.glance.places import PARTIAL_SUFFIX as PARTIAL_SUFFIX

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_STALE_SECONDS = 600
"""A run that is alive writes on its file more often than that; on another machine, too, as clocks go."""
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


@contextmanager
def replacing(destination: Path) -> Iterator[BinaryIO]:
    """Open a new file that takes the destination's place when the block ends well.

    Whatever happens before that (an error, Ctrl-C) leaves the old file as it was and removes the new one. Makes the
    folder if it is missing, and removes what runs left there for this file that were killed. Any OSError of the block
    counts as one of the destination: EnvironmentFault.
    """
    if os.path.isdir(destination):  # noqa: PTH112 (where nobody may look, Path's own raises)
        msg = "is a folder, a file name is needed"
        raise UsageError(msg, where=str(destination), fix="name the file to write")
    # Same folder, so that the rename stays within one file system; a leading dot keeps it out of listings and globs.
    partial = destination.with_name(f".{destination.name}.{os.getpid()}-{os.urandom(4).hex()}{PARTIAL_SUFFIX}")
    try:
        destination.parent.mkdir(parents=True, exist_ok=True)
        _remove_stale(destination)
        try:
            with partial.open("xb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            partial.replace(destination)
        except BaseException:  # Ctrl-C included: nothing half-written may stay
            with suppress(OSError):
                partial.unlink()
            raise
    except OSError as error:
        raise _fault(destination, error) from error


def _remove_stale(destination: Path) -> None:
    """Remove beginnings of this file on which nobody has written for long."""
    oldest = time.time() - _STALE_SECONDS
    begun = f".{destination.name}."
    # Gone already, not ours to remove, or a folder nobody may list: it does no harm.
    with suppress(OSError), os.scandir(destination.parent) as entries:
        for entry in entries:
            if entry.name.startswith(begun) and entry.name.endswith(PARTIAL_SUFFIX):
                with suppress(OSError):
                    if entry.stat(follow_symlinks=False).st_mtime < oldest:
                        os.unlink(entry.path)  # noqa: PTH108


def _fault(destination: Path, error: OSError) -> EnvironmentFault:
    """Return why the destination cannot be written, and what would help."""
    reason = error.strerror or str(error)
    if error.errno in _FULL:
        fix = f"free some space where {destination.parent} lies, or name another folder"
    else:
        fix = f"name a folder that can be written to; {destination.parent} cannot"
    return EnvironmentFault(f"cannot be written: {reason}", where=str(destination), fix=fix)
