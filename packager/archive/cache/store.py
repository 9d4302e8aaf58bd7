"""Compressed members of earlier runs, by content: what was compressed once is not compressed again.

A store is for one codec, version and level, as others give other bytes. It never decides what an archive holds, only
how fast it is made: what is missing, damaged or cannot be read is compressed again.
"""

from __future__ import annotations

import logging
import os
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from packager.archive.cache.packfile import SUFFIX, PackFile, PackWriter, Row
from packager.archive.fastpath.columns import DamagedError
from packager.archive.incremental.index import Span
from packager.archive.write.large_members import GIANT_BYTES, Body, Region, crc_of, pieces_of
from packager.core.system import read_at

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path
    from types import TracebackType

    from packager.archive.write.members import MemberPart, Packed

_LOG = logging.getLogger(__name__)
_GAP_BYTES = 32 << 10
"""Streams no further apart are read in one go, with what lies between them."""
_READ_BYTES = 4 << 20
_LARGEST_BYTES = 512 << 20
"""One content may not take most of the cache."""


class Found(NamedTuple):
    """A member out of the store, undamaged."""

    row: Row
    head: bytes | memoryview
    """Local header with the name it had."""
    body: Body
    pack: int
    """Number of the pack."""
    offset: int
    """Of the header in it."""


class MemberStore:
    """The packs of one codec. A context manager: left without an error, it keeps what was added.

    `fetch` may be called by several threads at once, `keep` by one.
    """

    def __init__(self, folder: Path, crc32: Callable[..., int]) -> None:
        self._folder = folder
        self._crc32 = crc32
        self._packs: list[PackFile] = []
        self._places: dict[bytes, list[tuple[int, int]]] = {}
        """Digest → number of the pack and number of the row, of each member of that content."""
        self._used: set[int] = set()
        self._damaged: set[int] = set()
        self._writer: PackWriter | None = None
        self._spans: list[Span] = []
        self._broken = False

    def __enter__(self) -> MemberStore:
        for path in sorted(self._folder.glob(f"*{SUFFIX}")):
            try:
                pack = PackFile(path)
            except FileNotFoundError:
                continue  # another process has tidied up
            except DamagedError:
                _discard(path)
                continue
            except OSError as error:
                _LOG.warning("%s cannot be read: %s", path, error)
                continue
            number = len(self._packs)
            self._packs.append(pack)
            for row, digest in enumerate(pack.digests):
                self._places.setdefault(digest, []).append((number, row))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number in self._used - self._damaged:
            with suppress(OSError):  # gone, or not ours: its age then does not matter
                os.utime(self._packs[number].path)  # the last use decides what goes first when room is needed
        for number in self._damaged:
            _discard(self._packs[number].path)
        for pack in self._packs:
            pack.close()
        if self._writer is None:
            return
        if error is not None:
            self._writer.discard()
            return
        try:
            self._writer.finish()
        except OSError as fault:
            self._give_up(fault)

    @property
    def grown(self) -> bool:
        """Return whether something was added."""
        return self._writer is not None

    @property
    def spans(self) -> tuple[Span, ...]:
        """Return where all that was given to `keep` lies, end to end; nothing if a part of it could not be kept."""
        return () if self._broken else tuple(self._spans)

    def __contains__(self, digest: bytes) -> bool:
        return digest in self._places

    def fetch(self, wanted: Sequence[tuple[bytes, bytes]]) -> list[Found | None]:
        """Return the member of each (digest, name), None for what is not there or damaged.

        Of several members of that content the one of that name, or any. Neighbours in a pack are read in one go.
        """
        askers: dict[tuple[int, int], list[int]] = {}
        for index, (digest, name) in enumerate(wanted):
            places = self._places.get(digest)
            if places:
                askers.setdefault(self._best(places, name), []).append(index)
        found: list[Found | None] = [None] * len(wanted)
        for run in self._runs(sorted(askers)):
            for place, member in self._read(run):
                for index in askers[place]:
                    found[index] = member
        return found

    def keep(self, packed: Packed) -> None:
        """Keep the members that are not there, under their names, and note where all of them lie.

        A store that cannot be written is left as it is.
        """
        if self._broken:
            return
        try:
            for stretch in _stretches(packed.parts):
                self._keep(stretch, packed)
        except OSError as error:
            self._give_up(error)

    def _keep(self, stretch: _Stretch, packed: Packed) -> None:
        pieces = packed.between(stretch.start, stretch.stop)
        crc = 0
        for body in pieces:
            crc = crc_of(body, self._crc32, crc)
        length = stretch.stop - stretch.start
        if stretch.home is not None:
            pack, offset = stretch.home
            self._spans.append(Span(self._packs[pack].path.name, offset, length, crc))
            return
        if length > _LARGEST_BYTES:
            self._broken = True
            return
        if self._writer is None:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._writer = PackWriter(self._folder)
        self._spans.append(Span(self._writer.name, self._writer.size_bytes, length, crc))
        for body in pieces:
            for piece in pieces_of(body):
                self._writer.add(piece)
        for part in stretch.parts:
            self._writer.enter(part.row)

    def _best(self, places: list[tuple[int, int]], name: bytes) -> tuple[int, int]:
        """Return the place of the member of this name, or the first."""
        if len(places) > 1:
            name_crc = self._crc32(name)
            for place in places:
                if self._packs[place[0]].name_crc(place[1]) == name_crc:
                    return place
        return places[0]

    def _runs(self, places: list[tuple[int, int]]) -> Iterator[list[tuple[int, int]]]:
        """Yield sorted places, those together that are to be read in one go."""
        run: list[tuple[int, int]] = []
        for place in places:
            if run:
                offsets = self._packs[place[0]].offsets
                if (
                    place[0] != run[0][0]
                    or offsets[place[1]] - offsets[run[-1][1] + 1] > _GAP_BYTES
                    or offsets[place[1] + 1] - offsets[run[0][1]] > _READ_BYTES
                ):
                    yield run
                    run = []
            run.append(place)
        if run:
            yield run

    def _read(self, run: list[tuple[int, int]]) -> Iterator[tuple[tuple[int, int], Found]]:
        """Yield the undamaged ones of members that lie side by side."""
        number = run[0][0]
        pack = self._packs[number]
        self._used.add(number)
        start = pack.offsets[run[0][1]]
        if len(run) == 1 and pack.offsets[run[0][1] + 1] - start > GIANT_BYTES:
            yield from self._read_giant(run[0], start)
            return
        try:
            data = memoryview(read_at(pack.descriptor, pack.offsets[run[-1][1] + 1] - start, start))
        except OSError as error:
            _LOG.warning("%s cannot be read: %s", pack.path, error)
            return
        for place in run:
            row = pack.row(place[1])
            offset = pack.offsets[place[1]]
            member = data[offset - start : pack.offsets[place[1] + 1] - start]
            head, body = member[: row.head_bytes], member[row.head_bytes :]
            if len(body) == row.length and self._crc32(member) == row.member_crc:
                yield place, Found(row, head, body, number, offset)
            else:
                self._damaged.add(number)

    def _read_giant(self, place: tuple[int, int], start: int) -> Iterator[tuple[tuple[int, int], Found]]:
        """Yield a member that is not to be held whole, if it is undamaged."""
        pack = self._packs[place[0]]
        row = pack.row(place[1])
        try:
            head = read_at(pack.descriptor, row.head_bytes, start)
            body = Region(pack.descriptor, start + row.head_bytes, row.length)
            crc = crc_of(body, self._crc32, self._crc32(head))
        except OSError as error:
            _LOG.warning("%s cannot be read: %s", pack.path, error)
            return
        if crc == row.member_crc:
            yield place, Found(row, head, body, place[0], start)
        else:
            self._damaged.add(place[0])

    def _give_up(self, error: OSError) -> None:
        """Go on without keeping anything: the archive does not need it."""
        _LOG.warning("the cache cannot be written: %s", error)
        self._broken = True
        if self._writer is not None:
            self._writer.discard()
            self._writer = None


