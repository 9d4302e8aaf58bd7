"""Symbols out of the kept native files, where that saves and is safe; the originals are never touched."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from packager.model.contents import Contents
    from packager.model.inventory import File
    from packager.model.stages import StripInputs


@dataclass(frozen=True)
class Stripped:
    """Copies without symbols, by path in the tree."""

    copies: Mapping[str, str] = field(default_factory=dict)
    """Path → source of the copy."""
    saved: Mapping[str, int] = field(default_factory=dict)
    """Path → bytes saved."""

    def source(self, file: File) -> str:
        """Return the source of the bytes to pack."""
        return self.copies.get(file.path) or file.source


def strip(inputs: StripInputs, contents: Contents) -> Stripped:
    """Return copies of the native files that have symbols; what is not safe to strip stays as it is."""
    from packager.compile.symbols import never_stripped, strip_symbols

    copies: dict[str, str] = {}
    saved: dict[str, int] = {}
    if not inputs.wanted:
        return Stripped()
    for file in inputs.files:
        if file.elf is None or not file.source or not file.elf.has_symbols or never_stripped(file.path):
            continue
        original = contents.read(file)
        smaller = strip_symbols(original)
        if smaller is None:
            continue
        copies[file.path] = contents.keep(smaller)
        saved[file.path] = len(original) - len(smaller)
    return Stripped(copies, saved)
