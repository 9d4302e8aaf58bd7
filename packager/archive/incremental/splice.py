"""An archive out of stretches the cache keeps: one thread copies, this one reads back and checks what was copied."""

from __future__ import annotations

import hashlib
import os
import threading
from contextlib import ExitStack
from queue import SimpleQueue
from typing import TYPE_CHECKING

from packager.archive.fastpath.columns import DamagedError
from packager.archive.fastpath.fork_worker import Aside
from packager.archive.zipformat import end_record
from packager.core.atomic import replacing
from packager.core.system import READ_FLAGS, read_at, read_into

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from packager.archive.fastpath.fork_worker import Asking
    from packager.archive.incremental.index import Span, Table

_PIECE_BYTES = 1 << 20
_REPORT_BYTES = 4 << 20


def splice(
    table: Table, packs: Path, destination: Path, crc32: Callable[..., int], ask: Asking | None = None
) -> tuple[int, str]:
    """Write the archive of a table whose spans lie in the files of a folder; return its length and SHA-256, in hex.

    What was written is read back: the SHA-256 is of that, and every span's checksum is compared. `ask` is asked before
    the archive takes its place.
    Raises DamagedError if a pack is gone or not what it was, with nothing written, EnvironmentFault if the destination
    cannot be written.
    """
    directory = table.directory
    start = table.offsets[-1]
    end = end_record(entries=len(table), directory_bytes=len(directory), directory_offset=start)
    digest = hashlib.sha256()
    with ExitStack() as opened:
        descriptors = {pack: _opened(packs / pack, opened) for pack in {span.pack for span in table.spans}}
        with replacing(destination) as file:
            copy = _Copy(table.spans, descriptors, file.fileno(), directory + end)
            with copy, open(file.name, "rb", buffering=0) as reader:  # noqa: PTH123 (no Path is at hand)
                written = reader.fileno()
                buffer = memoryview(bytearray(_PIECE_BYTES))
                at = 0
                for span in table.spans:
                    if ask is not None:
                        ask(complete=False)
                    copy.wait_for(at + span.length)
                    crc = 0
                    for piece in _pieces(written, at, at + span.length, buffer):
                        crc = crc32(piece, crc)
                        digest.update(piece)
                    if crc != span.crc:
                        raise DamagedError
                    at += span.length
                if at != start:
                    raise DamagedError
                copy.wait_for(at + len(directory) + len(end))
            if ask is not None:
                ask(complete=True)
    digest.update(directory)
    digest.update(end)
    return start + len(directory) + len(end), digest.hexdigest()


def read_span(packs: Path, span: Span, crc32: Callable[..., int]) -> bytes:
    """Return a span's bytes. Raises DamagedError if they are not what they were."""
    with ExitStack() as opened:
        data = read_at(_opened(packs / span.pack, opened), span.length, span.offset)
    if len(data) != span.length or crc32(data) != span.crc:
        raise DamagedError
    return data


class _Copy:
    """The thread that copies. It needs the interpreter between the pieces only."""

    def __init__(self, spans: Sequence[Span], descriptors: dict[str, int], target: int, tail: bytes) -> None:
        self._spans = spans
        self._descriptors = descriptors
        self._target = target
        self._tail = tail
        self._stopped = False
        self._progress: SimpleQueue[int | Exception] = SimpleQueue()
        self._reached = 0
        self._failed: list[Exception] = []
        self._thread = threading.Thread(target=self._run, name="splice")

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._stopped = kind is not None
        self._thread.join()
        if kind is None and self._failed:
            raise self._failed[0]

    def wait_for(self, position: int) -> None:
        """Return once that many bytes are written; raises what stopped the copying."""
        while self._reached < position:
            told = self._progress.get()
            if isinstance(told, Exception):
                raise told
            self._reached = told

    def _run(self) -> None:
        try:
            position = reported = 0
            buffer = memoryview(bytearray(_PIECE_BYTES))
            for span in self._spans:
                for piece in _pieces(self._descriptors[span.pack], span.offset, span.offset + span.length, buffer):
                    position += _write_all(self._target, piece)
                    if position - reported >= _REPORT_BYTES:
                        reported = position
                        self._progress.put(position)
                    if self._stopped:
                        return
            position += _write_all(self._target, self._tail)
            self._progress.put(position)
            if self._stopped:
                return
            # The disk works while the rest is checked.
            os.fsync(self._target)
        except Exception as error:  # whatever it is: the other thread waits to be told
            self._failed.append(error)
            self._progress.put(error)


def _opened(path: Path, opened: ExitStack) -> int:
    try:
        descriptor = os.open(path, READ_FLAGS)
    except OSError as error:
        raise DamagedError from error  # tidied up by another process
    opened.callback(os.close, descriptor)
    return descriptor


def _pieces(descriptor: int, start: int, stop: int, buffer: memoryview) -> Iterator[memoryview]:
    """Yield a stretch of a file piece by piece, each in the buffer. Raises DamagedError if the file is too short."""
    while start < stop:
        length = read_into(descriptor, buffer[: stop - start], start)
        if not length:
            raise DamagedError
        yield buffer[:length]
        start += length


def _write_all(descriptor: int, data: bytes | memoryview) -> int:
    """Write to the end of a file; return the number of bytes."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]
    return len(data)


def splicing(table: Table, packs: Path, destination: Path, crc32: Callable[..., int]) -> Aside:
    """Return `splice` in a process of its own, on approval: without `finish` it leaves everything as it was."""

    def work(ask: Asking) -> bytes:
        length, sha256 = splice(table, packs, destination, crc32, ask)
        return f"{length} {sha256}".encode()

    return Aside(work)


def made_by(answer: bytes) -> tuple[int, str]:
    """Return what `splice` returned there."""
    length, sha256 = answer.decode().split(" ")
    return int(length), sha256
