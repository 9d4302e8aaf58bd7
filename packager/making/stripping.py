"""Symbols out of the kept native files, where that saves and is safe; the originals are never touched."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from packager.model.inventory import File
    from packager.model.plan import Bundle
    from packager.model.selection import Selection


@dataclass(frozen=True)
class Stripped:
    """Stripped copies in scratch, by path in the tree."""

    copies: Mapping[str, Path] = field(default_factory=dict)
    saved: Mapping[str, int] = field(default_factory=dict)
    """Path → bytes saved."""

    def source(self, file: File) -> Path:
        """Return where the bytes to pack lie."""
        return self.copies.get(file.path) or file.source or Path(file.path)


def strip_kept(selection: Selection, bundle: Bundle, folder: Path) -> Stripped:
    """Write stripped copies of kept files that have symbols to `folder`; what is not safe stays as it is."""
    from packager.strip import never_stripped, strip_symbols

    copies: dict[str, Path] = {}
    saved: dict[str, int] = {}
    if not bundle.strip:
        return Stripped()
    for choice in selection.kept:
        file = choice.file
        if file.elf is None or file.source is None or not file.elf.has_symbols or never_stripped(file.path):
            continue
        original = file.source.read_bytes()
        smaller = strip_symbols(original)
        if smaller is None:
            continue
        folder.mkdir(exist_ok=True)
        copy = folder / str(len(copies))
        copy.write_bytes(smaller)
        copies[file.path] = copy
        saved[file.path] = len(original) - len(smaller)
    return Stripped(copies, saved)
