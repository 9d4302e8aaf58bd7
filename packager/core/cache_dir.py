"""The cache folder: areas of items that carry a checksum, each of them complete or not there.

An area holds files or trees under keys, most of them digests of what the item depends on. ``get`` returns what ``put``
was given or nothing: what is damaged is removed and counts as missing. A cache that cannot be read or written costs
time, nothing else, and several processes may use it at once. `packager.core.cache_areas` lists all areas.

The checksums protect against accidents, not against people: who may write in the cache can write a checksum, too.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, BinaryIO, Generic, Literal, TypeVar

from packager.core.atomic import PARTIAL_SUFFIX, STALE_SECONDS, is_leftover, made_aside, remove, write, writing
from packager.core.sealed import read_plain, seal, unseal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

DIGEST = r"[0-9a-f]{8,64}"
_RECORD = "record.json"
_FILES = "files"
_SUM_BYTES = 32
_PIECE_BYTES = 1 << 20


@dataclass(frozen=True)
class Item:
    """One thing that goes or stays as a whole."""

    area: str
    path: Path
    size_bytes: int
    used: float
    """When it was used or made, in seconds since 1970."""
    kind: Literal["file", "tree", "leftover"] = "file"
    """A leftover is of a run that was killed, or that is at it just now."""


class Area:
    """The items of one area. This one is for what its room reads and writes in a format of its own."""

    def __init__(self, folder: Path, spec: AreaSpec[Area]) -> None:
        self.folder = folder
        self.spec = spec
        self._reaped = False

    def place(self, key: str) -> Path:
        """Return where an item lies, or would. Raises ValueError for a key that `items` would not find."""
        if re.fullmatch(self.spec.key, key) is None:
            msg = f"is not a key of the cache's area {self.spec.name}: {key}"
            raise ValueError(msg)
        return self.folder / f"{key}{self.spec.suffix}"

    def touch(self, key: str) -> None:
        """Note that an item is in use: what was not used for the longest time goes first."""
        with suppress(OSError):  # gone, or not ours: its age then does not matter
            os.utime(self._dated(self.place(key)))

    def evict(self, key: str) -> bool:
        """Remove an item; return whether it was there and is gone."""
        try:
            remove(self.place(key))
        except OSError:
            return False
        return True

    def items(self) -> list[Item]:
        """Return what there is, least recently used first, leftovers included."""
        return sorted(_items_in(self.folder, self.spec), key=lambda item: (item.used, str(item.path)))

    def reap(self, older_than_seconds: float = STALE_SECONDS) -> None:
        """Remove what killed runs have left; done at the first ``put`` in any case."""
        self._reaped = True
        oldest = time.time() - older_than_seconds
        with suppress(OSError):
            for path in self.folder.iterdir():
                if self.spec.is_leftover(path.name):
                    with suppress(OSError):
                        if path.lstat().st_mtime < oldest:
                            remove(path)

    def make_room(self, keep: str) -> None:
        """Remove the least recently used until the others, and the one to keep, are not more than the area may hold."""
        if self.spec.max_bytes is None:
            return
        spared, weighed = self.place(keep), sorted(self._weighed())
        total = sum(size for _, size, _ in weighed)
        for _, size, path in weighed:
            if total <= self.spec.max_bytes:
                return
            if path == spared:
                continue
            with suppress(OSError):
                remove(path)
                total -= size

    def _prepare(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        if not self._reaped:
            self.reap()
        if self.spec.private:
            with suppress(OSError):  # another user's, who knows what he does
                self.folder.chmod(0o700)

    def _weighed(self) -> list[tuple[float, int, Path]]:
        """Return (last use, bytes, path) of the whole items."""
        return [(item.used, item.size_bytes, item.path) for item in self.items() if item.kind != "leftover"]

    def _dated(self, place: Path) -> Path:
        return place

    def _discard(self, place: Path) -> None:
        """Remove what is damaged; what cannot be removed is passed over each time."""
        with suppress(OSError):
            remove(place)

    def _purpose(self, key: str) -> str:
        return f"{self.spec.about} {key}"

    @property
    def _mode(self) -> int | None:
        return 0o600 if self.spec.private else None


A_co = TypeVar("A_co", bound=Area, covariant=True)


@dataclass(frozen=True)
class AreaSpec(Generic[A_co]):
    """What there is to know of an area before it is opened."""

    name: str
    """Of its folder, relative to the cache folder."""
    title: str
    """For people: what it holds."""
    form: type[A_co]
    about: str = ""
    """Goes into every checksum, so that an item of another area is not believed."""
    kind: Literal["file", "tree"] = "file"
    key: str = DIGEST
    """Regular expression of all keys, and so of the names of all items: nothing else is ever counted or removed, since
    the named folder may hold other things as well."""
    suffix: str = ""
    depth: int = 1
    """How deep items lie: in the folder itself, or on shelves of it."""
    max_bytes: int | None = field(default=None, kw_only=True)
    """What the items together may take: a ``put`` lets the least recently used go. None: ``packager cache prune`` does,
    or the room itself."""
    private: bool = field(default=False, kw_only=True)
    """Whether it is for its owner's eyes only."""

    def owns(self, path: Path) -> bool:
        """Return whether a path in the right folder is an item, or a leftover of one."""
        # A link leads to files that are not ours.
        named = re.fullmatch(f"(?:{self.key}){re.escape(self.suffix)}", path.name)
        return (named is not None or self.is_leftover(path.name)) and not path.is_symlink()

    def is_leftover(self, name: str) -> bool:
        """Return whether a name is one of what is not finished."""
        # The second: as versions before 2026-12 named them.
        old = rf"(?:{self.key})({re.escape(self.suffix)})?(\.\w+)?{re.escape(PARTIAL_SUFFIX)}"
        return is_leftover(name) or re.fullmatch(old, name) is not None

    def items(self, cache: Path) -> Iterator[Item]:
        """Yield all items of a cache folder, of all shelves, in no order."""
        for folder in _shelves(cache / self.name, self.depth - 1):
            yield from _items_in(folder, self)


