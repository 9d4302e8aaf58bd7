"""A folder as names and real sources: one walk, symbolic links resolved to content inside the root and nowhere else.

Links to packages (pnpm's, npm's to workspaces) can be kept as links: followed, a package would lie where it is linked
to, away from what lies beside it, and once per link.
"""

from __future__ import annotations

import os
import stat

from packager.core.errors import ArtifactError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MAX_FILES = 1_000_000
"""Links to folders that hold links to folders multiply a tree: far above what any host takes, it is refused."""

_BY_DESCRIPTOR = os.scandir in os.supports_fd
"""Not on Windows."""
_FOLDER_FLAGS = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0)
_SPECIAL = {stat.S_IFSOCK: "a socket", stat.S_IFIFO: "a named pipe", stat.S_IFBLK: "a device", stat.S_IFCHR: "a device"}


LINK_MARK = "\0"
"""What the source of a link that is kept begins with; where it leads follows. No path can have it."""


class Group:
    """Some files that lie in one folder."""

    __slots__ = ("files", "folder", "names", "prefix")

    def __init__(self, prefix: str, names: list[str], folder: str, files: list[str]) -> None:
        self.prefix = prefix
        """What comes before their names in the archive: empty, or ends in a slash."""
        self.names = names
        self.folder = folder
        """Where they really lie, with a slash at the end; no link in it."""
        self.files = files
        """Their names there: the same as `names`, but for a link."""

    def sources(self) -> list[str]:
        """Return where each file really lies."""
        return list(map(self.folder.__add__, self.files))


class _Folder:
    """A folder to be read."""

    __slots__ = ("path", "prefix", "spans")

    def __init__(self, path: str, prefix: str, spans: tuple[tuple[str, str], ...]) -> None:
        self.path = path
        """Where it really lies; no link in it."""
        self.prefix = prefix
        """Its name in the archive with a slash; empty for the root."""
        self.spans = spans
        """Per link on the way here (the root counts as one): the folder it led to, and the one left through the
        next."""

    def is_inside(self, target: str) -> bool:
        """Return whether the way from the root to here passes through this real folder."""
        ways = (*self.spans[:-1], (self.spans[-1][0], self.path))
        return any(_contains(start, target) and _contains(target, end) for start, end in ways)


