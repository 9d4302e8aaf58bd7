"""What differs by operating system: one function for each, and for each what takes its place where it is missing.

The functions named ``…_without`` work on every system and are tested on Linux; Linux and macOS use the system's own.
"""

from __future__ import annotations

import errno
import os
import sys
from _thread import allocate_lock
from contextlib import suppress
from typing import TYPE_CHECKING, BinaryIO

from packager.core.errors import EnvironmentFault

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

READ_FLAGS = os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
"""To open a file for its bytes: Windows would otherwise translate line ends."""
NEW_FILE_FLAGS = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
"""To make a file that does not exist yet, and to read it, too."""
NO_WAITING_FLAG = getattr(os, "O_NONBLOCK", 0)
"""Opening a named pipe does not wait for another process. Windows has no named pipes in folders."""

_NO_LINKS = frozenset({errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS})
_NO_PRIVILEGE = 1314
"""Windows' own number for a user who may not make links."""

_position = allocate_lock()
"""Held from a seek to the read that belongs to it."""


def read_at_without(descriptor: int, size: int, offset: int) -> bytes:
    """Return what `os.pread` does: up to `size` bytes from an offset. Moves the position of the file."""
    with _position:
        os.lseek(descriptor, offset, os.SEEK_SET)
        return os.read(descriptor, size)


def read_into_without(descriptor: int, buffer: memoryview, offset: int) -> int:
    """Return what `os.preadv` does with one buffer: how many bytes it now has from an offset."""
    data = read_at_without(descriptor, len(buffer), offset)
    buffer[: len(data)] = data
    return len(data)


if sys.platform != "win32" and hasattr(os, "preadv"):
    read_at = os.pread

    def read_into(descriptor: int, buffer: memoryview, offset: int) -> int:
        """Read bytes from an offset into a buffer, and return how many."""
        return os.preadv(descriptor, [buffer], offset)

else:
    read_at = read_at_without
    read_into = read_into_without


def set_mode(descriptor: int, mode: int) -> None:
    """Give an open file its mode, whatever the umask; Windows keeps no such thing."""
    if sys.platform != "win32":
        os.fchmod(descriptor, mode)


def is_root() -> bool:
    """Return whether this process may do everything; never on Windows, where proofs do not run."""
    return sys.platform != "win32" and os.geteuid() == 0


def lock(file: BinaryIO) -> bool:
    """Return whether no other process holds this file's lock; this one then has it until the file is closed."""
    try:
        if sys.platform == "win32":
            import msvcrt

            file.seek(0)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):  # the second is what Windows says
        return False
    except ImportError:  # a Python built without either: what needs the lock is then left undone
        return False
    return True


def make_without_name(place: Path) -> int:
    """Return the descriptor of a new file that is gone when it is closed, however this process ends."""
    descriptor = os.open(place, NEW_FILE_FLAGS | getattr(os, "O_TEMPORARY", 0), 0o600)
    if not hasattr(os, "O_TEMPORARY"):
        place.unlink()
    return descriptor


def make_link(place: Path, target: str | Path) -> None:
    """Make a symbolic link to a target, which is relative to the link's folder or absolute.

    Raises EnvironmentFault where the user (Windows) or the file system (FAT, some network shares) may not have links.
    """
    try:
        # Windows tells links to folders from links to files; other systems ignore it.
        place.symlink_to(target, target_is_directory=(place.parent / target).is_dir())
    except OSError as error:
        if error.errno not in _NO_LINKS and getattr(error, "winerror", None) != _NO_PRIVILEGE:
            raise
        msg = f"cannot make the symbolic link to {target}: {error.strerror or error}"
        fix = (
            "turn on Windows' developer mode, which allows links, or build inside WSL or with --builder docker"
            if sys.platform == "win32"
            else "set TMPDIR and PACKAGER_CACHE to folders on a file system that has symbolic links"
        )
        raise EnvironmentFault(msg, where=str(place), fix=fix) from error


def end_group(process: subprocess.Popen[bytes], *, kill: bool) -> None:
    """Ask the whole process group of a command to end, or kill it; without process groups, the command alone."""
    if sys.platform == "win32":
        end_group_without(process, kill=kill)
        return
    import signal

    # Gone already, or (macOS) only zombies are left in it.
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL if kill else signal.SIGTERM)


def end_group_without(process: subprocess.Popen[bytes], *, kill: bool) -> None:
    """Do what `end_group` does, for the command alone."""
    if kill:
        process.kill()
    else:
        process.terminate()
