"""Which project files take part in a build, and how they get there: as a copy, or as a tar stream.

Everything does, except what the build makes itself (``node_modules``; those in a framework's output are the user's),
what only this machine needs (caches, virtual environments, version control) and what an earlier run left. Configuration
such as ``.npmrc`` and ``.env`` goes in, because installing and generating read it; keeping it out of archives is the
trimmer's business.
"""

from __future__ import annotations

import os
import shutil
import stat
import tarfile
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from packager.core.errors import ArtifactError, ConfigError
from packager.core.system import make_link
from packager.model.builds import PYTHON_PACKAGES_DIR
from packager.model.packages import in_output

if TYPE_CHECKING:
    from collections.abc import Iterator

    from packager.model.plan import Job


LEFT_OUT = frozenset(
    {"node_modules", ".pnpm-store", PYTHON_PACKAGES_DIR}
    | {".git", ".hg", ".svn", ".DS_Store"}
    | {".cache", ".turbo", ".parcel-cache", ".npm", ".nx"}
    | {".serverless", ".aws-sam", ".terraform", ".vercel", ".netlify"}
    | {"__pycache__", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".hypothesis", ".tox", ".nox", ".venv"}
)
"""Names that never take part, at any depth."""

# npm dates every file of its archives like this: old enough for every make, young enough for every zip.
_MTIME = 499162500
_CHUNK_BYTES = 1 << 20


def source_files(job: Job) -> Iterator[tuple[str, Path]]:
    """Yield (path relative to the project, path on this machine) of every file and link that takes part, sorted.

    Links are yielded as links, see `link_target`; folders are not yielded, sockets and devices are passed over.
    Raises ConfigError if the project is not a folder, ArtifactError for what cannot be read or leads outside.
    """
    if not job.source.is_dir():
        msg = "is not a folder" if job.source.exists() else "there is no such folder"
        raise ConfigError(msg, where=str(job.source), fix="name the folder that holds the project's package.json")
    ignored = frozenset(str(PurePosixPath(path)) for path in job.ignore)
    yield from _walk(job.source, "", ignored)


def link_target(job: Job, relative: str) -> str:
    """Return the text of a link of the project, made relative, so that it means the same in any folder.

    Raises ArtifactError if it leads outside the project, to nothing, or in a circle. A link into what is left out
    (``node_modules``) need not lead anywhere yet.
    """
    link = job.source / relative
    text = str(link.readlink())
    root = job.source.resolve()
    parent = link.parent.resolve()
    # Not resolve(): what lies behind may be a link itself, and is judged as one where it is met.
    absolute = Path(os.path.normpath(parent / text))
    if not absolute.is_relative_to(root):
        # An absolute link may spell the project's folder through links of its own, as /tmp on macOS.
        absolute = absolute.parent.resolve() / absolute.name
    if not absolute.is_relative_to(root):
        msg = f"is a link to {text}, outside the project"
        fix = "replace the link with what it points to, or build from a folder that contains both"
        raise ArtifactError(msg, where=relative, fix=fix)
    inside = absolute.relative_to(root)
    if LEFT_OUT.isdisjoint(inside.parts):
        _require_end(link, root, relative, text)
    return os.path.relpath(absolute, parent).replace(os.sep, "/")


def copy_source(job: Job, into: Path) -> int:
    """Copy the project into an existing folder and return the number of files and links.

    Modes become 0755 or 0644 whatever the umask, dates the same for everybody. Raises ArtifactError; a full disk
    is an OSError for the caller, who knows which disk it is.
    """
    count = 0
    made: set[Path] = set()
    rewritten = {name: text.encode() for name, text in job.rewritten}
    for relative, path in source_files(job):
        destination = into / relative
        if destination.parent not in made:
            destination.parent.mkdir(parents=True, exist_ok=True)
            made.add(destination.parent)
        count += 1
        if path.is_symlink():
            make_link(destination, link_target(job, relative))
            continue
        if relative in rewritten:
            destination.write_bytes(rewritten[relative])
            destination.chmod(_mode(path))
            os.utime(destination, (_MTIME, _MTIME))
            continue
        try:
            shutil.copyfile(path, destination)
        except PermissionError as error:
            raise _unreadable(relative) from error
        except FileNotFoundError as error:
            raise _changed(relative) from error
        destination.chmod(_mode(path))
        os.utime(destination, (_MTIME, _MTIME))
    return count


