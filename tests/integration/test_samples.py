"""Every sample is built by the local builder from its lock file and compared with its expected.json."""

from __future__ import annotations

import json
import zipfile
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.cli import SAMPLES, packager, sample

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.network
NAMES = sorted(path.parent.name for path in SAMPLES.glob("*/expected.json"))


@pytest.fixture(scope="module", params=NAMES)
def built(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """Return a built sample and the document of its build."""
    folder = sample(request.param, tmp_path_factory.mktemp("sample"))
    ran = packager("build", folder, "--builder", "host", "--json")
    assert ran.code == 0, ran.stderr + ran.stdout
    return folder, ran.json()


def expected(folder: Path) -> dict[str, Any]:
    """Return the sample's own word of what comes out."""
    document: dict[str, Any] = json.loads((folder / "expected.json").read_text())
    return document


def test_the_archives_hold_what_the_sample_says(built: tuple[Path, dict[str, Any]]) -> None:
    folder, _ = built
    for name, wanted in expected(folder)["bundles"].items():
        with zipfile.ZipFile(folder / "dist" / f"{name}.zip") as archive:
            names = set(archive.namelist())
            natives = sorted(n for n in names if archive.read(n)[:4] == b"\x7fELF")
        assert natives == sorted(wanted["natives"])
        assert names >= set(wanted["contains"])
        assert not names & set(wanted["lacks"])
        if "files" in wanted:
            assert names == set(wanted["files"])


def test_every_bundle_is_proved_and_without_errors(built: tuple[Path, dict[str, Any]]) -> None:
    _, document = built
    assert document["ok"]
    for bundle in document["bundles"]:
        assert bundle["proof"]["status"] == "proved", bundle["proof"]
        assert not [finding for finding in bundle["findings"] if finding["severity"] == "error"]


def test_everything_together_is_as_small_as_the_sample_says(built: tuple[Path, dict[str, Any]]) -> None:
    folder, document = built
    together = sum(bundle["artifact"]["unzipped_bytes"] for bundle in document["bundles"])
    assert together < expected(folder)["unzipped_together_below"]


def test_the_manifest_tells_every_file_with_its_reason(built: tuple[Path, dict[str, Any]]) -> None:
    folder, document = built
    for bundle in document["bundles"]:
        manifest = json.loads((folder / "dist" / f"{bundle['bundle']}.manifest.json").read_text())
        with zipfile.ZipFile(folder / "dist" / f"{bundle['bundle']}.zip") as archive:
            sizes = {info.filename: (info.file_size, info.compress_size) for info in archive.infolist()}
        assert {file["path"]: (file["size"], file["compressed"]) for file in manifest["files"]} == sizes
        assert all(file["reason"] and len(file["sha256"]) == 64 for file in manifest["files"])
        assert str(folder) not in json.dumps(manifest)


def answers(built: tuple[Path, dict[str, Any]], *how: str) -> None:
    """Require the answer the sample promises, from the zips mounted as /var/task and /opt."""
    folder, document = built
    function = next(b["bundle"] for b in document["bundles"] if b["kind"] == "function")
    layers = [b["bundle"] for b in document["bundles"] if b["kind"] == "layer"]
    mounts = [word for name in layers for word in ("--layer", folder / "dist" / f"{name}.zip")]
    ran = packager(
        "prove", folder / "dist" / f"{function}.zip", *mounts, "--event", folder / "event.json", "--json", *how
    )
    assert ran.code == 0, ran.stdout + ran.stderr
    answer = ran.json()["response"]
    wanted = expected(folder)["response"]
    for key, value in wanted.items():
        found = answer[key]
        assert (json.loads(found) if isinstance(value, list) else found) == value


def test_the_function_answers_the_sample_event(built: tuple[Path, dict[str, Any]]) -> None:
    answers(built)


@pytest.mark.docker
def test_standin_the_function_answers_in_a_container(built: tuple[Path, dict[str, Any]]) -> None:
    """Debian bookworm with Node 22 in place of Lambda's nodejs22.x image."""
    answers(built, "--how", "docker", "--image", "packager-test/node:22-bookworm")


def test_the_project_folder_is_left_as_it_was(built: tuple[Path, dict[str, Any]]) -> None:
    folder, _ = built
    original = {path.relative_to(SAMPLES / folder.name) for path in (SAMPLES / folder.name).rglob("*")}
    now = {path.relative_to(folder) for path in folder.rglob("*")}
    added = {path for path in now - original if path.parts[0] not in ("dist", "node_modules")}
    assert not added
    assert not (folder / "node_modules").exists()
