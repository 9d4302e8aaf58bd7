"""Symbols out of the kept native files, where that saves and is safe; the originals are never touched."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packager.model.results import Stripped

if TYPE_CHECKING:
    from packager.model.contents import Contents
    from packager.model.stages import StripInputs


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
