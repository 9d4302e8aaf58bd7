"""Trees as tar streams: in without a temporary file, out without trusting a single name in them."""

from __future__ import annotations

import os
import posixpath
import shutil
import stat
import tarfile
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

from packager.core.errors import ArtifactError, EnvironmentFault
from packager.core.system import make_link, set_mode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

_BLOCK = tarfile.BLOCKSIZE
_CHUNK = 1 << 20
# Each small read of tarfile's stream copies what is left of this buffer, each large file is read in pieces of it.
_STREAM_BUFFER = 64 * 1024
FIXED_TIME = 315_532_800
"""1980-01-01: every member's time, so that equal trees are equal streams."""


def tar_stream(entries: Iterable[tuple[str, Path | bytes]]) -> Iterator[bytes]:
    """Return a tar of (relative POSIX name, file or bytes) pairs, piece by piece.

    Members belong to root and have a fixed time; they are 0755 where the file is executable by its owner, or the
    bytes are a script's, and else 0644.
    Symbolic links are followed. Raises ArtifactError for a file that changes its size while it is read.
    """
    for name, source in entries:
        member = tarfile.TarInfo(name)
        member.mtime = FIXED_TIME
        member.mode = 0o644
        if isinstance(source, bytes):
            member.size = len(source)
            member.mode = 0o755 if source.startswith(b"#!") else 0o644
            yield _header(member)
            yield source
        else:
            with source.open("rb") as file:
                status = os.fstat(file.fileno())
                member.size = status.st_size
                member.mode = 0o755 if status.st_mode & stat.S_IXUSR else 0o644
                yield _header(member)
                yield from _exactly(file, member.size, source)
        yield bytes(-member.size % _BLOCK)
    yield bytes(2 * _BLOCK)


def _header(member: tarfile.TarInfo) -> bytes:
    return member.tobuf(tarfile.PAX_FORMAT, "utf-8", "surrogateescape")


def _exactly(file: IO[bytes], size: int, path: Path) -> Iterator[bytes]:
    left = size
    while left:
        piece = file.read(min(left, _CHUNK))
        if not piece:
            msg = "became shorter while it was read"
            raise ArtifactError(msg, where=str(path), fix="do not change the project while it is being packaged")
        left -= len(piece)
        yield piece


