"""What an archive was made of when it was written last: which files need not be read again, and whether it still holds.

A file counts as unchanged if its device, inode, size and both times are; as in git, not if it was changed so shortly
before it was read that a second change could show the same times.
"""

from __future__ import annotations

import os
import struct
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain
from operator import attrgetter
from typing import TYPE_CHECKING, overload

from packager.archive import Artifact, Layout, Member
from packager.archive.columns import DamagedError, join_columns, split_columns

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_IDENTITY = attrgetter("st_dev", "st_ino", "st_size", "st_mtime_ns", "st_ctime_ns")
_FIELDS = 5
_COARSEST_CLOCK_NS = 2_000_000_000
"""FAT counts time in two seconds, no file system of today in more."""
_NEVER = (-1,) * _FIELDS
_COLUMNS = 6
_DIGEST_BYTES = 32


@dataclass(frozen=True)
class Snapshot:
    """What the files of a layout look like now, in flat columns."""

    names: bytes
    """UTF-8, joined by NUL."""
    identities: array[int]
    """Five numbers per file; zeros for bytes that come from none."""


def snapshot(layout: Layout) -> Snapshot:
    """Return what the files of a layout look like. Entries without a status count as bytes: they are read anew."""
    none = (0,) * _FIELDS
    names = "\0".join([path for path, _, _ in layout.entries]).encode()
    rows = [none if status is None else _IDENTITY(status) for _, _, status in layout.entries]
    # Half the time that `array` takes to grow from an iterator.
    return Snapshot(names, array("q", struct.pack(f"={_FIELDS * len(rows)}q", *chain.from_iterable(rows))))


@dataclass(frozen=True)
class Record:
    """One archive as it was written, in flat columns sorted by name; loading it makes no object per file."""

    artifact: Artifact
    identity: tuple[int, ...]
    """Of the archive: what `identity_of` said when it was complete."""
    names: bytes
    """UTF-8, joined by NUL."""
    identities: array[int]
    """Five numbers per file; those of files changed too shortly before are -1 and equal nothing."""
    digests: bytes
    """SHA-256 of the contents."""

    def known(self, fresh: Snapshot) -> list[bytes | None]:
        """Return per file the SHA-256 of its content; None where it has to be read."""
        digests = [self.digests[at : at + _DIGEST_BYTES] for at in range(0, len(self.digests), _DIGEST_BYTES)]
        if fresh.names == self.names:
            if fresh.identities == self.identities:
                return list(digests)
            rows: Iterable[int] = range(len(digests))
        else:
            row_of = {name: row for row, name in enumerate(self.names.split(b"\0"))}
            rows = [row_of.get(name, -1) for name in fresh.names.split(b"\0")]
        found: list[bytes | None] = []
        for index, row in enumerate(rows):
            same = row >= 0 and _row(fresh.identities, index) == _row(self.identities, row)
            found.append(digests[row] if same else None)
        return found

    def holds(self, fresh: Snapshot, digests: Sequence[bytes | None], codec: str) -> bool:
        """Return whether the archive would become the same again, and still is what was written."""
        return (
            codec == self.artifact.codec
            and None not in digests
            and b"".join(digest or b"" for digest in digests) == self.digests
            and fresh.names == self.names
            and self.is_intact()
        )

    def seen_again(self, fresh: Snapshot, started_ns: int) -> Record:
        """Return the record with what the files, whose contents are the same, look like by now."""
        return replace(self, identities=_settled(fresh, started_ns))

    def is_intact(self) -> bool:
        """Return whether the archive is the file that was written, untouched since."""
        return identity_of(self.artifact.path) == self.identity

    def dump(self) -> bytes:
        """Return the record as `load` reads it."""
        artifact = self.artifact
        facts = "\n".join((artifact.codec, artifact.sha256, *map(str, (artifact.zipped_bytes, artifact.unzipped_bytes)),
                           *map(str, self.identity)))  # fmt: skip
        compressed = array("Q", [member.compressed_bytes for member in artifact.members])
        executable = bytes(member.executable for member in artifact.members)
        sizes = array("Q", [member.size_bytes for member in artifact.members])
        return join_columns(
            (
                facts.encode(),
                self.names,
                self.identities.tobytes(),
                self.digests,
                sizes.tobytes() + compressed.tobytes(),
                executable,
            )
        )


def make_record(fresh: Snapshot, artifact: Artifact, started_ns: int) -> Record:
    """Return the record of an archive just written; the files were not read before `started_ns` (``time.time_ns``)."""
    digests = bytes.fromhex("".join([member.sha256 for member in artifact.members]))
    return Record(artifact, identity_of(artifact.path) or (), fresh.names, _settled(fresh, started_ns), digests)


def load_record(block: bytes, destination: Path) -> Record:
    """Return what `Record.dump` wrote for this destination; raises DamagedError for anything else."""
    facts, names, numbers, digests, lengths, executable = split_columns(block, _COLUMNS)
    codec, sha256, *rest = facts.decode().split("\n")
    zipped, unzipped, *identity = map(int, rest)
    identities, sizes = array("q", numbers), array("Q", lengths)
    if not len(digests) // _DIGEST_BYTES == len(executable) == len(identities) // _FIELDS == len(sizes) // 2:
        raise DamagedError
    members = _RecordedMembers(names, sizes, digests, executable)
    artifact = Artifact(destination, zipped, unzipped, sha256, members, codec, written=False)
    return Record(artifact, tuple(identity), names, identities, digests)


def identity_of(path: Path) -> tuple[int, ...] | None:
    """Return what tells an untouched file from another or a changed one; None if there is none."""
    try:
        found: tuple[int, ...] = _IDENTITY(os.stat(path))  # noqa: PTH116
    except OSError:
        return None
    return found


class _RecordedMembers(Sequence[Member]):
    """Members made from columns when somebody looks at them; most often only their number is asked for."""

    def __init__(self, names: bytes, lengths: array[int], digests: bytes, executable: bytes) -> None:
        self._names = names
        self._lengths = lengths
        self._digests = digests
        self._executable = executable
        self._made: tuple[Member, ...] | None = None

    def __len__(self) -> int:
        return len(self._executable)

    @overload
    def __getitem__(self, index: int) -> Member: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Member]: ...
    def __getitem__(self, index: int | slice) -> Member | Sequence[Member]:
        if self._made is None:
            count = len(self)
            names = self._names.decode().split("\0") if count else []
            digests = (self._digests[at : at + _DIGEST_BYTES].hex() for at in range(0, len(self._digests), 32))
            columns = (names, self._lengths[:count], self._lengths[count:], digests, map(bool, self._executable))
            self._made = tuple(map(Member, *columns))
        return self._made[index]


def _settled(fresh: Snapshot, started_ns: int) -> array[int]:
    """Return the numbers of a snapshot, those that another change could leave the same replaced by -1."""
    identities = fresh.identities[:]
    for row, changed_ns in enumerate(identities[_FIELDS - 1 :: _FIELDS]):
        # 0: bytes that came from no file have no times at all.
        if not 0 < changed_ns < started_ns - _COARSEST_CLOCK_NS:
            identities[row * _FIELDS : (row + 1) * _FIELDS] = array("q", _NEVER)
    return identities


def _row(numbers: array[int], row: int) -> array[int]:
    return numbers[row * _FIELDS : (row + 1) * _FIELDS]
