"""Files and folders that appear complete or not at all: the one place where something is renamed when it is finished.

What is not finished lies beside the place it is for, as ``.NAME.PROCESS-RANDOM.partial``. So the rename stays within
one file system, and what a killed run left is told by its name wherever it lies.
"""

from __future__ import annotations

import errno
import os
import stat
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, BinaryIO

from packager.core.errors import EnvironmentFault, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

PARTIAL_SUFFIX = ".partial"
"""Of all that is not finished. `packager.archive.fastpath.record_path` spells it again, since it loads nothing; a test
compares."""
_MAKING = "made"
_OLD = "old"
_STALE_FILE_SECONDS = 600
"""A run that is alive writes on its file more often than that; on another machine, too, as clocks go."""
STALE_SECONDS = 86_400
"""Of a folder: its own date says nothing about what is written deeper in it."""
_NAME_BYTES = 200
"""Of a name that is part of another one, which may have 255."""
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_LEFTOVER = r"(?s)\..+\.(\d+-[0-9a-f]{8}\.partial|[0-9a-f]+\.removed)|\.fetching-\w{8}"
"""The second and the third: names that versions before 2026-12 gave."""


class PartialPath:
    """A name beside a place, for a file or folder that takes the place when it is finished."""

    __slots__ = ("path", "place")

    def __init__(self, place: Path) -> None:
        self.place = place
        self.path = place.with_name(f"{_begin(place.name)}{os.getpid()}-{os.urandom(4).hex()}{PARTIAL_SUFFIX}")

    def take_place(self) -> None:
        """Give the finished file its name, in place of a file that has it."""
        self.path.replace(self.place)

    def discard(self) -> None:
        """Remove what is not finished, whatever it is; what cannot be removed does no harm."""
        with suppress(OSError):
            _remove_tree(self.path, ignore_errors=True)


@contextmanager
def replacing(destination: Path) -> Iterator[BinaryIO]:
    """Open a new file that takes the destination's place when the block ends well, and is on the disk by then.

    Whatever happens before that (an error, Ctrl-C) leaves the old file as it was and removes the new one. Makes the
    folder if it is missing, and removes what runs left there for this file that were killed. Any OSError of the block
    counts as one of the destination: EnvironmentFault.
    """
    if os.path.isdir(destination):  # noqa: PTH112 (where we may not look, Path's own raises)
        msg = "is a folder, but a file name is needed"
        raise UsageError(msg, where=str(destination), fix="name the file to write")
    try:
        destination.parent.mkdir(parents=True, exist_ok=True)
        remove_stale(destination)
        with writing(destination, sync=True) as file:
            yield file
    except OSError as error:
        raise _fault(destination, error) from error


@contextmanager
def writing(place: Path, *, sync: bool = False, mode: int | None = None) -> Iterator[BinaryIO]:
    """Open a new file as `replacing` does, for what can be made again: raises OSError, and is synced only if asked.

    `mode` is its mode from the beginning; None leaves that to the umask. What killed runs left is not looked for.
    """
    aside = PartialPath(place)
    try:
        with _new_file(aside.path) as file:
            if mode is not None:
                from packager.core.system import set_mode  # what packs never needs it

                set_mode(file.fileno(), mode)
            yield file
            file.flush()
            if sync:
                os.fsync(file.fileno())
        aside.take_place()
    except BaseException:  # Ctrl-C included: nothing half-written may stay
        aside.discard()
        raise


def _new_file(path: Path) -> BinaryIO:
    try:
        return path.open("xb")
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
        return path.open("xb")


def write(place: Path, content: bytes, *, mode: int | None = None) -> None:
    """Write a file that can be made again, see `writing`."""
    with writing(place, mode=mode) as file:
        file.write(content)