@dataclass(frozen=True)
class CacheDir:
    """A cache folder, which may not be there yet."""

    root: Path

    def area(self, spec: AreaSpec[A_co], shelf: str = "") -> A_co:
        """Return an area, or one shelf of it: a folder in its folder."""
        folder = self.root / spec.name
        return spec.form(folder / shelf if shelf else folder, spec)


class BytesArea(Area):
    """Files: a checksum over what the item is about and its content, and then the content."""

    def get(self, key: str) -> bytes | None:
        """Return what was put; None if there is nothing or it is not as it was."""
        place = self.place(key)
        content = _content(place)
        if content is None:
            return None
        found = content[_SUM_BYTES:]
        if self._sum(key, found).digest() != content[:_SUM_BYTES]:
            self._discard(place)
            return None
        self.touch(key)
        return found

    def put(self, key: str, content: bytes | BinaryIO) -> bool:
        """Keep a content or what is read from a stream; return whether that could be done."""
        place = self.place(key)
        try:
            self._prepare()
            if isinstance(content, bytes):
                write(place, self._sum(key, content).digest() + content, mode=self._mode)
            else:
                self._put_stream(place, key, content)
        except OSError:
            return False
        self.make_room(key)
        return True

    def _put_stream(self, place: Path, key: str, stream: BinaryIO) -> None:
        digest = self._sum(key)
        with writing(place, mode=self._mode) as file:
            file.write(bytes(_SUM_BYTES))
            while piece := stream.read(_PIECE_BYTES):
                digest.update(piece)
                file.write(piece)
            file.seek(0)
            file.write(digest.digest())

    def _sum(self, key: str, content: bytes = b"") -> hashlib._Hash:
        digest = hashlib.sha256(self._purpose(key).encode() + b"\0")
        digest.update(content)
        return digest


class DocumentArea(Area):
    """Documents: what JSON has a form for, sealed, see `packager.core.sealed`."""

    def get(self, key: str) -> object | None:
        """Return what was put, which another version may have; None if there is nothing or it is not as it was."""
        place = self.place(key)
        content = _content(place)
        if content is None:
            return None
        found = unseal(content, self._purpose(key))
        if found is None:
            self._discard(place)
            return None
        self.touch(key)
        return found

    def put(self, key: str, document: object) -> bool:
        """Keep a document; return whether that could be done."""
        place, content = self.place(key), seal(document, self._purpose(key))
        try:
            self._prepare()
            write(place, content, mode=self._mode)
        except OSError:
            return False
        self.make_room(key)
        return True


