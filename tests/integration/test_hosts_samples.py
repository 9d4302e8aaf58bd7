"""Each host's sample is built, delivered as its shipped.json says, accepted by the host's own tool, and answers."""

from __future__ import annotations

import json
import zipfile
from typing import TYPE_CHECKING

import pytest

from tests.support.acceptance import ACCEPTANCE, Built, acceptance, build_sample
from tests.support.build_output import check_build_output
from tests.support.cli import SAMPLES, packager
from tests.support.hosts import folder_digests

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.network
NAMES = sorted(path.parent.name for path in SAMPLES.glob("*/shipped.json"))


@pytest.fixture(scope="module")
def builds() -> dict[str, Built]:
    """Return the builds made so far: each sample is built once for all tests."""
    return {}


def built(name: str, builds: dict[str, Built], tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Return a sample, built by the local builder."""
    if name not in builds:
        builds[name] = build_sample(name, tmp_path_factory.mktemp("host"), "--builder", "host")
    return builds[name]


@pytest.mark.parametrize("name", NAMES)
def test_the_sample_is_proved_clean_within_its_limits_and_shipped_as_it_says(
    name: str, builds: dict[str, Built], tmp_path_factory: pytest.TempPathFactory
) -> None:
    made = built(name, builds, tmp_path_factory)
    for bundle in made.document["bundles"]:
        assert bundle["proof"]["status"] == "proved", bundle["proof"]
        assert [finding for finding in bundle["findings"] if finding["severity"] == "error"] == []
        limit = bundle["budget"]["zipped_bytes"]
        assert limit is None or bundle["artifact"]["zipped_bytes"] < limit
    expected = json.loads((made.folder / "shipped.json").read_text())
    shipped = {
        path.relative_to(made.dist).as_posix()
        for path in made.dist.rglob("*")
        if path.is_file() and "node_modules" not in path.parts
    }
    assert shipped == set(expected["files"])
    for archive, natives in expected["natives"].items():
        with zipfile.ZipFile(made.dist / archive) as opened:
            found = [path for path in opened.namelist() if opened.read(path)[:4] == b"\x7fELF"]
        assert sorted(found) == natives


@pytest.mark.parametrize("name", NAMES)
def test_building_again_gives_the_same_bytes(
    name: str, builds: dict[str, Built], tmp_path_factory: pytest.TempPathFactory
) -> None:
    made = built(name, builds, tmp_path_factory)
    before = folder_digests(made.dist)
    ran = packager("build", made.folder, "--builder", "host", "--no-prove", "-q")
    assert ran.code == 0, ran.stderr
    # The manifests differ in one thing, the proof that was left out.
    assert {path: sha for path, sha in folder_digests(made.dist).items() if not path.endswith(".manifest.json")} == {
        path: sha for path, sha in before.items() if not path.endswith(".manifest.json")
    }


def test_the_vercel_sample_is_a_complete_build_output(
    builds: dict[str, Built], tmp_path_factory: pytest.TempPathFactory
) -> None:
    check_build_output(built("vercel", builds, tmp_path_factory).dist / "site/.vercel/output")


@pytest.mark.parametrize("name", [name for name in NAMES if name in ACCEPTANCE])
def test_the_hosts_own_tool_accepts_it_and_it_answers(
    name: str, builds: dict[str, Built], tmp_path_factory: pytest.TempPathFactory, tmp_path: Path
) -> None:
    made = built(name, builds, tmp_path_factory)
    acceptance(name).accept(made, tmp_path)
    assert acceptance(name).answer(made, tmp_path).startswith("200")
