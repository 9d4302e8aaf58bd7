"""Bytes in pieces become whole, masked lines."""

from __future__ import annotations

import pytest

from packager.containers.output import KEPT_LINES, LONGEST_LINE, Lines
from packager.core.masking import Mask


def _lines(*pieces: tuple[int, bytes]) -> list[str]:
    seen: list[str] = []
    lines = Lines(Mask({"A_TOKEN": "sesame"}), seen.append)
    for stream, data in pieces:
        lines.feed(stream, data)
    assert lines.finish() == "\n".join(seen)
    return seen


@pytest.mark.parametrize(
    ("pieces", "expected"),
    [
        ([(0, b"a\nb"), (0, b"c\n")], ["a", "bc"]),
        ([(0, b"a\r"), (0, b"\nb\r\n")], ["a", "b"]),
        ([(0, b"10%\r20%\r"), (0, b"30%")], ["10%", "20%", "30%"]),
        ([(0, b"ou"), (1, b"err\n"), (0, b"t\n")], ["err", "out"]),
        ([(0, "é".encode()[:1]), (0, "é".encode()[1:])], ["é"]),
        ([(0, b"\xff\n")], ["\ufffd"]),
        ([(0, b"open ses"), (0, b"ame\n")], ["open ***"]),
        ([(0, b"\n\n")], ["", ""]),
        ([], []),
    ],
)
def test_lines(pieces: list[tuple[int, bytes]], expected: list[str]) -> None:
    assert _lines(*pieces) == expected


def test_only_the_last_lines_are_kept() -> None:
    lines = Lines(Mask({}), None)
    lines.feed(0, b"".join(b"%d\n" % number for number in range(KEPT_LINES + 5)))

    assert lines.finish().splitlines()[0] == "5"


def test_a_line_without_end_does_not_fill_the_memory() -> None:
    assert len(_lines(*[(0, b"x" * LONGEST_LINE)] * 3)) >= 2
