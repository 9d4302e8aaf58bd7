"""Text for people, on a terminal or not: colour, width, and no control characters. Light: errors are told with it."""

from __future__ import annotations

import os
import re
import shutil
import sys
import textwrap
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from typing import TextIO

NARROW = 60
"""Columns below which a table becomes a list."""
_SEQUENCE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def plain(text: str) -> str:
    r"""Return a text without what would steer a terminal: colours go, other control characters are spelled out.

    Names of files and the output of other programs hold them.

    >>> plain("\x1b[31mred\x1b[0m a\x07b")
    'red a\\x07b'
    """
    return _CONTROL.sub(lambda found: f"\\x{ord(found[0]):02x}", _SEQUENCE.sub("", text.replace("\r\n", "\n")))


def say(text: str, *, err: bool = False) -> None:
    """Print lines for people to stdout or stderr."""
    click.echo(plain(text), err=err)


def coloured(text: str, colour: str, *, err: bool = False) -> str:
    """Return a text in a colour, where the stream is a terminal that shows colours and NO_COLOR is not set."""
    return click.style(text, fg=colour) if shows_colour(sys.stderr if err else sys.stdout) else text


def shows_colour(stream: TextIO) -> bool:
    """Return whether colours may be written to a stream."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM", "") not in ("", "dumb")


def width() -> int | None:
    """Return the columns of the terminal that reads stdout; None where none does, and lines are not broken."""
    return max(shutil.get_terminal_size().columns, 20) if sys.stdout.isatty() else None


def hanging(first: str, text: str, columns: int | None) -> str:
    """Return a label and its text, broken between words where that is wider than the columns; words stay whole.

    >>> print(hanging("  proof  ", "proved: loaded src/handler.handler", 30))
      proof  proved: loaded
             src/handler.handler
    """
    if columns is None or len(first) + len(text) <= columns:
        return first + text
    indent = len(first) if len(first) <= columns // 3 else 4
    lines = textwrap.wrap(
        text,
        width=columns,
        initial_indent=first,
        subsequent_indent=" " * indent,
        break_long_words=False,
        break_on_hyphens=False,
        drop_whitespace=True,
    )
    return "\n".join(lines) or first