class _Stretch(NamedTuple):
    """Members side by side in an archive, and in the same pack or all of them in none."""

    start: int
    """First byte, of those packed together."""
    stop: int
    home: tuple[int, int] | None
    """Number of the pack and offset in it."""
    parts: Sequence[MemberPart]


def _stretches(parts: Sequence[MemberPart]) -> Iterator[_Stretch]:
    """Yield members packed together by where they lie."""
    begun = 0
    start = stop = 0
    for index, part in enumerate(parts):
        first = parts[begun]
        if index > begun and not _follows(first.home, stop - start, part.home):
            yield _Stretch(start, stop, first.home, parts[begun:index])
            begun, start = index, stop
        stop += part.row.head_bytes + part.row.length
    if parts:
        yield _Stretch(start, stop, parts[begun].home, parts[begun:])


def _follows(home: tuple[int, int] | None, length: int, other: tuple[int, int] | None) -> bool:
    """Return whether one place lies so many bytes behind another, or neither is one."""
    if home is None or other is None:
        return home is other
    return home[0] == other[0] and home[1] + length == other[1]


def _discard(path: Path) -> None:
    """Remove a damaged pack; what it held is compressed again."""
    _LOG.warning("%s is damaged and not used", path)
    with suppress(OSError):  # not ours to remove: it is passed over each time
        path.unlink()
