"""What is over, and which limits are goals."""

from __future__ import annotations

import pytest

from packager.model.fitting import Excess
from packager.model.targets import Budget
from packager.pipeline.fit.excess import excess_of, meets

LAMBDA = Budget(zipped=50, unzipped=250, unzipped_with_layers=250, layers=5)


@pytest.mark.parametrize(
    ("sizes", "budget", "expected"),
    [
        ((50, 250, 0), LAMBDA, Excess(0, 0, 50, 250)),
        ((51, 250, 0), LAMBDA, Excess(1, 0, 50, 250)),
        ((51, 200, 60), LAMBDA, Excess(0, 10, None, 250)),
        ((51, 260, 0), Budget(zipped=50, unzipped=250, zipped_is_hard=True), Excess(1, 10, 50, 250)),
        ((51, 260, 0), Budget(zipped=50, unzipped=250, zipped_by_user=True), Excess(1, 10, 50, 250)),
        ((10**12, 10**12, 0), Budget(), Excess()),
    ],
    ids=["at the limit", "upload only", "with layers", "hard", "user", "no limits"],
)
def test_excess(sizes: tuple[int, int, int], budget: Budget, expected: Excess) -> None:
    assert excess_of(*sizes, budget) == expected


def test_goals_are_met_at_the_limit_and_not_beyond() -> None:
    goal = excess_of(60, 300, 0, Budget(zipped=50, unzipped=250, zipped_by_user=True))

    assert meets(goal, 50, 250)
    assert not meets(goal, 51, 250)
    assert not meets(goal, 50, 251)
