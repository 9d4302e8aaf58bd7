"""Text for people: broken between words, without what would steer a terminal."""

from __future__ import annotations

import pytest

from packager.cli.plain import hanging, plain


def test_a_label_hangs() -> None:
    assert hanging("  proof  ", "one two three", 16) == "  proof  one two\n    three"
    assert hanging("a ", "one two three", 12) == "a one two\n  three"
    assert hanging("a ", "x" * 30, 12).split() == ["a", "x" * 30]
    assert hanging("a ", "one two", None) == "a one two"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[1;31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07text", "text"),
        ("a\rb", "a\\x0db"),
        ("line\r\nnext\n", "line\nnext\n"),
        ("\x9b31m", "\\x9b31m"),
        ("tab\tstays é ✓", "tab\tstays é ✓"),
    ],
)
def test_what_steers_a_terminal_is_taken_out(text: str, shown: str) -> None:
    assert plain(text) == shown
