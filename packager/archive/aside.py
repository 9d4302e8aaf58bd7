"""Work in a process of its own, beside this one: two threads would only take the interpreter's lock from each other."""

from __future__ import annotations

import os
import select
import signal
import sys
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import TracebackType

_WANTED, _DONE = b"w", b"d"
_STOPS = (signal.SIGINT, signal.SIGTERM)


class Asking(Protocol):
    """Somebody who may still change his mind."""

    def __call__(self, *, complete: bool) -> None:
        """Raise an error if the work is not wanted. Called now and then, and once before what it made is to stay."""


def can_work_aside() -> bool:
    """Return whether this process may be forked: not with threads, whose locks the copy would wait for in vain."""
    return sys.platform == "linux" and threading.active_count() == 1


class Aside:
    """A call in a copy of this process, on approval: left without `finish`, the block has it give up.

    `work` returns bytes. Its process ends with this one, whatever ends this one.
    """

    def __init__(self, work: Callable[[Asking], bytes]) -> None:
        self._work = work
        self._process = 0
        self._answer = self._decision = -1

    def __enter__(self) -> Aside:
        answer, answering = os.pipe()
        asking, decision = os.pipe()
        # An interrupt between the fork and the child's `try` would run the parent's code in the child.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, _STOPS)
        try:
            self._process = os.fork()
            if not self._process:
                os.close(answer)
                os.close(decision)
                _run(self._work, asking, answering, before)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
            os.close(answering)
            os.close(asking)
            self._answer, self._decision = answer, decision
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._decision)
        os.close(self._answer)
        with suppress(ChildProcessError):
            os.waitpid(self._process, 0)

    def finish(self) -> bytes | None:
        """Have the work done to its end, and return what it returns; None if it failed, for whatever reason."""
        with suppress(BrokenPipeError):  # it has failed already
            os.write(self._decision, _WANTED)
        found = bytearray()
        while piece := os.read(self._answer, 1 << 16):
            found += piece
        return bytes(found[1:]) if found[:1] == _DONE else None


class UnwantedError(Exception):
    """The work is not wanted."""


def _run(work: Callable[[Asking], bytes], asking: int, answering: int, mask: Iterable[int]) -> None:
    """Do the work and end the process: nothing of the parent's, whose copy this is, may go on."""
    decided = False

    def ask(*, complete: bool) -> None:
        nonlocal decided
        if not decided and (complete or select.select([asking], [], [], 0)[0]):
            # Nothing to read: the parent has gone on without, or is no more.
            if os.read(asking, 1) != _WANTED:
                raise UnwantedError
            decided = True

    try:
        try:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
            answer = _DONE + work(ask)
        finally:
            signal.pthread_sigmask(signal.SIG_BLOCK, _STOPS)
        view = memoryview(answer)
        while view:
            view = view[os.write(answering, view) :]
    finally:
        os._exit(0)
