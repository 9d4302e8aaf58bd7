"""Damage to bytes, bit by bit."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


def flipped(content: bytes, start: int = 0, stop: int | None = None, step: int = 1) -> Iterator[bytes]:
    """Yield the bytes with one bit flipped, each bit in turn, of those from `start` to `stop`: all, if not given.

    A `step` of 7 takes each seventh bit, and so one of each place in a byte in turn.
    """
    for bit in range(start, 8 * len(content) if stop is None else stop, step):
        damaged = bytearray(content)
        damaged[bit // 8] ^= 1 << bit % 8
        yield bytes(damaged)
