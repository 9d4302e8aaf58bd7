"""Streams made in parts: for any content and level they give the content, and others may follow any of them."""

from __future__ import annotations

import zlib

import deflate
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from packager.archive.write.large_members import UnknownStreamError, compress_part

LEVELS = range(1, 13)
_UNIT = st.one_of(
    st.binary(min_size=1, max_size=300),
    st.text(min_size=1, max_size=100).map(str.encode),
    st.integers(0, 255).map(lambda byte: bytes([byte])),
)


def _noise(length: int, seed: int) -> bytes:
    import random

    return random.Random(seed).randbytes(length)


@st.composite
def contents(draw: st.DrawFn) -> bytes:
    """Draw what has several blocks, some of them stored: repeated and random stretches of all lengths."""
    found = b""
    for _ in range(draw(st.integers(1, 4))):
        length = draw(st.sampled_from([1, 300, 5_000, 65_534, 65_535, 65_536, 131_071, 310_000]))
        if draw(st.booleans()):
            found += _noise(length, draw(st.integers(0, 1000)))
        else:
            unit = draw(_UNIT)
            found += (unit * (length // len(unit) + 1))[:length]
    return found


@given(parts=st.lists(contents(), min_size=1, max_size=3), last=contents(), level=st.sampled_from(LEVELS))
@settings(max_examples=60, deadline=None)
def test_parts_and_a_last_one_are_one_stream(parts: list[bytes], last: bytes, level: int) -> None:
    try:
        stream = b"".join(compress_part(part, level, deflate.deflate_compress) for part in parts)
    except UnknownStreamError:
        # Allowed, as the content is then compressed whole; but with parts of megabytes it has not been seen.
        assert min(map(len, parts)) < 70_000
        return
    inflater = zlib.decompressobj(-15)
    assert inflater.decompress(stream + deflate.deflate_compress(last, level)) == b"".join(parts) + last
    assert inflater.eof
    assert not inflater.unused_data


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize(
    "part",
    [
        b"x" * 400_000,
        b"ab" * 150_000,
        _noise(500_000, 1),
        b"x" * 300_000 + _noise(200_000, 2),
        _noise(200_000, 3) + b"x" * 300_000,
        b"q" * 30_000 + _noise(66_000, 4),
        b"q" * 30_000 + _noise(65_535, 5),
        b"".join(b"line %d of many\n" % number for number in range(40_000)),
    ],
    ids=["one byte", "two bytes", "noise", "noise last", "noise first", "noise just too long", "noise 65,535", "lines"],
)
def test_every_kind_of_last_block_is_found(part: bytes, level: int) -> None:
    stream = compress_part(part, level, deflate.deflate_compress)
    assert zlib.decompress(stream + deflate.deflate_compress(b"end", level), -15) == part + b"end"


def test_the_same_part_gives_the_same_stream() -> None:
    part = _noise(70_000, 6) + b"y" * 100_000
    assert compress_part(part, 6, deflate.deflate_compress) == compress_part(part, 6, deflate.deflate_compress)


def test_a_compressor_that_cuts_blocks_otherwise_is_found_out() -> None:
    def other(data: bytes, level: int) -> bytearray:
        return deflate.deflate_compress(data if len(data) < 500_000 else b"other" + data, level)

    with pytest.raises(UnknownStreamError):
        compress_part(b"".join(b"%d " % number for number in range(60_000)), 6, other)
