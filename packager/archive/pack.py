"""A folder or anybody's archive in, a canonical archive out."""

from __future__ import annotations

import tempfile
from pathlib import Path

from packager.archive import DEFAULT_LEVEL, Artifact
from packager.archive.layout import make_layout
from packager.archive.reader import open_archive
from packager.archive.tree import walk
from packager.archive.unpack import unpack
from packager.archive.writer import write


def pack(source: Path, destination: Path, *, level: int = DEFAULT_LEVEL, jobs: int | None = None) -> Artifact:
    """Write the canonical archive of a folder's files, or of the members of a zip, and return it.

    Links become what they point to, modes follow from content, backslashes in names become slashes, empty folders are
    left out. The destination may lie in the folder: it does not become part of itself.
    Raises ArtifactError if the source cannot be read, EnvironmentFault if the destination cannot be written.
    """
    if source.is_dir():
        return _pack_folder(source, destination, level, jobs)
    with open_archive(source) as archive, tempfile.TemporaryDirectory(prefix="packager-") as scratch:
        unpack(archive, Path(scratch), portable=True)
        return _pack_folder(Path(scratch), destination, level, jobs)


def _pack_folder(folder: Path, destination: Path, level: int, jobs: int | None) -> Artifact:
    """Write the archive of a folder, which may hold the destination."""
    root, target = folder.resolve(), destination.resolve()
    own_name = target.relative_to(root).as_posix() if root in target.parents else ""
    layout = make_layout(walk(folder, skip=lambda name: name == own_name))
    return write(layout, destination, level=level, jobs=jobs)
