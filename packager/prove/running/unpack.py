"""The very zip and its layers, unpacked where a proof can mount them: read-only, as the runtime's user sees them."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from packager.archive.read.reader import WEIGHED, open_archive
from packager.archive.read.unpack import unpack

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


@dataclass(frozen=True)
class CleanRoot:
    """A scratch folder holding one bundle and nothing else."""

    scratch: Path
    """For request, loader and mount points; removed at the end."""
    task: Path
    """What the runtime shows as ``/var/task``."""
    layers: Path
    """All layers merged in order, later over earlier: ``/opt``."""
    runtime: Path
    """What the runtime brings along itself, ``/var/runtime``; not there unless a bundle needs something of it."""


@contextmanager
def clean_root(function: Path | None, layers: Sequence[Path]) -> Iterator[CleanRoot]:
    """Unpack a function (None: only layers) and its layers; the folder is gone when the context ends.

    Raises ArtifactError for a zip that can't be read or holds unsafe names.
    """
    scratch = Path(tempfile.mkdtemp(prefix="packager-prove-"))
    try:
        scratch.chmod(0o755)  # the proof may run as another user
        root = CleanRoot(scratch, scratch / "task", scratch / "opt", scratch / "runtime")
        for folder in (root.task, root.layers):
            folder.mkdir()
            folder.chmod(0o755)  # whatever the umask: mkdir's own mode obeys it
        if function is not None:
            _unpack(function, root.task)
        for number, layer in enumerate(layers):
            folder = scratch / f"layer-{number}"
            folder.mkdir()
            _unpack(layer, folder)
            _merge(folder, root.layers)
        for tree in (root.task, root.layers):
            freeze(tree)
        yield root
    finally:
        _thaw(scratch)
        shutil.rmtree(scratch)


def _unpack(artifact: Path, into: Path) -> None:
    with open_archive(artifact, limits=WEIGHED) as archive:
        unpack(archive, into)


def _merge(source: Path, into: Path) -> None:
    """Move a tree over another one: what both hold is taken from the newcomer."""
    for entry in sorted(source.iterdir()):
        target = into / entry.name
        if entry.is_dir() and not entry.is_symlink() and target.is_dir() and not target.is_symlink():
            _merge(entry, target)
            continue
        if target.is_dir() and not target.is_symlink():
            shutil.rmtree(target)
        elif target.exists() or target.is_symlink():
            target.unlink()
        entry.rename(target)


def freeze(tree: Path) -> None:
    """Give all users the rights others have, and no user the right to write.

    The runtime's user owns nothing on Lambda: a file of mode 0600 can't be read there, whichever user unpacks it here.
    """
    for folder, _, names in os.walk(tree, topdown=False):
        for path in (*(Path(folder, name) for name in names), Path(folder)):
            if not path.is_symlink():
                others = stat.S_IMODE(path.stat().st_mode) & 0o005
                path.chmod(others * 0o111)


def _thaw(tree: Path) -> None:
    """Make folders removable again."""
    tree.chmod(0o700)
    for folder, subfolders, _ in os.walk(tree):
        for name in subfolders:
            path = Path(folder, name)
            if not path.is_symlink():
                path.chmod(0o700)
