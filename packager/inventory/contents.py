"""The contents of one tree on this machine, and a folder for what stages make."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from packager.core.atomic import write
from packager.model.contents import MADE

if TYPE_CHECKING:
    from pathlib import Path

    from packager.model.inventory import File


@dataclass(frozen=True)
class TreeContents:
    """Files below a root, made contents by digest in a folder of their own. Satisfies `Contents`."""

    root: Path
    """Real path of the tree."""
    made: Path
    """Made when it is needed; in scratch."""

    def path(self, source: str) -> Path:
        """Return where a source lies."""
        if source.startswith(MADE):
            return self.made / source.removeprefix(MADE)
        return self.root / source

    def read(self, file: File) -> bytes:
        """Return a file's bytes; nothing for a file without a source."""
        if not file.source:
            return b""
        if file.source.startswith(MADE):
            return self.path(file.source).read_bytes()
        # A third of the time that pathlib takes, and thousands of files are read.
        with open(f"{self.root}/{file.source}", "rb") as stream:  # noqa: PTH123
            return stream.read()

    def keep(self, content: bytes) -> str:
        """Store a content under its digest, complete or not at all, and return its source."""
        digest = hashlib.sha256(content).hexdigest()
        place = self.made / digest
        if not place.is_file():
            write(place, content)
        return MADE + digest
