"""Sizes are read as hosts read them."""

from __future__ import annotations

import pytest

from packager.core.errors import UsageError
from packager.core.units import counted, format_seconds, format_share, format_size, format_timeout, parse_size


@pytest.mark.parametrize(
    ("text", "size_bytes"),
    [
        ("25mb", 26_214_400),
        ("25MB", 26_214_400),
        ("25 MiB", 26_214_400),
        ("50 MB", 52_428_800),
        (" 1.5kb ", 1536),
        ("1gb", 1 << 30),
        ("7b", 7),
        ("262144000", 262_144_000),
        (0, 0),
    ],
)
def test_sizes_are_binary_multiples_in_any_case(text: str | int, size_bytes: int) -> None:
    assert parse_size(text) == size_bytes


def test_a_large_number_of_bytes_keeps_its_last_digit() -> None:
    assert parse_size("9007199254740993") == 9_007_199_254_740_993  # one more than a float can tell apart


@pytest.mark.parametrize("text", ["", "mb", "-1", "25 mbit", "1e3", "1,5mb", "٣mb", "nan", "0x10", "9" * 5000 + "b"])
def test_anything_else_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(UsageError, match="not a size") as caught:
        parse_size(text)

    assert '"25mb"' in caught.value.fix


@pytest.mark.parametrize(
    ("size_bytes", "text"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1.00 KB"),
        (26_214_400, "25.0 MB"),
        (262_144_000, "250 MB"),
        (1 << 40, "1024 GB"),
        (1024 * 1000 - 1, "0.98 MB"),  # three figures of KB would be four
        (10 * (1 << 20) - 1, "10.0 MB"),
        (100 * (1 << 20) - 1, "100 MB"),
    ],
)
def test_sizes_are_shown_with_three_figures(size_bytes: int, text: str) -> None:
    assert format_size(size_bytes) == text


@pytest.mark.parametrize(
    ("part", "whole", "text"),
    [(0, 7, "0.0%"), (1, 10**6, "<0.1%"), (1, 3, "33.3%"), (10**6 - 1, 10**6, "99.9%"), (7, 7, "100.0%"),
     (10**6 + 1, 10**6, ">100%"), (3, 2, "150.0%")],
)  # fmt: skip
def test_a_share_is_never_rounded_to_nothing_or_all(part: int, whole: int, text: str) -> None:
    assert format_share(part, whole) == text


@pytest.mark.parametrize(("seconds", "text"), [(0.04, "0.0 s"), (14, "14.0 s"), (99.97, "100 s"), (1234.5, "1,234 s")])
def test_seconds_that_were_measured(seconds: float, text: str) -> None:
    assert format_seconds(seconds) == text


@pytest.mark.parametrize(("seconds", "text"), [(1800.0, "1800 s"), (1.5, "1.5 s"), (1e6, "1000000 s")])
def test_seconds_that_were_given(seconds: float, text: str) -> None:
    assert format_timeout(seconds) == text


def test_one_thing_is_no_plural() -> None:
    assert [counted(number, "file") for number in (0, 1, 2)] == ["0 files", "1 file", "2 files"]