@dataclass(frozen=True)
class KeptTree:
    """A tree out of the cache. Another process may take it away at any time, or put another in its place.

    What is read of it may be missing, or of two trees: who has read all asks whether it `stays`.
    """

    folder: Path
    about: object
    """What was said of it when it was put."""
    record: bytes = field(repr=False)

    def stays(self) -> bool:
        """Return whether the tree in this place still is the one that was got."""
        return _content(self.folder.parent / _RECORD) == self.record


class TreeArea(Area):
    """Trees, each in a folder of its own beside a sealed record.

    The record holds what is to be known of the tree, and a digest over names, sizes, modes and dates of its files:
    a program that touches them loses them. It is the record's date that says when a tree was used.
    """

    def get(self, key: str) -> KeptTree | None:
        """Return what was put; None if there is nothing or it is not as it was. Its contents are not read."""
        place = self.place(key)
        try:
            content = read_plain(place / _RECORD)
        except (FileNotFoundError, NotADirectoryError):
            content = None
        except OSError:
            return None
        record = _record(content, self._purpose(key))
        if content is None or record is None:
            if place.is_dir() and not place.is_symlink():
                _discard_tree(place, content)
            return None
        try:
            as_it_was = listing(place / _FILES)[0] == record["listing"]
        except OSError:
            as_it_was = False
        if not as_it_was:
            _discard_tree(place, content)
            return None
        self.touch(key)
        return KeptTree(place / _FILES, record["about"], content)

    def put(self, key: str, fill: Callable[[Path], object | None]) -> bool:
        """Keep a tree; return whether that could be done.

        `fill` makes it in an empty folder and returns what is to be known of it, something JSON has a form for, or
        None: then nothing is kept. Its OSErrors count as those of the cache. Of several processes that put the same,
        the last one's stays.
        """
        place = self.place(key)
        try:
            self._prepare()
            with made_aside(place, replaces=True) as made:
                (made / _FILES).mkdir()
                about = fill(made / _FILES)
                if about is None:
                    raise _NotKeptError
                said, size = listing(made / _FILES)
                record = {"listing": said, "size_bytes": size, "about": about}
                (made / _RECORD).write_bytes(seal(record, self._purpose(key)))
                if self.spec.private:
                    made.chmod(0o700)
        except (OSError, _NotKeptError):
            return False
        self.make_room(key)
        return True

    def _dated(self, place: Path) -> Path:
        return place / _RECORD

    def _weighed(self) -> list[tuple[float, int, Path]]:
        """Take the records' word: going through thousands of files is for people who ask."""
        found = []
        with suppress(OSError):
            for path in self.folder.iterdir():
                with suppress(OSError):
                    if not self.spec.is_leftover(path.name) and self.spec.owns(path):
                        found.append(self._weigh(path))
        return found

    def _weigh(self, path: Path) -> tuple[float, int, Path]:
        with suppress(FileNotFoundError, NotADirectoryError):
            record = _record(read_plain(path / _RECORD), self._purpose(path.name))
            if record is not None and isinstance(size := record["size_bytes"], int):
                return (path / _RECORD).stat().st_mtime, size, path
        item = item_at(self.spec, path)  # damaged, or of another version
        return item.used, item.size_bytes, path


class ProgramArea(Area):
    """Trees that programs are run in, as their makers laid them out, with a sealed record among their files.

    The record says which files there were, how large, and which of them run: what is cut short or missing is found, and
    what has been added since does not count. Dates do not count, so that a copy of a cache serves. A tree
    without a record is of a version that wrote none, and taken as it is.
    """

    def get(self, key: str) -> Path | None:
        """Return the tree; None if there is none or something of it is missing. Its contents are not read."""
        place = self.place(key)
        if not place.is_dir():
            return None
        try:
            content = read_plain(place / _RECORD)
        except FileNotFoundError:
            content = None
        except OSError:
            return None
        if content is not None:
            try:
                whole = _is_whole(place, unseal(content, self._purpose(key)))
            except OSError:
                whole = False
            if not whole:
                _discard_tree(place, content)
                return None
        self.touch(key)
        return place

    @contextmanager
    def making(self, key: str) -> Iterator[Path]:
        """Yield an empty folder that becomes the tree when the block ends well; what lies beside it then goes.

        Two runs may make the same: the first one's stays. Raises OSError where the cache cannot be written, since
        without the tree nothing can go on.
        """
        place = self.place(key)
        self._prepare()
        with made_aside(place) as made:
            yield made
            files = {name: _size_and_mode(made, name) for name in paths(made)}
            (made / _RECORD).write_bytes(seal(files, self._purpose(key)))
            (made / _RECORD).chmod(0o644)
        self.make_room(key)

    def _dated(self, place: Path) -> Path:
        record = place / _RECORD
        return record if record.exists() else place


