"""Putting finished files where the user looks: each one complete or not at all."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import stat
import tempfile
from typing import TYPE_CHECKING

from packager.core.atomic import PartialPath, remove_stale
from packager.core.errors import EnvironmentFault
from packager.core.system import set_mode

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

_PIECE_BYTES = 1 << 20
_MODE = 0o644


def check_writable(out: Path) -> None:
    """Make the output folder and prove that it can be written, before the long work. Raises EnvironmentFault."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=out):
            pass
    except OSError as error:
        raise fault(out, error) from error


def place_files(files: Mapping[str, Path | str], out: Path) -> None:
    """Write every file beside its place first, then rename them all: a run killed in the middle changes little.

    Values are a file to copy or a text. What is there already, byte for byte, is left as it is: whatever watches the
    folder sees nothing change where nothing has. Raises EnvironmentFault where the folder cannot be written.
    """
    check_writable(out)
    blocked = next((name for name in files if (out / name).is_dir()), None)
    if blocked is not None:
        msg = "is a folder where a file is to be written"
        raise EnvironmentFault(msg, where=str(out / blocked), fix="remove it, or choose another folder with --out")
    for name in files:
        remove_stale(out / name)
    waiting: list[PartialPath] = []
    try:
        for name, content in files.items():
            place = out / name
            if _is_there(content, place):
                continue
            place.parent.mkdir(parents=True, exist_ok=True)
            waiting.append(PartialPath(place))
            with waiting[-1].path.open("xb") as stream:
                if isinstance(content, str):
                    stream.write(content.encode("utf-8"))
                else:
                    with content.open("rb") as source:
                        shutil.copyfileobj(source, stream, _PIECE_BYTES)
                stream.flush()
                os.fsync(stream.fileno())
                set_mode(stream.fileno(), _MODE)  # whatever the umask
        while waiting:
            waiting[0].take_place()
            waiting.pop(0)
    except OSError as error:
        raise fault(out, error) from error
    finally:
        for aside in waiting:
            aside.discard()


def remove_others(out: Path, names: Iterable[str], files: Iterable[str]) -> None:
    """Remove these files, and what these folders hold, but for `files`; folders that are empty then, too.

    Names are relative to the output folder. Links are removed, not followed.
    """
    keep = {out / name for name in files}
    for name in names:
        place = out / name
        is_folder = place.is_dir() and not place.is_symlink()
        # Deepest first, so that a folder is looked at when all in it that may go is gone.
        inner = sorted(place.rglob("*"), reverse=True) if is_folder else []
        for path in (*inner, place):
            if path not in keep:
                with contextlib.suppress(OSError):  # not there, not empty, or not ours to remove: it does no harm
                    path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink()


def _is_there(content: Path | str, final: Path) -> bool:
    """Return whether a plain file of this content, readable as we leave them, is in its place."""
    try:
        status = final.lstat()
        if not stat.S_ISREG(status.st_mode) or stat.S_IMODE(status.st_mode) != _MODE:
            return False
        if isinstance(content, str):
            return final.read_bytes() == content.encode("utf-8")
        return status.st_size == content.stat().st_size and _are_alike(content, final)
    except OSError:
        return False  # not there, or not to be read: it is replaced


def _are_alike(one: Path, other: Path) -> bool:
    """Return whether two files hold the same. Not `filecmp`, which believes what it found about other times."""
    with one.open("rb") as first, other.open("rb") as second:
        while True:
            piece = first.read(_PIECE_BYTES)
            if piece != second.read(_PIECE_BYTES):
                return False
            if not piece:
                return True


def fault(out: Path, error: OSError) -> EnvironmentFault:
    """Return why the output folder cannot be written, and what would help."""
    reasons = {
        errno.ENOSPC: ("the disk is full", "make room, or choose another folder with --out"),
        errno.EDQUOT: ("your disk quota is used up", "make room, or choose another folder with --out"),
        errno.EROFS: ("the file system is read-only", "choose another folder with --out"),
        errno.EACCES: ("permission denied", "choose another folder with --out"),
        errno.ENOTDIR: ("is a file, not a folder", "choose another folder with --out"),
        errno.EEXIST: ("is a file, not a folder", "choose another folder with --out"),
    }
    message, fix = reasons.get(error.errno or 0, (error.strerror or str(error), "choose another folder with --out"))
    return EnvironmentFault(message, where=f"output folder {out}", fix=fix)