class ChunkReader:
    """A readable file over pieces of bytes: what `tarfile` wants, from what the engine sends."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._rest = memoryview(b"")

    def read(self, size: int) -> bytes:
        """Return `size` bytes; fewer only at the end."""
        parts: list[memoryview] = []
        while size > 0:
            if not self._rest:
                piece = next(self._chunks, None)
                if piece is None:
                    break
                self._rest = memoryview(piece)
            parts.append(self._rest[:size])
            self._rest = self._rest[size:]
            size -= len(parts[-1])
        return b"".join(parts)


def unpack_stream(
    chunks: Iterable[bytes], into: Path, *, root: str = "", origin: str = "", keep: Callable[[str], bool] | None = None
) -> int:
    """Unpack an untrusted tar stream into an existing folder and return how many files and links it wrote.

    `root` is the leading folder of every member, taken off; `origin` the absolute path that folder has where the tar
    comes from, by which absolute links are made relative. `keep` is asked for each file and link by its relative path.

    Files are written as the current user, 0644 or 0755; folders are made where a file needs them. Symbolic links are
    made last, so nothing is ever written through one, and each must end inside `into`. Hard links become copies.
    Raises ArtifactError for a name or link that leaves the folder, a device, a name used twice, a truncated stream.
    """
    unpacking = _Unpacking(into, root, origin, keep)
    try:
        with tarfile.open(fileobj=ChunkReader(chunks), mode="r|", bufsize=_STREAM_BUFFER) as tar:  # type: ignore[call-overload]
            for member in tar:
                unpacking.add(tar, member)
                tar.members = []  # a stream's members cannot be read again; tarfile keeps them all the same
    except tarfile.TarError as error:
        msg = f"is not a readable tar stream: {error}"
        raise ArtifactError(msg, where=origin or "tar stream") from error
    unpacking.make_links()
    return unpacking.written


class _Unpacking:
    """One stream on its way to disk."""

    def __init__(self, into: Path, root: str, origin: str, keep: Callable[[str], bool] | None) -> None:
        self._into = os.fspath(into)
        self._root = root
        self._origin = origin
        self._keep = keep
        self._folders = {""}
        self._links: dict[str, str] = {}
        self._files: set[str] = set()
        self.written = 0

    def add(self, tar: tarfile.TarFile, member: tarfile.TarInfo) -> None:
        path = self._inside(member.name, member)
        if member.isdir():
            return
        if not path:
            raise self._refused(member.name, "is not a folder, and the whole tree should be in it")
        if not (member.isreg() or member.issym() or member.islnk()):
            raise self._refused(member.name, "is a device or pipe, not a file")
        if self._keep is not None and not self._keep(path):
            return
        if path in self._files or path in self._links:
            raise self._refused(member.name, "is there twice")
        if member.issym():
            self._links[path] = self._link_target(path, member)
            return
        self._make_folder(posixpath.dirname(path), member.name)
        if member.islnk():
            self._copy_of(path, member)
        else:
            content = tar.extractfile(member)
            if content is not None:
                self._write(path, member, content)
        self._files.add(path)
        self.written += 1

    def _write(self, path: str, member: tarfile.TarInfo, content: IO[bytes]) -> None:
        mode = 0o755 if member.mode & stat.S_IXUSR else 0o644
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
        with self._on_disk(path):
            descriptor = os.open(f"{self._into}/{path}", flags, mode)
        try:
            left = member.size
            while left:
                piece = content.read(min(left, _CHUNK))  # not under _on_disk: its errors are the stream's
                if not piece:
                    raise self._refused(member.name, "ends before its size")
                left -= len(piece)
                view = memoryview(piece)
                while view:
                    with self._on_disk(path):
                        view = view[os.write(descriptor, view) :]
            set_mode(descriptor, mode)  # whatever the umask
        finally:
            os.close(descriptor)

    def _copy_of(self, path: str, member: tarfile.TarInfo) -> None:
        """Copy rather than link: a later stage that edits one file must not edit its twin."""
        source = self._inside(member.linkname, member)
        if source not in self._files:
            why = f"is a hard link to {member.linkname}, which was left out or is not in the stream"
            raise self._refused(member.name, why)
        with self._on_disk(path):
            shutil.copy(f"{self._into}/{source}", f"{self._into}/{path}")

    def _make_folder(self, folder: str, name: str) -> None:
        if folder in self._folders:
            return
        self._make_folder(posixpath.dirname(folder), name)
        if folder in self._links or folder in self._files:
            raise self._refused(name, f"lies under {folder}, which is a link or a file")
        path = Path(self._into, folder)
        with self._on_disk(folder):
            path.mkdir(exist_ok=True)
        if path.is_symlink():
            raise self._refused(name, f"lies under {folder}, which is a link already there")
        self._folders.add(folder)

    @contextmanager
    def _on_disk(self, path: str) -> Iterator[None]:
        """Say of a failure to write what could not be written, and why."""
        try:
            yield
        except FileExistsError as error:
            raise self._refused(path, "is there already, or differs only in case from another") from error
        except OSError as error:
            msg = f"cannot be written: {error.strerror}"
            fix = "free some disk space, or set TMPDIR to a folder on another disk"
            raise EnvironmentFault(msg, where=f"{self._into}/{path}", fix=fix) from error

    def _inside(self, name: str, member: tarfile.TarInfo) -> str:
        """Return the path below the root, normalised; raises ArtifactError if it is not below it."""
        parts = [part for part in name.split("/") if part not in ("", ".")]
        if name.startswith("/") or ".." in parts or "\0" in name or (os.name == "nt" and "\\" in name):
            raise self._refused(member.name, f"leaves its folder ({name})")
        if self._root:
            if not parts or parts[0] != self._root:
                raise self._refused(member.name, f"is not below {self._root}")
            parts = parts[1:]
        return "/".join(parts)

    def _link_target(self, path: str, member: tarfile.TarInfo) -> str:
        target = member.linkname
        if target.startswith("/"):
            inside = posixpath.relpath(target, self._origin) if self._origin else ".."
            if inside == ".." or inside.startswith("../"):
                raise self._refused(member.name, f"is a link to {target}, outside its folder")
            target = posixpath.relpath(inside, posixpath.dirname(path) or ".")
        ends = posixpath.normpath(posixpath.join(posixpath.dirname(path), target))
        if ends == ".." or ends.startswith("../"):
            raise self._refused(member.name, f"is a link to {target}, outside its folder")
        return target

    def make_links(self) -> None:
        """Make the symbolic links, then ask the file system where each one really ends."""
        for path, target in self._links.items():
            self._make_folder(posixpath.dirname(path), path)
            with self._on_disk(path):
                make_link(Path(self._into, path), target)
            self.written += 1
        inside = os.path.realpath(self._into)
        for path, target in self._links.items():
            # Links through links: each may stay inside by its text and the chain still lead out.
            ends = os.path.realpath(f"{self._into}/{path}")
            if ends != inside and not ends.startswith(inside + os.sep):
                for made in self._links:
                    Path(self._into, made).unlink(missing_ok=True)
                raise self._refused(path, f"is a link to {target}, which leads outside its folder")

    def _refused(self, name: str, why: str) -> ArtifactError:
        return ArtifactError(f"{name!r} {why}", where=self._origin or "tar stream")
