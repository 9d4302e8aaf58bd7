"""Every generation of Prisma, generated and built for real, queried where an engine exists (python -m tests.eras)."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

import pytest

from packager.engines.clients import ENGINE_FILE
from tests.eras.matrix import run_era
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
"""(unzipped, zipped) bytes of the issue's targets: ahead of the best trim by hand."""


def _marked(era: Era) -> object:
    # The two with a target size run always, the whole matrix with --run-heavy.
    marks = [] if era.name in LARGEST else [pytest.mark.heavy]
    if era.engine == "real":
        marks.append(pytest.mark.docker)
    if era.query.startswith("postgresql"):
        marks.append(pytest.mark.skipif(programs() is None, reason="PostgreSQL's server is not installed"))
    return pytest.param(era, id=era.name, marks=marks)


@pytest.mark.parametrize("era", [_marked(era) for era in ERAS])
def test_an_era_is_generated_built_trimmed_and_queried(tmp_path: Path, era: Era) -> None:
    row = run_era(era, tmp_path)

    assert row.problems == []
    (archive,) = tmp_path.glob("*/api.zip")
    with zipfile.ZipFile(archive) as opened:
        members = opened.infolist()
    engines = [member for member in members if ENGINE_FILE.search(member.filename)]
    assert len(engines) == era.native
    if era.engine == "real":
        assert engines[0].file_size <= 28_500_000
    unzipped, zipped = LARGEST.get(era.name, (None, None))
    if unzipped is not None and zipped is not None:
        assert sum(member.file_size for member in members) <= unzipped
        assert archive.stat().st_size <= zipped
