"""Being asked to stop, as an exception: so that ``finally`` blocks run and containers are removed."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType


@contextmanager
def terminable() -> Iterator[None]:
    """Turn SIGTERM into ``SystemExit(143)`` for the length of a block.

    Without it Python dies of SIGTERM (a cancelled CI job) with no clean-up at all. Does nothing in other threads than
    the main one, where Python allows no handlers, and nothing where the program has a handler of its own.
    """
    if (
        threading.current_thread() is not threading.main_thread()
        or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL
    ):
        yield
        return
    signal.signal(signal.SIGTERM, _stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


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
