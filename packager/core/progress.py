"""Steps as events: the library reports them, the command line draws them.

A library user passes nothing and gets silence.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator


class Progress(Protocol):
    """Receives what happens during a long run. Called from one thread at a time per step."""

    def started(self, step: str, detail: str) -> None:
        """Report that a step ("install", "write", …) of a bundle or job (`detail`) began."""

    def line(self, text: str) -> None:
        """Pass on one line of output of a running command, secrets already masked."""

    def finished(self, step: str, detail: str, seconds: float, ok: bool) -> None:
        """Report that a step ended, and how long it took."""


class Silent:
    """A `Progress` that says nothing."""

    def started(self, step: str, detail: str) -> None:
        """Say nothing."""

    def line(self, text: str) -> None:
        """Say nothing."""

    def finished(self, step: str, detail: str, seconds: float, ok: bool) -> None:
        """Say nothing."""


class Stopwatch:
    """Adds up wall seconds per step, for the closing summary and ``--json``; never for the manifest."""

    def __init__(self, progress: Progress) -> None:
        self.progress = progress
        self.seconds: dict[str, float] = {}

    @contextmanager
    def step(self, step: str, detail: str = "") -> Iterator[None]:
        """Time a block as one step and report its start and end."""
        self.progress.started(step, detail)
        start = time.monotonic()
        ok = False
        try:
            yield
            ok = True
        finally:
            spent = time.monotonic() - start
            self.seconds[step] = self.seconds.get(step, 0.0) + spent
            self.progress.finished(step, detail, spent, ok)
