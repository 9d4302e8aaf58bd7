"""Numbers of repeated measurements: median, quartiles, and how sure a ratio of two medians is. Pure."""

from __future__ import annotations

import random
from dataclasses import dataclass
from statistics import median, quantiles
from typing import TYPE_CHECKING

from packager.core.units import format_milliseconds, format_ratio

if TYPE_CHECKING:
    from collections.abc import Sequence

_RESAMPLES = 4000


@dataclass(frozen=True)
class Spread:
    """Where the middle of some measurements lies, and the middle half of them."""

    median: float
    low: float
    """First quartile."""
    high: float
    """Third quartile."""

    def __str__(self) -> str:
        return f"{format_milliseconds(self.median)} ({format_milliseconds(self.low)}-{format_milliseconds(self.high)})"


@dataclass(frozen=True)
class Ratio:
    """How many times as long, with an interval that holds the true value in 95 of 100 such measurements."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{format_ratio(self.value)} (95%: {format_ratio(self.low)}-{format_ratio(self.high)})"


def spread(values: Sequence[float]) -> Spread:
    """Return median and quartiles.

    >>> print(spread([1, 2, 3, 4, 5]))
    3 (2-4)
    """
    if len(values) == 1:
        return Spread(values[0], values[0], values[0])
    low, middle, high = quantiles(values, n=4, method="inclusive")
    return Spread(middle, low, high)


def ratio(these: Sequence[float], those: Sequence[float]) -> Ratio:
    """Return median(these) / median(those), with the interval of a percentile bootstrap.

    The resampling has a fixed seed: the same measurements give the same interval.
    """
    chance = random.Random(0)
    drawn = sorted(
        median(chance.choices(these, k=len(these))) / median(chance.choices(those, k=len(those)))
        for _ in range(_RESAMPLES)
    )
    edge = _RESAMPLES // 40
    return Ratio(median(these) / median(those), drawn[edge], drawn[-edge - 1])
