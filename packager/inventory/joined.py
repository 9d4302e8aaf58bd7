"""Code that a bundler has joined: which of its bytes come from installed packages, by its source map. Pure.

Source: the source map format (tc39 ecma-426): per line of the output, segments of base64 VLQ: column, source, line and
column there, each as the difference to the one before. Columns count UTF-16 code units.
"""

from __future__ import annotations

import json
from functools import cached_property
from typing import TYPE_CHECKING, Any

from packager.model.packages import package_folder

if TYPE_CHECKING:
    from collections.abc import Iterator

_BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_DIGITS = {letter: value for value, letter in enumerate(_BASE64)}
_CONTINUES, _BITS = 32, 5


class JoinedCode:
    """A file of joined code and its source map, which is only read where something is asked."""

    def __init__(self, text: bytes, source_map: bytes) -> None:
        self._text = text
        self._map = source_map

    def from_package(self, at: int) -> bool:
        """Return whether the byte at an offset was written in a node_modules; False where the map does not say."""
        line = self._text.count(b"\n", 0, at)
        start = self._text.rfind(b"\n", 0, at) + 1
        column = len(self._text[start:at].decode("utf-8", "replace").encode("utf-16-le")) // 2
        source = -1
        for begins, number in self._lines[line] if line < len(self._lines) else ():
            if begins > column:
                break
            source = number
        return 0 <= source < len(self._installed) and self._installed[source]

    def packages(self) -> set[str]:
        """Return the names of the installed packages of which code was joined."""
        names = (name for name, installed in zip(self._sources, self._installed, strict=True) if installed)
        return {package_folder(name).rpartition("node_modules/")[2] for name in names}

    def own_texts(self) -> dict[str, str]:
        """Return what the joined files outside packages said, by their name in the map."""
        contents = self._read.get("sourcesContent")
        if not isinstance(contents, list):
            return {}
        pairs = zip(self._sources, contents, self._installed, strict=False)
        return {name: text for name, text, installed in pairs if isinstance(text, str) and not installed}

    @cached_property
    def _read(self) -> dict[str, Any]:
        try:
            data = json.loads(self._map)
        except (ValueError, RecursionError):
            return {}
        return data if isinstance(data, dict) else {}

    @cached_property
    def _installed(self) -> list[bool]:
        """Return of each source whether it lies in a package."""
        return ["node_modules" in name.split("/") for name in self._sources]

    @cached_property
    def _sources(self) -> list[str]:
        """Return the name of each source; empty for one without."""
        sources = self._read.get("sources")
        return [name if isinstance(name, str) else "" for name in sources] if isinstance(sources, list) else []

    @cached_property
    def _lines(self) -> list[list[tuple[int, int]]]:
        """Return per line of the output (column, number of the source or -1), in order of the columns."""
        mappings = self._read.get("mappings")
        lines = []
        source = 0
        for text in mappings.split(";") if isinstance(mappings, str) else ():
            column = 0
            line = []
            for segment in text.split(","):
                fields = list(_numbers(segment))
                if not fields:
                    continue
                column += fields[0]
                source += fields[1] if len(fields) > 1 else 0
                line.append((column, source if len(fields) > 1 else -1))
            lines.append(line)
        return lines


def _numbers(segment: str) -> Iterator[int]:
    """Yield the numbers of a segment; what is no base64 ends it.

    >>> list(_numbers("AAgBC"))
    [0, 0, 16, 1]
    """
    value = shift = 0
    for letter in segment:
        digit = _DIGITS.get(letter, -1)
        if digit < 0:
            return
        value += (digit & (_CONTINUES - 1)) << shift
        shift += _BITS
        if digit & _CONTINUES:
            continue
        yield -(value >> 1) if value & 1 else value >> 1
        value = shift = 0
