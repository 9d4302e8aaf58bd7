"""From names and sources to a `Layout`: every name proved safe, unique and in the archive's order. Opens no file."""

from __future__ import annotations

from itertools import chain, pairwise
from operator import itemgetter
from typing import TYPE_CHECKING

from packager.core.errors import ArtifactError
from packager.core.names import folded
from packager.model.archives import Entry, Layout

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

MAX_ENTRIES = 0xFFFF
"""More need zip64 records, which not every host reads (APPNOTE 4.4.21)."""
MAX_NAME_BYTES = 4000
MAX_SEGMENT_BYTES = 255
"""Linux unpacks no longer ones: PATH_MAX is 4096 with the mount point, NAME_MAX 255."""

_SUSPICIOUS = ("\\", "//", "/./", "/../")
"""What the text of all names, each between slashes, has where one of them may be unsafe."""


def make_layout(pairs: Iterable[tuple[str, Path | bytes]]) -> Layout:
    """Return the archive before it exists: names proved, sorted by their UTF-8 bytes, each with its source.

    Raises ArtifactError for a name that is unsafe or given twice, for a file where another needs a folder, and for
    more entries than a zip holds. Names that differ only in case are legal on the targets: see `case_collisions`.

    >>> [entry.path for entry in make_layout([("b", b""), ("a/c", b"")]).entries]
    ['a/c', 'b']
    """
    return arrange(Entry(path, source) for path, source in pairs)


def arrange(entries: Iterable[Entry]) -> Layout:
    """Return the layout of entries in any order; see `make_layout`."""
    # Code points sort as their UTF-8 bytes do, under every locale.
    ordered = sorted(entries, key=itemgetter(0))
    paths = [entry.path for entry in ordered]
    prove_names(paths)
    if len(paths) > MAX_ENTRIES:
        from packager.core.units import counted, format_count

        most = format_count(MAX_ENTRIES)
        msg = f"there are {counted(len(paths), 'file')}, but a zip without zip64 records holds at most {most}"
        raise ArtifactError(msg, fix="leave files out (trim, trace or bundle), or split the bundle into layers")
    prove_distinct(paths)
    return Layout(tuple(ordered))


def prove_names(paths: Sequence[str]) -> None:
    """Raise ArtifactError unless all names are safe, see `prove_name`: the first that is not is named.

    Searched as one text: name by name takes ten times as long, and a tree has tens of thousands.
    """
    text = "\0".join(("", *paths, ""))
    as_path = text.replace("\0", "/")
    if text.count("\0") == len(paths) + 1 and not any(mark in as_path for mark in _SUSPICIOUS):
        paths = [path for path in paths if len(path) > MAX_SEGMENT_BYTES or not path.isascii()]
    for path in paths:
        prove_name(path)


def prove_name(path: str) -> bytes:
    """Return the UTF-8 bytes of an archive name that stays inside whatever folder it is unpacked to.

    Relative, POSIX, no empty, ``.`` or ``..`` segment, no backslash, no NUL. Raises ArtifactError for anything else.

    >>> prove_name("-rf/a b/é.js")
    b'-rf/a b/\\xc3\\xa9.js'
    """
    fault = _name_fault(path)
    if fault:
        msg = f"is an unsafe name in an archive: {fault}"
        raise ArtifactError(msg, where=repr(path), fix="rename the file, or leave it out")
    return path.encode()


def case_collisions(paths: Iterable[str]) -> list[tuple[str, str]]:
    """Return pairs of names that are one file where case or Unicode form is ignored (macOS, Windows), sorted.

    >>> case_collisions(["a/Index.js", "b.js", "a/index.js"])
    [('a/Index.js', 'a/index.js')]
    """
    seen: dict[str, str] = {}
    found = []
    for path in sorted(paths):
        first = seen.setdefault(folded(path), path)
        if first != path:
            found.append((first, path))
    return found


def _name_fault(path: str) -> str:
    """Return what makes a name unsafe, or nothing."""
    if not path:
        return "it is empty"
    if "\0" in path:
        return "it holds a NUL"
    if "\\" in path:
        return "it holds a backslash, which is a separator on some systems and a letter on others"
    if path.startswith("/"):
        return "it is absolute"
    # The cheap test first: hardly any name of a real tree has one of these.
    if ("//" in path or "." in (path[0], path[-1]) or "/." in path or path.endswith("/")) and any(
        segment in ("", ".", "..") for segment in path.split("/")
    ):
        return "it has an empty, '.' or '..' segment"
    if not path.isascii():
        try:
            path.encode()
        except UnicodeEncodeError:
            return "it is not valid Unicode"
    # A character is four bytes at most.
    if len(path) > MAX_SEGMENT_BYTES // 4:
        raw = path.encode()
        if len(raw) > MAX_NAME_BYTES:
            return _too_long("it", MAX_NAME_BYTES)
        if len(raw) > MAX_SEGMENT_BYTES and max(map(len, raw.split(b"/"))) > MAX_SEGMENT_BYTES:
            return _too_long("a segment of it", MAX_SEGMENT_BYTES)
    return ""


def _too_long(what: str, limit_bytes: int) -> str:
    from packager.core.units import format_bytes

    return f"{what} is longer than {format_bytes(limit_bytes)}"


def prove_distinct(files: list[str], folders: Iterable[str] = ()) -> None:
    """Raise ArtifactError if a file name comes twice, or is a folder at the same time. Takes the files sorted."""
    distinct = set(files)
    if len(distinct) < len(files):
        twice = next(path for path, following in pairwise(files) if path == following)
        msg = "two sources have one name in the archive"
        raise ArtifactError(msg, where=twice, fix="leave one of them out")
    proved: set[str] = set()
    above = {path.rpartition("/")[0] for path in files}
    for path in chain(folders, sorted(above)):
        folder = path
        while folder and folder not in proved:
            if folder in distinct:
                msg = "is a file and a folder at once"
                raise ArtifactError(msg, where=folder, fix="leave one of them out")
            proved.add(folder)
            folder = folder.rpartition("/")[0]
