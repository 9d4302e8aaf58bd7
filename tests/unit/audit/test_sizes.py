from __future__ import annotations

from dataclasses import replace

import pytest

from packager.audit.sizes import Weights, weigh
from packager.model.targets import Budget

LAMBDA = Budget(zipped=52_428_800, unzipped=262_144_000, unzipped_with_layers=262_144_000, layers=5, entries=65_535)
TITLE = "aws-lambda nodejs22.x x86_64"


def codes(numbers: dict[str, object], budget: Budget = LAMBDA) -> list[tuple[str, str]]:
    weights = replace(Weights(1, 1, entries=1), **numbers)  # type: ignore[arg-type]
    return [(each.severity, each.code) for each in weigh("dist/api.zip", weights, TITLE, budget)]


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        ({"zipped_bytes": 52_428_800, "unzipped_bytes": 262_144_000, "entries": 65_535}, []),
        ({"zipped_bytes": 52_428_801}, [("warning", "SIZE001")]),
        ({"zipped_bytes": None}, []),
        ({"unzipped_bytes": 262_144_001}, [("error", "SIZE002")]),
        ({"unzipped_bytes": 200_000_000, "layers_unzipped_bytes": (62_144_000,)}, []),
        ({"unzipped_bytes": 200_000_000, "layers_unzipped_bytes": (62_144_000, 1)}, [("error", "SIZE003")]),
        ({"layers_unzipped_bytes": (1,) * 5}, []),
        ({"layers_unzipped_bytes": (1,) * 6}, [("error", "SIZE004")]),
        ({"entries": 65_536}, [("error", "SIZE005")]),
    ],
)
def test_limits_are_exact(numbers: dict[str, object], expected: list[tuple[str, str]]) -> None:
    assert codes(numbers) == expected


def test_the_users_own_budget_is_an_error() -> None:
    assert codes({"zipped_bytes": 26_214_401}, Budget(zipped=26_214_400, zipped_by_user=True)) == [("error", "SIZE001")]


def test_no_limits_no_findings() -> None:
    assert codes({"zipped_bytes": 10**12, "unzipped_bytes": 10**12, "entries": 10**9}, Budget()) == []


def test_the_message_has_exact_bytes_and_the_largest_parts_first() -> None:
    (found,) = weigh(
        "dist/api.zip",
        Weights(1, 262_144_001 + 1_048_575, entries=1),
        TITLE,
        LAMBDA,
        [("a", 1 << 20), ("typescript", 3 << 20), ("b", 2 << 20)],
    )
    assert "263,192,576 bytes, 1,048,576 (1.00 MB) over the 262,144,000 bytes" in found.message
    assert found.fix.endswith("typescript 3.00 MB, b 2.00 MB, a 1.00 MB")
