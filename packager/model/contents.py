"""Where the bytes of files lie: the one door to them, so that values name contents and no folder of this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from pathlib import Path

    from packager.model.inventory import File

MADE = "sha256:"
"""Begins the source of a content that a stage made; its SHA-256 in hex follows."""


class Contents(Protocol):
    """The bytes of a tree's files, and of what stages make beside it.

    A `source` is a path relative to the tree (``node_modules/a/x.js``, the real file where links lead to it), or
    `MADE` with the SHA-256 of a content that was given to `keep`.
    """

    @property
    def root(self) -> Path:
        """Return the real path of the tree, for programs that walk it."""

    def path(self, source: str) -> Path:
        """Return the file on this machine that holds the bytes of a source; it need not be there."""

    def read(self, file: File) -> bytes:
        """Return a file's bytes; nothing for a file without a source. Raises OSError."""

    def keep(self, content: bytes) -> str:
        """Store a content and return its source."""
