"""Trees of earlier builds: where nothing that a build reads has changed, its result is taken instead of made again.

What a build has left as it was is not kept: it is copied from the project again, so that no copy of its secrets lies
about.
"""

from __future__ import annotations

import re
import shutil
import stat
from dataclasses import asdict
from typing import TYPE_CHECKING, Protocol

import msgspec

from packager.builders.cache_key import key_of, settled
from packager.builders.source import copy_source, source_files
from packager.core.cache_areas import TREES
from packager.core.cache_dir import CacheDir, paths
from packager.model.builds import Tree

if TYPE_CHECKING:
    from pathlib import Path

    from packager.core.cache_dir import KeptTree
    from packager.core.progress import Stopwatch
    from packager.model.builds import Builder
    from packager.model.plan import Job


class Known(Protocol):
    """A builder that can say beforehand what its results depend on beside the job."""

    def build(self, job: Job, scratch: Path, watch: Stopwatch) -> Tree:
        """Run the job."""

    def identity(self, job: Job, watch: Stopwatch) -> str:
        """Return the tools, image and environment of a job as one text."""


class _About(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What there is to know of a kept tree beside its files: the fields of `Tree`, and more."""

    builder: str
    image: str
    image_id: str
    toolchain: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]
    gone: tuple[str, ...]
    """Source files the build has removed."""


class KeepingBuilder:
    """Builds jobs by another builder, and what was built before not at all."""

    def __init__(self, builder: Known, cache: Path, *, fresh: bool = False) -> None:
        """Take the builder and the cache folder. `fresh` builds again and keeps that."""
        self._builder = builder
        self._cache = cache
        self._trees = CacheDir(cache).area(TREES)
        self._fresh = fresh

    def build(self, job: Job, scratch: Path, watch: Stopwatch) -> Tree:
        """Return the tree of a job, in scratch either way. Raises what the builder raises."""
        if not settled(job):
            return self._builder.build(job, scratch, watch)
        key = key_of(job, _anywhere(self._builder.identity(job, watch), self._cache))
        kept = None if self._fresh else self._trees.get(key)
        if kept is not None:
            tree = _restored(kept, job, scratch, watch)
            if tree is not None:
                return tree
        made = self._builder.build(job, scratch, watch)
        self._trees.put(key, lambda folder: _fill(folder, job, made))
        return made


def keeping(builder: Known, cache: Path, *, fresh: bool = False) -> Builder:
    """Return a builder that remembers what it has built."""
    return KeepingBuilder(builder, cache, fresh=fresh)


def _anywhere(identity: str, cache: Path) -> str:
    """Return what a builder says of its tools, told alike wherever the cache folder with those of them lies.

    A cache that is restored at another path still serves.
    """
    for path in sorted({str(cache), str(cache.absolute()), str(cache.resolve())}, key=len, reverse=True):
        # Builders say it as Python spells texts, with what may stand beside a path on PATH.
        spelled = re.escape(repr(path)[1:-1])
        identity = re.sub(rf"(?<![^:='\"]){spelled}(?=[/:'\"])", "{cache}", identity)
    return identity


def _restored(kept: KeptTree, job: Job, scratch: Path, watch: Stopwatch) -> Tree | None:
    """Return a tree made of the project's files and the kept ones; None for one that cannot be had."""
    try:
        about = msgspec.convert(kept.about, _About)
    except msgspec.ValidationError:
        return None  # of another version
    root = scratch / "kept"
    with watch.step("reuse", job.source.name):
        root.mkdir(parents=True)
        copy_source(job, root)
        for name in about.gone:
            (root / name).unlink(missing_ok=True)
        try:
            for relative in paths(kept.folder):
                _copy(kept.folder / relative, root / relative)
            whole = kept.stays()
        except OSError:
            whole = False
        if not whole:
            # Taken away or replaced by another process just now: it is built again.
            shutil.rmtree(root)
            return None
    for note in about.notes:
        watch.progress.line(f"note: {note}")
    return Tree(root, about.builder, about.image, about.image_id, about.toolchain, about.notes)


def _fill(folder: Path, job: Job, tree: Tree) -> object | None:
    """Copy what a build has made or changed, and return what else there is to know; None for what cannot be kept."""
    source = dict(source_files(job))
    left, copied = set(), 0
    for relative in paths(tree.root):
        made = tree.root / relative
        left.add(relative)
        if relative in source and _same(made, source[relative]):
            continue
        if made.is_symlink() and made.readlink().is_absolute():
            return None  # it would lead into the scratch folder of the build that made it
        _copy(made, folder / relative)
        copied += 1
    if sum(1 for _ in paths(folder)) != copied:
        return None  # another process that empties the cache has taken some of it already
    said = {key: value for key, value in asdict(tree).items() if key != "root"}
    return {**said, "gone": sorted(source.keys() - left)}


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
