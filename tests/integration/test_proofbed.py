"""The bed of the proof: no false yes and no false no where the hosts' own clients are the witnesses."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import pytest

from tests.proofbed.case import KINDS, Case
from tests.proofbed.cases import CASES
from tests.proofbed.running import rows
from tests.support.witnesses.room import possible

pytestmark = [
    pytest.mark.network,
    pytest.mark.skipif(not possible(), reason="the witnesses need mount namespaces and the program unzip"),
]
OF_EACH_KIND = 4
QUICK = [case for kind in KINDS for case in [one for one in CASES if one.kind == kind and one.quick][:OF_EACH_KIND]]


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder to work in; PACKAGER_PROOFBED names one to come back to."""
    chosen = os.environ.get("PACKAGER_PROOFBED")
    return Path(chosen) if chosen else tmp_path_factory.mktemp("proofbed")


def wrong(case: Case, levels: tuple[str, ...], work: Path) -> dict[str, str]:
    """Return level → what is wrong there."""
    found = list(rows(case, levels, work))
    assert found
    return {
        row.level: f"{row.verdict}: packager says {row.said}; the witness {row.answer}"
        for row in found
        if row.verdict not in ("ok", "known", "not tried")
    }


def test_the_bed_has_enough_of_each_kind() -> None:
    kinds = Counter(case.kind for case in CASES)
    assert len(CASES) >= 60 and set(kinds) == set(KINDS) and min(kinds.values()) >= 3
    failing = sum(case.truth == "fails" for case in CASES)
    assert len(CASES) * 0.4 < failing < len(CASES) * 0.6
    assert sum(case.proved for case in CASES) >= 15
    assert len({(case.kind, case.name) for case in CASES}) == len(CASES)


@pytest.mark.parametrize("case", QUICK, ids=lambda case: f"{case.kind}-{case.name}")
def test_quick_cases_at_the_default_level(case: Case, work: Path) -> None:
    assert wrong(case, ("safe", "none"), work) == {}


@pytest.mark.heavy
@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.kind}-{case.name}")
def test_every_case_at_every_level(case: Case, work: Path) -> None:
    assert wrong(case, ("none", "safe", "strict", "trace", "bundle"), work) == {}
