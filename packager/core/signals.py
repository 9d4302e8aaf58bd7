"""Being asked to stop, as an exception: so that ``finally`` blocks run and containers are removed."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType


FREEZE, THAW = getattr(signal, "SIGSTOP", 0), getattr(signal, "SIGCONT", 0)
"""Stop a process where it is, and let it go on; 0 does nothing (Windows)."""


def _stops() -> tuple[signal.Signals, ...]:
    """Return what ends a program from outside: a cancelled CI job, and a terminal that was closed (not on Windows)."""
    return tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name))


@contextmanager
def terminable() -> Iterator[None]:
    """Turn SIGTERM and SIGHUP into ``SystemExit(128 + number)`` for the length of a block.

    Without it Python dies of them with no clean-up at all. Does nothing in other threads than the main one, where
    Python allows no handlers, and nothing where it is decided already: a program with a handler of its own,
    ``nohup``.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    undecided = [number for number in _stops() if signal.getsignal(number) is signal.SIG_DFL]
    for number in undecided:
        signal.signal(number, _stop)
    try:
        yield
    finally:
        for number in undecided:
            signal.signal(number, signal.SIG_DFL)


@contextmanager
def interrupting(state: str) -> Iterator[None]:
    """Give an interrupt of this block the words for what it leaves behind; elsewhere it leaves nothing."""
    try:
        yield
    except KeyboardInterrupt as stop:
        if str(stop):
            raise
        raise KeyboardInterrupt(state) from None


def _stop(number: int, frame: FrameType | None) -> None:
    raise SystemExit(128 + number)
