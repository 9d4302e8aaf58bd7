"""The trim levels on the packages people use most: loaded and used whole and trimmed, they must answer alike."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.bed.__main__ import rows
from tests.bed.packages import NODE, PYTHON

pytestmark = [pytest.mark.heavy, pytest.mark.network]


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder to install into; PACKAGER_BED names one to come back to."""
    chosen = os.environ.get("PACKAGER_BED")
    return Path(chosen) if chosen else tmp_path_factory.mktemp("bed")


@pytest.mark.parametrize("group", [*NODE, *PYTHON])
def test_every_package_answers_trimmed_as_it_does_whole(work: Path, group: str) -> None:
    found = list(rows(work, [group], ["safe", "strict"]))

    assert found
    assert {f"{row.package} {row.level}": row.broken for row in found if row.broken} == {}
    assert sum(row.worked for row in found) > len(found)
    assert sum(row.after for row in found) < sum(row.before for row in found)
