"""A folder as one walk saw it, in flat columns: comparing two of them looks at no file alone."""

from __future__ import annotations

import struct
import time
from array import array
from bisect import bisect_right
from itertools import accumulate, chain
from operator import attrgetter

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Sequence

    from packager.glance.walk import Group
    from packager.model.archives import Entry

FIELDS = 5
"""What tells an untouched file from another or a changed one: device, inode, size and both times."""
_SIZE, _CHANGED = 2, 4
_IDENTITY = attrgetter("st_dev", "st_ino", "st_size", "st_mtime_ns", "st_ctime_ns")
_NUMBER = struct.Struct("=q")
_WORD = 1 << 64
_FEW = 16
"""Every so manieth file may be looked up alone before a list of all is made faster."""
_COARSEST_CLOCK_NS = 2_000_000_000
"""FAT counts time in two seconds, no file system of today in more."""
_UNTRUSTED = struct.pack(f"={FIELDS}q", *(-1,) * FIELDS)
ROW_BYTES = len(_UNTRUSTED)


class Snapshot:
    """All files of a folder in the order of the walk, which is the system's and means nothing. Never changed."""

    def __init__(self, names: bytes, identities: bytes, groups: tuple[Group, ...], started_ns: int) -> None:
        self.names = names
        """UTF-8, joined by NUL."""
        self.identities = identities
        """`FIELDS` native 64-bit numbers per file."""
        self.groups = groups
        self.started_ns = started_ns
        """When the walk began (``time.time_ns``): no file was read before."""

    def __len__(self) -> int:
        return len(self.identities) // ROW_BYTES

    def paths(self) -> list[str]:
        """Return each file's name in the archive."""
        return split_names(self.names)

    def sizes(self) -> array[int]:
        """Return the bytes of each file."""
        return array("q", self.identities)[_SIZE::FIELDS]

    def sources(self) -> list[str]:
        """Return where each file really lies."""
        return list(chain.from_iterable(group.sources() for group in self.groups))

    def entries(self) -> Iterable[Entry]:
        """Return the files as entries of an archive."""
        from packager.model.archives import Entry

        return map(Entry, self.paths(), self.sources(), self.sizes())

    def some(self, rows: Sequence[int]) -> list[Entry]:
        """Return some of the files as entries; where they are few, nothing is made for the others."""
        from packager.model.archives import Entry

        if len(rows) * _FEW > len(self):
            paths, sources, sizes = self.paths(), self.sources(), self.sizes()
            return [Entry(paths[row], sources[row], sizes[row]) for row in rows]
        ends = list(accumulate(len(group.names) for group in self.groups))
        found = []
        for row in rows:
            number = bisect_right(ends, row)
            group = self.groups[number]
            inner = row - ends[number]  # from the end of the group
            (size,) = _NUMBER.unpack_from(self.identities, row * ROW_BYTES + _SIZE * _NUMBER.size)
            found.append(Entry(group.prefix + group.names[inner], group.folder + group.files[inner], size))
        return found

    def settled(self) -> bytes:
        """Return the identities, those of files changed too shortly before the walk replaced by -1.

        As in git: a second change within the same tick of the file system's clock would leave the same times.
        """
        changed = array("q", self.identities)[_CHANGED::FIELDS]
        limit = self.started_ns - _COARSEST_CLOCK_NS
        if not changed or max(changed) < limit:
            return self.identities
        trusted = bytearray(self.identities)
        for row in [row for row, changed_ns in enumerate(changed) if changed_ns >= limit]:
            trusted[row * ROW_BYTES : (row + 1) * ROW_BYTES] = _UNTRUSTED
        return bytes(trusted)


class Columns:
    """A sight while it grows."""

    def __init__(self) -> None:
        self._names: list[str] = []
        self._identities: list[bytes] = []
        self._groups: list[Group] = []

    def add(self, seen: Iterable[tuple[Group, list[os.stat_result]]]) -> None:
        """Append what a walk saw."""
        for group, statuses in seen:
            self._groups.append(group)
            # One text a folder: the separator brings the folder's name along.
            self._names.append(group.prefix + f"\0{group.prefix}".join(group.names))
            self._identities.append(_packed(statuses))

    def sight(self, started_ns: int) -> Snapshot:
        """Return the sight of a walk that began then."""
        return Snapshot("\0".join(self._names).encode(), b"".join(self._identities), tuple(self._groups), started_ns)


def see(seen: Iterable[tuple[Group, list[os.stat_result]]]) -> Snapshot:
    """Return what a walk saw, which begins with this."""
    started_ns = time.time_ns()
    columns = Columns()
    columns.add(seen)
    return columns.sight(started_ns)


def joined(sights: Iterable[Snapshot], started_ns: int) -> Snapshot:
    """Return several as one, end to end, begun at that time."""
    parts = [sight for sight in sights if len(sight)]
    names = b"\0".join([sight.names for sight in parts])
    identities = b"".join([sight.identities for sight in parts])
    return Snapshot(names, identities, tuple(chain.from_iterable([sight.groups for sight in parts])), started_ns)


def split_names(names: bytes) -> list[str]:
    """Return the names of a column."""
    return names.decode().split("\0") if names else []


def identity_of(status: os.stat_result) -> tuple[int, ...]:
    """Return what tells an untouched file from another or a changed one."""
    found: tuple[int, ...] = _IDENTITY(status)
    return found


def _packed(statuses: list[os.stat_result]) -> bytes:
    numbers = tuple(chain.from_iterable(map(_IDENTITY, statuses)))
    try:
        return struct.pack(f"={len(numbers)}q", *numbers)
    except struct.error:
        # Overlay file systems put their layer's number into an inode's highest bits.
        signed = [(number + _WORD // 2) % _WORD - _WORD // 2 for number in numbers]
        return struct.pack(f"={len(numbers)}q", *signed)