class Walk:
    """A walk through the regular files beneath a folder, one folder at a time.

    Links are followed as long as they end `within` (default: the root); a linked folder's files come under the link's
    name. With `keep_links`, a link in a ``node_modules`` to a folder of the tree is a file whose source is `LINK_MARK`
    and where it leads. `skip` is asked with each name, of files, links and folders alike, before it is looked into.
    Raises ArtifactError for a folder that cannot be read.
    """

    def __init__(
        self,
        root: str | os.PathLike[str],
        *,
        within: str | os.PathLike[str] | None = None,
        skip: Callable[[str], bool] | None = None,
        keep_links: bool = False,
    ) -> None:
        real_root = _real_folder(root)
        self._root = root
        self._real_root = real_root
        self._keep_links = keep_links
        self._bounds = _real_folder(within) if within else real_root
        self._skip = skip
        self._files = 0
        self.ahead = [_Folder(real_root, "", ((real_root, real_root),))]
        """Folders to be read, the next one last."""

    def step(self) -> Iterator[tuple[Group, list[os.stat_result]]]:
        """Yield the files of the next folder, group by group, with their status; raises as `look` does."""
        folder = self.ahead.pop()
        path, prefix = f"{folder.path}/", folder.prefix
        listed = _list(folder.path)
        if self._skip is not None:
            listed = listed.without(prefix, self._skip)
        if listed.files:
            self.count(len(listed.files))
            yield Group(prefix, listed.files, path, listed.files), listed.statuses
        inner = [_Folder(path + short, f"{prefix}{short}/", folder.spans) for short in listed.folders]
        for short in listed.others:
            target = _resolve(path + short, self._bounds)
            status = os.stat(target)  # noqa: PTH116
            if self._keep_links and stat.S_ISDIR(status.st_mode) and self._is_package(prefix, short, target):
                self.count(1)
                leads = os.path.relpath(target[len(self._real_root) :] or "/", f"/{prefix}")
                text = leads.replace(os.sep, "/")
                yield Group(prefix, [short], LINK_MARK, [text]), [os.lstat(path + short)]
            elif stat.S_ISDIR(status.st_mode):
                inner.append(_through_link(folder, path + short, prefix + short, target))
            elif stat.S_ISREG(status.st_mode):
                self.count(1)
                real, _, name = target.rpartition("/")
                yield Group(prefix, [short], f"{real}/", [name]), [status]
            else:
                raise _special(target)
        self.ahead += reversed(inner)

    def _is_package(self, prefix: str, name: str, target: str) -> bool:
        """Return whether a link lies where packages do, and leads to a folder of this tree that is not around it."""
        place = prefix.rstrip("/").split("/")
        scoped = len(place) > 1 and place[-1].startswith("@") and place[-2] == "node_modules"
        inside = target.startswith(self._real_root.rstrip("/") + "/")
        around = f"{self._real_root.rstrip('/')}/{prefix}{name}".startswith(f"{target}/")
        skipped = self._skip is not None and self._skip(target[len(self._real_root) + 1 :])
        return inside and not around and not skipped and (place[-1] == "node_modules" or scoped)

    def count(self, files: int) -> None:
        """Take files into account. Raises ArtifactError if there are too many."""
        self._files += files
        if self._files > MAX_FILES:
            from packager.core.units import counted

            msg = f"more than {counted(MAX_FILES, 'file')}; links to folders may be multiplying them"
            raise ArtifactError(msg, where=str(self._root), fix="leave folders out, or replace links by plain folders")


def look(
    root: str | os.PathLike[str],
    *,
    within: str | os.PathLike[str] | None = None,
    skip: Callable[[str], bool] | None = None,
    keep_links: bool = False,
) -> Iterator[tuple[Group, list[os.stat_result]]]:
    """Yield the regular files beneath a folder, group by group, with their status; empty folders leave nothing.

    See `Walk`. Raises ArtifactError for a link that leads out, nowhere or around in a circle, for a socket, pipe or
    device, for a name that is not valid UTF-8 and for a folder that cannot be read.
    """
    walk = Walk(root, within=within, skip=skip, keep_links=keep_links)
    while walk.ahead:
        yield from walk.step()


class _FolderListing:
    """What a folder holds, by kind; folders and others sorted, so that the first fault found is the same everywhere."""

    __slots__ = ("files", "folders", "others", "statuses")

    def __init__(self, files: list[str], statuses: list[os.stat_result], folders: list[str], others: list[str]) -> None:
        self.files = files
        self.statuses = statuses
        """Of the files, in their order."""
        self.folders = folders
        self.others = others
        """Links, and what an archive cannot hold."""

    def without(self, prefix: str, skip: Callable[[str], bool]) -> _FolderListing:
        """Return the same without what is to be skipped; `prefix` is the folder's name in the archive."""
        kept = [pair for pair in zip(self.files, self.statuses, strict=True) if not skip(prefix + pair[0])]
        return _FolderListing(
            [name for name, _ in kept],
            [status for _, status in kept],
            [name for name in self.folders if not skip(prefix + name)],
            [name for name in self.others if not skip(prefix + name)],
        )