def _discard_tree(place: Path, record: bytes | None) -> None:
    """Remove a tree that is not as it was, and not another one that has taken its place while it was looked at."""
    with suppress(OSError):
        remove(place, still=lambda folder: _content(folder / _RECORD) == record)


def _is_whole(root: Path, files: object) -> bool:
    """Return whether all files of a record are there and as large as they were. Raises OSError for a missing one."""
    return isinstance(files, dict) and all(_size_and_mode(root, name) == said for name, said in files.items())


def _size_and_mode(root: Path, name: str) -> list[object]:
    status = os.lstat(f"{root}/{name}")
    return [status.st_size, bool(status.st_mode & stat.S_IXUSR)]


class _NotKeptError(Exception):
    """Who fills a tree has thought better of it."""


def listing(root: Path) -> tuple[str, int]:
    """Return a digest over names, sizes, modes and dates of all files and links beneath a folder, and their bytes.

    Raises OSError for a folder that cannot be listed, or from which something disappears: it may be going just now.
    """
    digest, size = hashlib.sha256(), 0
    for relative in paths(root):
        status = os.lstat(f"{root}/{relative}")
        size += status.st_size
        line = f"{relative}\0{status.st_size} {status.st_mode:o} {status.st_mtime_ns}\0"
        digest.update(line.encode("utf-8", "surrogateescape"))
    return digest.hexdigest(), size


def paths(root: Path) -> Iterator[str]:
    """Yield files and links beneath a folder, sorted by folder, relative and POSIX.

    Raises OSError for a folder that cannot be listed: it may be going just now.
    """

    def fail(error: OSError) -> None:
        raise error

    for parent, folders, names in os.walk(root, onerror=fail):
        links = [name for name in folders if os.path.islink(f"{parent}/{name}")]  # noqa: PTH114 (thousands of them)
        folders[:] = sorted(set(folders).difference(links))
        base = os.path.relpath(parent, root)
        for name in sorted([*names, *links]):
            yield name if base == "." else f"{base}/{name}"


def item_at(spec: AreaSpec[Area], path: Path) -> Item:
    """Return an item with all that lies in it; links are not followed. Raises FileNotFoundError."""
    size, used = 0, 0.0
    for status in _statuses(path):
        size += status.st_size
        used = max(used, status.st_mtime)
    kind: Literal["tree", "file"] = "tree" if path.is_dir() else "file"
    return Item(spec.name, path, size, used, "leftover" if spec.is_leftover(path.name) else kind)


def _items_in(folder: Path, spec: AreaSpec[Area]) -> Iterator[Item]:
    with suppress(OSError):
        for path in folder.iterdir():
            with suppress(OSError):  # another process tidies up as well
                if spec.owns(path):
                    yield item_at(spec, path)


def _shelves(folder: Path, depth: int) -> Iterator[Path]:
    """Yield the folders so many levels beneath another one, not through links."""
    if depth == 0:
        yield folder
        return
    with suppress(OSError):
        for path in folder.iterdir():
            if path.is_dir() and not path.is_symlink():
                yield from _shelves(path, depth - 1)


def _statuses(path: Path) -> Iterator[os.stat_result]:
    yield path.lstat()
    for parent, _, names in os.walk(path):
        for name in names:
            with suppress(OSError):
                yield os.lstat(f"{parent}/{name}")


def _content(place: Path) -> bytes | None:
    """Return what a file holds; None if it is none, or cannot be read, which says nothing about the file."""
    with suppress(OSError):
        return read_plain(place)
    return None


def _record(content: bytes | None, purpose: str) -> dict[str, object] | None:
    found = unseal(content or b"", purpose)
    return found if isinstance(found, dict) and {"listing", "size_bytes", "about"} <= found.keys() else None
