"""What the plan says of runtimes whose days are counted: dates, and no clock."""

from __future__ import annotations

from dataclasses import replace

import pytest

from packager.catalog.current import load_catalog
from packager.planning.runtimes import runtime_notice

LAMBDA = load_catalog().target("aws-lambda", "nodejs22.x", "x86_64")


def test_a_supported_runtime_is_no_news() -> None:
    assert runtime_notice(LAMBDA) is None


def test_the_dates_of_a_deprecated_runtime_are_told() -> None:
    assert runtime_notice(load_catalog().target("aws-lambda", "nodejs20.x", "x86_64")) == (
        "runtime nodejs20.x is deprecated since 2026-04-30; the host refuses to create functions on it from 2026-08-31 "
        "and to update functions on it from 2026-09-30"
    )


@pytest.mark.parametrize(
    ("create", "update", "said"),
    [
        ("", "", "runtime nodejs22.x is gone since 2027-04-30"),
        ("", "2027-07-01", "runtime nodejs22.x is gone since 2027-04-30; the host refuses to update functions on it "),
    ],
)
def test_dates_that_are_not_known_are_left_out(create: str, update: str, said: str) -> None:
    target = replace(LAMBDA, status="gone", block_create=create, block_update=update)
    assert (runtime_notice(target) or "").startswith(said)


def test_a_preview_is_called_one() -> None:
    assert runtime_notice(replace(LAMBDA, status="preview")) == (
        "runtime nodejs22.x is a preview: the host offers it for trials, without support"
    )
