"""Trees of earlier builds: where nothing that a build reads has changed, its result is taken instead of made again.

What a build has left as it was is not kept: it is copied from the project again, so that no copy of its secrets lies
about.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import stat
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from packager.generate.key import key_of, settled
from packager.generate.source import copy_source, source_files
from packager.model.builds import Tree

if TYPE_CHECKING:
    from collections.abc import Iterator

    from packager.core.progress import Stopwatch
    from packager.model.builds import Builder
    from packager.model.plan import Job

ROOM = "trees"
"""In the cache folder: one folder per tree."""
_RECORD = "record.json"
_FILES = "files"
_MOST_BYTES = 4 << 30
"""Of all trees together; the least recently used go first."""

_STALE_SECONDS = 86_400
"""What is not whole and older than this was left by a run that was killed."""


class Known(Protocol):
    """A builder that can say beforehand what its results depend on beside the job."""

    def build(self, job: Job, scratch: Path, watch: Stopwatch) -> Tree:
        """Run the job."""

    def identity(self, job: Job, watch: Stopwatch) -> str:
        """Return the tools, image and environment of a job as one text."""


@dataclass(frozen=True)
class _Record:
    """What there is to know of a kept tree beside its files."""

    tree: dict[str, Any]
    gone: tuple[str, ...]
    """Source files the build has removed."""
    listing: str
    """Digest over the kept files' names, sizes, modes and dates: whoever touches them loses them."""
    size_bytes: int


class KeepingBuilder:
    """Builds jobs by another builder, and what was built before not at all."""

    def __init__(self, builder: Known, cache: Path, *, fresh: bool = False) -> None:
        """Take the builder and the cache folder. `fresh` builds anew and keeps that."""
        self._builder = builder
        self._room = cache / ROOM
        self._fresh = fresh

    def build(self, job: Job, scratch: Path, watch: Stopwatch) -> Tree:
        """Return the tree of a job, in scratch either way. Raises what the builder raises."""
        if not settled(job):
            return self._builder.build(job, scratch, watch)
        place = self._room / key_of(job, self._builder.identity(job, watch))
        if not self._fresh:
            tree = _restored(place, job, scratch, watch)
            if tree is not None:
                return tree
        tree = self._builder.build(job, scratch, watch)
        # A cache that cannot be written costs time, no build.
        with suppress(OSError):
            _keep(place, job, tree)
            _make_room(self._room, place)
        return tree


def keeping(builder: Known, cache: Path, *, fresh: bool = False) -> Builder:
    """Return a builder that remembers what it has built."""
    return KeepingBuilder(builder, cache, fresh=fresh)


def _restored(place: Path, job: Job, scratch: Path, watch: Stopwatch) -> Tree | None:
    """Return a tree made of the project's files and the kept ones; None if none is kept or it is not as it was."""
    try:
        record = msgspec.json.decode((place / _RECORD).read_bytes(), type=_Record)
        os.utime(place / _RECORD)
        if _listing(place / _FILES) != record.listing:
            return None
    except (OSError, msgspec.DecodeError):
        return None
    root = scratch / "kept"
    with watch.step("reuse", job.source.name):
        root.mkdir(parents=True)
        copy_source(job, root)
        for name in record.gone:
            (root / name).unlink(missing_ok=True)
        try:
            _copy_over(place / _FILES, root)
        except OSError:
            # Taken away by another process just now: built anew, then.
            shutil.rmtree(root)
            return None
    said = record.tree
    notes = tuple(said["notes"])
    for note in notes:
        watch.progress.line(f"note: {note}")
    toolchain = tuple((str(name), str(version)) for name, version in said["toolchain"])
    return Tree(root, said["builder"], said["image"], said["image_id"], toolchain, notes)


