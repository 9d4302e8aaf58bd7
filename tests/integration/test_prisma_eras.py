"""Every generation of Prisma, generated and built for real, queried where an engine exists (python -m tests.eras)."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

import pytest

from tests.eras.matrix import engines_in, run_era
from tests.eras.projects import ERAS
from tests.support.postgres import programs

if TYPE_CHECKING:
    from pathlib import Path

    from tests.eras.projects import Era

pytestmark = pytest.mark.network
MB = 1 << 20
LARGEST = {
    "6.19 client, libSQL": (12 * MB, 6 * MB),
    "7.10 prisma-client-js, pg": (int(9.5 * MB), int(2.6 * MB)),
}
"""(unzipped, zipped) bytes of the targets set for these: ahead of the best trim by hand."""
REAL_ENGINE_BYTES = 28_500_000
"""What the engine of 41,421,488 bytes may be at most once its symbols are gone."""
ALWAYS = (*LARGEST, "4.5.0 library in a layer")
"""Those with a target size run always, the whole matrix with --run-heavy."""


def _marked(era: Era) -> object:
    marks = [] if era.name in ALWAYS else [pytest.mark.heavy]
    if era.engine == "real":
        marks.append(pytest.mark.docker)
    if era.query.startswith("postgresql"):
        marks.append(pytest.mark.skipif(programs() is None, reason="PostgreSQL's server is not installed"))
    return pytest.param(era, id=era.name, marks=marks)


@pytest.mark.parametrize("era", [_marked(era) for era in ERAS])
def test_an_era_is_generated_built_trimmed_and_queried(
    tmp_path: Path, era: Era, request: pytest.FixtureRequest
) -> None:
    measured = bool(request.config.getoption("--run-heavy"))

    row = run_era(era, tmp_path, measure=measured)

    assert row.problems == []
    if era.engine == "real":
        home = row.archives["prisma" if era.layer else "api"]
        with zipfile.ZipFile(home) as opened:
            assert [opened.getinfo(path).file_size <= REAL_ENGINE_BYTES for path in engines_in(home)] == [True]
    if era.name in LARGEST:
        unzipped, zipped = LARGEST[era.name]
        with zipfile.ZipFile(row.archives["api"]) as opened:
            assert sum(member.file_size for member in opened.infolist()) <= unzipped
        assert row.archives["api"].stat().st_size <= zipped
        if measured:
            assert row.installed_bytes is not None
            assert row.installed_bytes > 10 * unzipped