@contextmanager
def made_aside(folder: Path, *, replaces: bool = False) -> Iterator[Path]:
    """Yield an empty folder that takes this place when the block ends well; what lies beside it then goes.

    Two runs may make the same: the first one's stays, and of those that replace, the last one's. Raises OSError where
    it cannot be written, and leaves the old folder where it was.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    remove_stale(folder)
    aside = PartialPath(folder)
    old = aside.path / _OLD
    try:
        aside.path.mkdir(mode=0o700)
        made = aside.path / _MAKING
        made.mkdir()
        yield made
        if replaces:
            _put_away(folder, old)
        try:
            made.rename(folder)
        except OSError:
            if not replaces and folder.is_dir():
                return  # another run was faster; its folder is as good as ours
            with suppress(OSError):
                old.rename(folder)
            raise
    finally:
        aside.discard()


def remove(path: Path, *, still: Callable[[Path], bool] | None = None) -> None:
    """Remove a file or a link, or a folder that is out of everybody's sight before it is half empty.

    `still` is asked about the folder when nothing can replace it any more; if it says no, the folder is put back.
    """
    # Looked at once: what is not there now may be a whole folder when it is looked at again.
    if not stat.S_ISDIR(path.lstat().st_mode):
        path.unlink()
        return
    if is_leftover(path.name):
        _remove_tree(path)
        return
    aside = PartialPath(path)
    _put_away(path, aside.path, missing_ok=False)
    if still is not None and aside.path.is_dir() and not still(aside.path):
        with suppress(OSError):  # another one has come meanwhile
            aside.path.rename(path)
            return
    with suppress(FileNotFoundError):  # gone where it lay
        _remove_tree(aside.path)


def is_leftover(name: str) -> bool:
    """Return whether a name is one of what is not finished or is being removed: if it is old, of a killed run.

    >>> is_leftover(".api.zip.4711-0a1b2c3d.partial"), is_leftover("api.zip"), is_leftover(".mine.partial")
    (True, False, False)
    """
    import re  # only who looks at a cache as a whole asks

    return re.fullmatch(_LEFTOVER, name) is not None


def remove_stale(place: Path) -> None:
    """Remove beginnings of what is to lie at a place on which no process has worked for long."""
    now = time.time()
    begun = _begin(place.name)
    # Gone already, not ours to remove, or a folder that may not be listed: it does no harm.
    with suppress(OSError), os.scandir(place.parent) as entries:
        for entry in entries:
            if entry.name.startswith(begun) and entry.name.endswith(PARTIAL_SUFFIX):
                with suppress(OSError):
                    limit = STALE_SECONDS if entry.is_dir(follow_symlinks=False) else _STALE_FILE_SECONDS
                    if now - entry.stat(follow_symlinks=False).st_mtime > limit:
                        _remove_tree(place.with_name(entry.name))


def _begin(name: str) -> str:
    """Return how the names of all beginnings of a file or folder begin."""
    return f".{os.fsdecode(os.fsencode(name)[:_NAME_BYTES])}."


def _put_away(place: Path, aside: Path, *, missing_ok: bool = True) -> None:
    """Let a folder disappear from its place, at once where that can be had."""
    try:
        place.rename(aside)
    except FileNotFoundError:
        if not missing_ok:
            raise
    except OSError as error:
        # A folder of a container image's lower layer cannot be renamed on an overlay.
        if error.errno != errno.EXDEV:
            raise
        _remove_tree(place)


def _remove_tree(path: Path, *, ignore_errors: bool = False) -> None:
    if path.is_symlink() or not path.is_dir():
        path.unlink()
        return
    import shutil  # few callers that write a file remove a folder

    shutil.rmtree(path, ignore_errors=ignore_errors)


def _fault(destination: Path, error: OSError) -> EnvironmentFault:
    """Return why the destination cannot be written, and what would help."""
    reason = error.strerror or str(error)
    if error.errno in _FULL:
        fix = f"free some space where {destination.parent} lies, or name another folder"
    else:
        fix = f"name a writable folder in place of {destination.parent}"
    return EnvironmentFault(f"cannot be written: {reason}", where=str(destination), fix=fix)