def _keep(place: Path, job: Job, tree: Tree) -> None:
    """Put a copy of what a build has made or changed into the cache, complete or not at all.

    Others may do the same at the same time: what they have begun is theirs, and who comes last stays.
    """
    source = dict(source_files(job))
    partial, older = _aside(place), _aside(place)
    (partial / _FILES).mkdir(parents=True)
    try:
        left, copied = set(), 0
        for relative in _paths(tree.root):
            made = tree.root / relative
            left.add(relative)
            if relative in source and _same(made, source[relative]):
                continue
            if made.is_symlink() and made.readlink().is_absolute():
                return  # it would lead into the scratch folder of the build that made it
            _copy(made, partial / _FILES / relative)
            copied += 1
        sizes = [os.lstat(partial / _FILES / name).st_size for name in _paths(partial / _FILES)]
        if len(sizes) != copied:
            return  # somebody who empties the cache has taken some of it already
        said = {key: value for key, value in asdict(tree).items() if key != "root"}
        gone = tuple(sorted(source.keys() - left))
        record = _Record(said, gone, _listing(partial / _FILES), sum(sizes))
        (partial / _RECORD).write_text(json.dumps(asdict(record)))
        if place.exists():
            place.rename(older)
        partial.chmod(0o700)
        partial.rename(place)
    finally:
        for rest in (partial, older):
            shutil.rmtree(rest, ignore_errors=True)


def _make_room(room: Path, newest: Path) -> None:
    """Remove the trees that were not used for the longest time, until the others are not too much."""
    oldest = time.time() - _STALE_SECONDS
    for rest in room.glob(".*.removed"):
        with suppress(OSError):
            if rest.stat().st_mtime < oldest:
                shutil.rmtree(rest)
    kept = []
    for path in room.iterdir():
        with suppress(OSError, msgspec.DecodeError):
            record = msgspec.json.decode((path / _RECORD).read_bytes(), type=_Record)
            kept.append(((path / _RECORD).stat().st_mtime, record.size_bytes, path))
    total = sum(size for _, size, _ in kept)
    for _, size, path in sorted(kept):
        if total <= _MOST_BYTES or path == newest:
            continue
        aside = _aside(path)
        with suppress(OSError):
            path.rename(aside)
            total -= size
        shutil.rmtree(aside, ignore_errors=True)


def _aside(place: Path) -> Path:
    """Return a name beside a tree's place for what is not whole."""
    return place.with_name(f".{place.name}.{os.urandom(4).hex()}.removed")


def _paths(root: Path) -> Iterator[str]:
    """Yield files and links beneath a folder, sorted by folder, relative and POSIX.

    Raises OSError for a folder that cannot be listed: it may be going just now.
    """

    def fail(error: OSError) -> None:
        raise error

    for parent, folders, names in os.walk(root, onerror=fail):
        links = [name for name in folders if Path(parent, name).is_symlink()]
        folders[:] = sorted(set(folders).difference(links))
        base = os.path.relpath(parent, root)
        for name in sorted([*names, *links]):
            yield name if base == "." else f"{base}/{name}"


def _listing(root: Path) -> str:
    digest = hashlib.sha256()
    for relative in _paths(root):
        status = os.lstat(root / relative)
        line = f"{relative}\0{status.st_size} {status.st_mode:o} {status.st_mtime_ns}\0"
        digest.update(line.encode("utf-8", "surrogateescape"))
    return digest.hexdigest()


def _same(made: Path, original: Path) -> bool:
    """Return whether a build has left a file as it was in the project."""
    if made.is_symlink() or original.is_symlink() or not made.is_file():
        return False
    if made.stat().st_size != original.stat().st_size or _runs(made) != _runs(original):
        return False
    return made.read_bytes() == original.read_bytes()


def _runs(path: Path) -> bool:
    return bool(path.stat().st_mode & stat.S_IXUSR)


def _copy(source: Path, target: Path) -> None:
    """Copy a file or link with mode and date, never following it; as a second name of it where that can be had."""
    target.parent.mkdir(parents=True, exist_ok=True)
    target.unlink(missing_ok=True)
    shutil.copy2(source, target, follow_symlinks=False)


def _copy_over(source: Path, target: Path) -> None:
    for relative in _paths(source):
        _copy(source / relative, target / relative)
