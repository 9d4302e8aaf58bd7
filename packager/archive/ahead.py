"""Working ahead in threads: results come out in order, the largest tasks go in first, memory stays bounded."""

from __future__ import annotations

import threading
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from packager.archive.giants import GIANT_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from packager.archive.members import Packed

BATCH_BYTES = 2 << 20
"""What one task packs: a file alone would often cost more for the hand-over than for the work."""
LARGE_BYTES = 16 << 20
"""Members above are packed one at a time: each is held whole, with its compressed form, or in several parts."""
HELD_BYTES = 48 << 20
"""Bound on what is being packed (counted raw) or waits to be written (counted compressed)."""


@dataclass(frozen=True)
class WorkBatch:
    """Consecutive entries that one task packs: about `BATCH_BYTES` of small ones, or a single larger one."""

    start: int
    stop: int
    size_bytes: int
    """Sum of the entries' sizes."""


def batches(sizes: Sequence[int]) -> list[WorkBatch]:
    """Return the entries of these sizes cut into tasks, in order.

    >>> [(batch.start, batch.stop) for batch in batches([10, 20, 5 << 20, 30])]
    [(0, 2), (2, 3), (3, 4)]
    """
    found = []
    start = total = 0
    for index, size in enumerate(sizes):
        if index > start and total + size > BATCH_BYTES:
            found.append(WorkBatch(start, index, total))
            start, total = index, 0
        total += size
    if start < len(sizes):
        found.append(WorkBatch(start, len(sizes), total))
    return found


@contextmanager
def working_ahead(
    tasks: Sequence[WorkBatch], pack: Callable[[WorkBatch, Callable[[], bool]], Packed], threads: int
) -> Iterator[Iterator[Packed]]:
    """Yield the packed batches in order while threads work ahead.

    `pack` gets a function that says whether to give up: on leaving early (an error, Ctrl-C) threads stop soon, and
    none is left running.
    """
    stopped = threading.Event()
    pool = ThreadPoolExecutor(threads, thread_name_prefix="pack")
    try:
        yield _Window(tasks, lambda batch: pool.submit(pack, batch, stopped.is_set), threads).results()
    finally:
        stopped.set()
        pool.shutdown(wait=True, cancel_futures=True)


class _Window:
    """What is in flight.

    A large task met last would leave the other threads idle at the end, so large ones start ahead of their turn as
    long as half of the memory bound allows; the other half keeps the order moving.
    """

    def __init__(self, tasks: Sequence[WorkBatch], submit: Callable[[WorkBatch], Future[Packed]], threads: int) -> None:
        self._tasks = tasks
        self._submit = submit
        self._bound = max(HELD_BYTES, 3 * BATCH_BYTES * threads)
        self._flying: dict[WorkBatch, Future[Packed]] = {}
        self._started: set[WorkBatch] = set()
        self._next = 0
        large = [batch for batch in tasks if batch.size_bytes >= BATCH_BYTES] if threads > 1 else []
        self._large = sorted(large, key=lambda batch: batch.size_bytes)

    def results(self) -> Iterator[Packed]:
        """Yield the packed batches in order; raises what the first failing one raised."""
        for wanted in self._tasks:
            self._refill(wanted)
            while wanted not in self._flying or not self._flying[wanted].done():
                wait([future for future in self._flying.values() if not future.done()], return_when=FIRST_COMPLETED)
                self._refill(wanted)
            yield self._flying.pop(wanted).result()

    def _refill(self, wanted: WorkBatch) -> None:
        """Submit what fits: large tasks first, then the next ones in order; the wanted one in any case."""
        held = sum(_held(batch, future) for batch, future in self._flying.items())
        while self._large and (
            self._large[-1] in self._started or held + _expected(self._large[-1]) <= self._bound // 2
        ):
            batch = self._large[-1]
            if not self._start(batch):
                break
            held += _expected(batch)
            self._large.pop()
        while self._next < len(self._tasks):
            batch = self._tasks[self._next]
            if batch not in self._started:
                if (held + _expected(batch) > self._bound and batch != wanted) or not self._start(batch):
                    break
                held += _expected(batch)
            self._next += 1

    def _start(self, batch: WorkBatch) -> bool:
        """Submit a task unless it has been; returns False for a large one while another one is being packed."""
        if batch in self._started:
            return True
        if batch.size_bytes > LARGE_BYTES and any(
            other.size_bytes > LARGE_BYTES and not future.done() for other, future in self._flying.items()
        ):
            return False
        self._started.add(batch)
        self._flying[batch] = self._submit(batch)
        return True


def _held(batch: WorkBatch, future: Future[Packed]) -> int:
    """Return the bytes a task accounts for, now."""
    if not future.done():
        return _expected(batch)
    return 0 if future.exception() else future.result().held_bytes


def _expected(batch: WorkBatch) -> int:
    """Return the bytes a task will hold, raw: of a giant, some parts."""
    return min(batch.size_bytes, GIANT_BYTES)
