"""A folder as names and real sources; the walk itself is `packager.archive.fastpath.walk`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from packager.archive.fastpath.walk import look
from packager.model.archives import Entry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def walk(
    root: Path, *, within: Path | None = None, skip: Callable[[str], bool] | None = None
) -> Iterator[tuple[str, Path]]:
    """Yield (name in the archive, real source) of each file beneath a folder, as `find` does."""
    for entry in find(root, within=within, skip=skip):
        yield entry.path, Path(str(entry.source))


def find(
    root: Path, *, within: Path | None = None, skip: Callable[[str], bool] | None = None, keep_links: bool = False
) -> Iterator[Entry]:
    """Yield each file beneath a folder with its real source and size; otherwise as `look`."""
    for group, statuses in look(root, within=within, skip=skip, keep_links=keep_links):
        sizes = [status.st_size for status in statuses]
        yield from map(Entry, map(group.prefix.__add__, group.names), group.sources(), sizes)
