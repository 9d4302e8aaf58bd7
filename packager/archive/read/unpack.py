"""An archive's members on disk, none of them outside the folder, whatever their names say."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from packager.archive.write.layout import prove_distinct, prove_name
from packager.core.errors import ArtifactError, EnvironmentFault, UsageError
from packager.core.system import make_link

if TYPE_CHECKING:
    from packager.archive.read.reader import Archive, ArchiveMember

_MAX_LINK_BYTES = 4096
"""PATH_MAX: a longer target resolves nowhere."""


def unpack(archive: Archive, into: Path, *, portable: bool = False) -> None:
    """Write all members into a new or empty folder, with the modes the archive gives them (none: 0644).

    Links are made last, and only if they end inside the folder. Set-uid bits are dropped, folders are 0755. `portable`
    reads backslashes in names as the separators that Windows tools mean by them; hosts take them literally.
    Raises ArtifactError for names that are unsafe, repeated or file and folder at once and for damaged members,
    UsageError for a folder that holds something, EnvironmentFault for one that cannot be written.
    """
    files, folders = _names(archive, portable=portable)
    try:
        _write(archive, into, files, folders)
    except OSError as error:
        msg = f"cannot be unpacked to: {error.strerror or error}"
        raise EnvironmentFault(msg, where=str(into), fix="free some space, or name another folder") from error


def _write(archive: Archive, into: Path, files: list[tuple[str, ArchiveMember]], folders: list[str]) -> None:
    """Write folders, files and then links, whose names have been proved."""
    into.mkdir(parents=True, exist_ok=True)
    if any(into.iterdir()):
        msg = "is not empty"
        raise UsageError(msg, where=str(into), fix="name a new or empty folder to unpack into")
    tree = _Tree(into.resolve())
    for folder in folders:
        tree.make_folder(folder)
    links = []
    for name, member in files:
        tree.make_folder(name.rpartition("/")[0])
        place = tree.root / name
        if member.is_symlink:
            links.append((place, member))
            continue
        with place.open("xb") as file:
            file.writelines(archive.pieces(member))
        place.chmod(0o644 if member.mode is None else member.mode & 0o777)
    _make_links(archive, tree.root, links)


class _Tree:
    """The folders made so far: each once, readable by everybody under any umask."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._made = {""}

    def make_folder(self, name: str) -> None:
        """Make a folder and those above it."""
        missing = []
        while name not in self._made:
            missing.append(name)
            name = name.rpartition("/")[0]
        for folder in reversed(missing):
            (self.root / folder).mkdir()
            (self.root / folder).chmod(0o755)
            self._made.add(folder)


def _names(archive: Archive, *, portable: bool) -> tuple[list[tuple[str, ArchiveMember]], list[str]]:
    """Return (name, member) of the files and the names of the folders, each proved to stay inside and to be one thing.

    A leading ``./`` and the slash that ends a folder's name mean nothing.
    """
    files: list[tuple[str, ArchiveMember]] = []
    folders: list[str] = []
    try:
        for member in archive.members:
            name = member.path.replace("\\", "/") if portable else member.path
            while name.startswith("./"):
                name = name[2:].lstrip("/")
            if name.endswith("/"):
                prove_name(name[:-1])
                folders.append(name[:-1])
            elif name or not member.is_dir:  # "./" is the root itself
                prove_name(name)
                files.append((name, member))
        prove_distinct(sorted(name for name, _ in files), folders)
    except ArtifactError as error:
        where = f"{archive.path}!{error.where}"
        raise ArtifactError(error.message, where=where, fix="make the archive again without it") from error
    return files, folders


def _make_links(archive: Archive, root: Path, links: list[tuple[Path, ArchiveMember]]) -> None:
    """Make the symbolic links; if one of them ends outside the root, none stays and ArtifactError is raised.

    Judged when all of them are there: what one link resolves to may depend on another.
    """
    made = []
    try:
        for place, member in links:
            target = _target(archive, member)
            make_link(place, target)
            made.append(place)
        for place, member in links:
            real = Path(os.path.realpath(place))  # unlike Path.resolve, calm about links in a circle
            if real != root and root not in real.parents:
                raise _leads_out(archive, member)
    except BaseException:
        for place in made:
            place.unlink()
        raise


def _target(archive: Archive, member: ArchiveMember) -> str:
    """Return where a link points; raises ArtifactError for what cannot be inside."""
    if member.size_bytes > _MAX_LINK_BYTES:
        raise _leads_out(archive, member)
    target = os.fsdecode(archive.read(member))
    if not target or "\0" in target or target.startswith("/"):
        raise _leads_out(archive, member)
    return target


def _leads_out(archive: Archive, member: ArchiveMember) -> ArtifactError:
    """Return the error for a link that is not to be followed."""
    msg = "is a symbolic link that leads out of the archive"
    return ArtifactError(msg, where=f"{archive.path}!{member.path}", fix="put the file itself in its place")
