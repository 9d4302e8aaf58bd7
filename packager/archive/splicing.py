"""Copying the last archive while its files are still read: if all of them are what they were, it is done by then."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from packager.archive.splice import splice

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import TracebackType

    from packager.archive.table import Table


class Splicing:
    """`splice` in a thread of its own, on approval: without `finish` the block leaves everything as it was."""

    def __init__(self, table: Table, packs: Path, destination: Path, crc32: Callable[..., int]) -> None:
        self._decided = threading.Event()
        self._wanted = False
        self._failed: Exception | None = None
        self._made = (0, "")
        self._thread = threading.Thread(target=self._run, args=(table, packs, destination, crc32), name="splicing")

    def __enter__(self) -> Splicing:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._thread.is_alive():
            self._wanted = False
            self._decided.set()
            self._thread.join()

    def finish(self) -> tuple[int, str]:
        """Let the archive take its place; return and raise what `splice` does."""
        self._wanted = True
        self._decided.set()
        self._thread.join()
        if self._failed is not None:
            raise self._failed
        return self._made

    def _run(self, table: Table, packs: Path, destination: Path, crc32: Callable[..., int]) -> None:
        try:
            self._made = splice(table, packs, destination, crc32, self._ask)
        except Exception as error:  # whatever it is: of interest only if the archive is
            self._failed = error

    def _ask(self, *, complete: bool) -> None:
        """Raise an error if the archive is not wanted; wait for that to be decided if it is complete."""
        if complete:
            self._decided.wait()
        if self._decided.is_set() and not self._wanted:
            raise _UnwantedError


class _UnwantedError(Exception):
    """Some file is not what it was."""