def source_tar(job: Job) -> Iterator[bytes]:
    """Yield the project as a tar stream (POSIX pax): root's, sorted, one date, 0755 or 0644; nothing is held back.

    Raises what `source_files` raises, and ArtifactError if a file changes its size meanwhile.
    """
    rewritten = {name: text.encode() for name, text in job.rewritten}
    for relative, path in source_files(job):
        info = tarfile.TarInfo(relative)
        info.mtime = _MTIME
        if path.is_symlink():
            info.type, info.linkname, info.mode = tarfile.SYMTYPE, link_target(job, relative), 0o777
            yield info.tobuf(tarfile.PAX_FORMAT)
            continue
        if relative in rewritten:
            content = rewritten[relative]
            info.size, info.mode = len(content), _mode(path)
            yield info.tobuf(tarfile.PAX_FORMAT) + content + bytes(-len(content) % tarfile.BLOCKSIZE)
            continue
        try:
            file = path.open("rb")
        except PermissionError as error:
            raise _unreadable(relative) from error
        with file:
            status = os.fstat(file.fileno())
            info.size, info.mode = status.st_size, _mode(path)
            yield info.tobuf(tarfile.PAX_FORMAT)
            left = info.size
            while chunk := file.read(min(left, _CHUNK_BYTES)):
                left -= len(chunk)
                yield chunk
            if left:
                raise _changed(relative)
        yield bytes(-info.size % tarfile.BLOCKSIZE)
    yield bytes(2 * tarfile.BLOCKSIZE)


def _walk(folder: Path, prefix: str, ignored: frozenset[str]) -> Iterator[tuple[str, Path]]:
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except PermissionError as error:
        raise _unreadable(prefix or str(folder)) from error
    for entry in entries:
        relative = prefix + entry.name
        if _left_out(entry, relative, ignored):
            continue
        path = Path(entry.path)
        if entry.is_symlink() or entry.is_file(follow_symlinks=False):
            yield relative, path
        elif entry.is_dir(follow_symlinks=False) and not (path / "pyvenv.cfg").exists():
            yield from _walk(path, relative + "/", ignored)


def _left_out(entry: os.DirEntry[str], relative: str, ignored: frozenset[str]) -> bool:
    if entry.name == "node_modules" and in_output(f"{relative}/"):
        return relative in ignored
    if entry.name in LEFT_OUT or relative in ignored or entry.name.endswith(".tmp"):
        return True
    return entry.name == "cache" and PurePosixPath(relative).parent.name == ".next"


def _require_end(link: Path, root: Path, relative: str, text: str) -> None:
    """Raise ArtifactError unless the chain of links that starts here ends at something inside the project."""
    try:
        end = link.resolve(strict=True)
    except FileNotFoundError as error:
        msg = f"is a link to {text}, which does not exist"
        raise ArtifactError(msg, where=relative, fix="remove the link or restore what it points to") from error
    except (OSError, RuntimeError) as error:  # before Python 3.13 a circle is a RuntimeError
        msg = f"is a link to {text}, which leads back to itself"
        raise ArtifactError(msg, where=relative, fix="remove one of these links") from error
    if not end.is_relative_to(root):
        msg = f"is a link to {text}, which leads to {end}, outside the project"
        raise ArtifactError(msg, where=relative, fix="replace the link with what it points to")


def _mode(path: Path) -> int:
    return 0o755 if path.stat().st_mode & stat.S_IXUSR else 0o644


def _unreadable(relative: str) -> ArtifactError:
    return ArtifactError("cannot be read: permission denied", where=relative, fix="give yourself read permission")


def _changed(relative: str) -> ArtifactError:
    msg = "changed while it was being read"
    return ArtifactError(msg, where=relative, fix="stop what writes to the project (a watcher, another build)")