def _list(path: str) -> _FolderListing:
    """Return what a folder holds. Raises ArtifactError if it cannot be listed or a name is not valid UTF-8."""
    plain: list[os.DirEntry[str]] = []
    folders: list[str] = []
    others: list[str] = []
    try:
        # Through the descriptor the kernel looks up one name per file, not the whole path to it.
        descriptor = os.open(path, _FOLDER_FLAGS) if _BY_DESCRIPTOR else -1
        try:
            with os.scandir(descriptor if _BY_DESCRIPTOR else path) as entries:
                for entry in entries:
                    if entry.is_file(follow_symlinks=False):
                        plain.append(entry)
                    elif entry.is_dir(follow_symlinks=False):
                        folders.append(entry.name)
                    else:
                        others.append(entry.name)
            files = [entry.name for entry in plain]
            statuses = [entry.stat(follow_symlinks=False) for entry in plain]
        finally:
            if _BY_DESCRIPTOR:
                os.close(descriptor)
    except OSError as error:
        msg = f"cannot be listed: {error.strerror or error}"
        raise ArtifactError(msg, where=path, fix="make the folder readable, or leave it out") from error
    folders.sort()
    others.sort()
    _prove_unicode([*files, *folders, *others], path)
    return _FolderListing(files, statuses, folders, others)


def _prove_unicode(names: list[str], folder: str) -> None:
    """Raise ArtifactError if the bytes of a name are no UTF-8."""
    try:
        "".join(names).encode()
    except UnicodeEncodeError as error:
        wrong = next(name for name in names if any("\ud800" <= letter <= "\udfff" for letter in name))
        msg = "the name is not valid UTF-8, and a zip cannot hold it"
        where = repr(os.fsencode(f"{folder}/{wrong}"))
        raise ArtifactError(msg, where=where, fix="rename the file") from error


def _real_folder(path: str | os.PathLike[str]) -> str:
    """Return the real path of a folder; raises ArtifactError if there is none."""
    try:
        real = os.path.realpath(path, strict=True)
    except OSError as error:
        msg = f"cannot be opened: {error.strerror or error}"
        raise ArtifactError(msg, where=str(path), fix="name an existing folder") from error
    if not os.path.isdir(real):  # noqa: PTH112
        msg = "is not a folder"
        raise ArtifactError(msg, where=str(path), fix="name a folder")
    return real


def _resolve(link: str, bounds: str) -> str:
    """Return where a link really leads; raises ArtifactError if that is nowhere or out of bounds, or if it is none."""
    if not os.path.islink(link):  # noqa: PTH114
        raise _special(link)
    try:
        target = os.path.realpath(link, strict=True)
    except FileNotFoundError as error:
        msg = f"is a link to {os.readlink(link)}, which does not exist"  # noqa: PTH115
        raise ArtifactError(msg, where=link, fix="remove the link, or install what it points to") from error
    except OSError as error:
        msg = f"is a link that cannot be followed: {error.strerror or error}"
        raise ArtifactError(msg, where=link, fix="remove the link") from error
    if not _contains(bounds, target):
        msg = f"is a link to {target}, outside {bounds}"
        fix = "put a copy in its place, or leave the link out"
        if "/node_modules/." in target:
            fix = "pack the folder that holds the store, or a member by itself: pnpm --filter=NAME deploy --prod FOLDER"
        raise ArtifactError(msg, where=link, fix=fix)
    return target


def _through_link(folder: _Folder, link: str, name: str, target: str) -> _Folder:
    """Return the folder a link leads to; raises ArtifactError if the link lies in that folder itself."""
    if folder.is_inside(target):
        msg = f"is a link to {target}, which contains it: the tree has no end"
        raise ArtifactError(msg, where=link, fix="remove the link, or leave it out")
    left = (*folder.spans[:-1], (folder.spans[-1][0], folder.path))
    return _Folder(target, name + "/", (*left, (target, target)))


def _contains(folder: str, path: str) -> bool:
    """Return whether a real path is this folder or lies in it."""
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def _special(path: str) -> ArtifactError:
    """Return the error for what is neither file, folder nor link."""
    kind = _SPECIAL.get(stat.S_IFMT(os.lstat(path).st_mode), "a special file")
    msg = f"is {kind}, which an archive cannot hold"
    return ArtifactError(msg, where=path, fix="remove it, or leave it out")
