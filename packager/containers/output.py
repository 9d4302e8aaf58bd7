"""What a command prints, as lines: two byte streams in, masked lines out, the last ones kept."""

from __future__ import annotations

import codecs
import re
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from packager.core.masking import Mask

KEPT_LINES = 200
LONGEST_LINE = 64 * 1024
_BREAK = re.compile(r"\r\n|\n|\r(?!\n)")


class Lines:
    """Collects stdout and stderr, which arrive in pieces that respect neither lines nor characters."""

    def __init__(self, mask: Mask, on_line: Callable[[str], None] | None) -> None:
        self._mask = mask
        self._on_line = on_line
        self._last: deque[str] = deque(maxlen=KEPT_LINES)
        self._decoders = [codecs.getincrementaldecoder("utf-8")("replace") for _ in range(2)]
        self._rest = ["", ""]

    def feed(self, stream: int, data: bytes) -> None:
        """Take a piece of stream 0 (stdout) or 1 (stderr)."""
        text = self._rest[stream] + self._decoders[stream].decode(data)
        # A lone CR ends a line too (progress bars), but at the end of a piece its LF may still be on the way.
        held = "\r" if text.endswith("\r") else ""
        *whole, rest = _BREAK.split(text[: len(text) - len(held)])
        for line in whole:
            self._emit(line)
        if len(rest) > LONGEST_LINE:
            self._emit(rest)
            rest = ""
        self._rest[stream] = rest + held

    def finish(self) -> str:
        """Pass on what had no line break at its end; return the last lines as one text."""
        for stream, decoder in enumerate(self._decoders):
            rest = (self._rest[stream] + decoder.decode(b"", final=True)).rstrip("\r")
            self._rest[stream] = ""
            if rest:
                self._emit(rest)
        return "\n".join(self._last)

    def _emit(self, line: str) -> None:
        masked = self._mask(line)
        self._last.append(masked)
        if self._on_line is not None:
            self._on_line(masked)
