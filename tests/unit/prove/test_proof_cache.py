"""Proofs that are kept: believed only if every bit of them is as it was written."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from packager.core.sealed import seal
from packager.languages.registry import LANGUAGES
from packager.model.findings import Finding
from packager.model.languages import ProofProgram
from packager.model.proof import Proof
from packager.prove import proof_cache
from packager.prove.loaders import scripts as loaders
from tests.contracts.dummies import quill
from tests.support.bits import flipped

if TYPE_CHECKING:
    from pathlib import Path

WARNING = Finding("RUN022", "warning", "api.zip", "writes /etc/x", "do not")
PROVED = Proof("proved", "local", "node 22 on this machine", "loaded a.b", (WARNING,), answer='{"statusCode":403}')


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """Return the file of a proof that is kept in `tmp_path`."""
    proof_cache.remember(tmp_path, "asked", "here", PROVED)
    (file,) = (tmp_path / "proofs").iterdir()
    return file


def recalled(cache: Path) -> Proof | None:
    return proof_cache.recall(cache, "asked", "here", "api.zip")


@pytest.mark.usefixtures("kept")
def test_a_proof_comes_back(tmp_path: Path) -> None:
    assert recalled(tmp_path) == PROVED
    assert proof_cache.recall(tmp_path, "asked", "there", "api.zip") is None
    assert proof_cache.recall(tmp_path, "other", "here", "api.zip") is None


@pytest.mark.parametrize("step", [pytest.param(1, marks=pytest.mark.slow), 7])
def test_no_flipped_bit_is_believed(kept: Path, tmp_path: Path, step: int) -> None:
    good = kept.read_bytes()
    for damaged in flipped(good, step=step):
        kept.write_bytes(damaged)
        assert recalled(tmp_path) is None, damaged
    for length in range(0, len(good), step):
        kept.write_bytes(good[:length])
        assert recalled(tmp_path) is None


def test_a_damaged_proof_is_replaced(kept: Path, tmp_path: Path) -> None:
    kept.write_bytes(kept.read_bytes().replace(b"403", b"200"))
    assert recalled(tmp_path) is None
    proof_cache.remember(tmp_path, "asked", "here", PROVED)
    assert recalled(tmp_path) == PROVED


def test_a_proof_of_something_else_is_not_believed(kept: Path, tmp_path: Path) -> None:
    proof_cache.remember(tmp_path, "another", "here", replace(PROVED, answer=""))
    (other,) = set(kept.parent.iterdir()) - {kept}
    other.replace(kept)
    assert recalled(tmp_path) is None


@pytest.mark.parametrize(
    "text",
    ["", "null", "[]", '{"status": "proved", "how": "", "where": "", "detail": "", "answer": "", "findings": []}'],
)
def test_a_proof_without_a_checksum_is_not_there(kept: Path, tmp_path: Path, text: str) -> None:
    kept.write_text(text)
    assert recalled(tmp_path) is None


@pytest.mark.parametrize(
    "change",
    [{"status": "failed"}, {"status": 1}, {"answer": None}, {"findings": 1}, {"findings": [1]}, {"findings": [{}]}],
)
def test_a_proof_of_another_shape_is_not_there(kept: Path, tmp_path: Path, change: dict[str, object]) -> None:
    document = {
        "status": "proved", "how": "", "where": "", "detail": "", "answer": "", "findings": [WARNING.to_json()]
    }  # fmt: skip
    kept.write_bytes(seal(document, f"proof {kept.stem}"))
    assert recalled(tmp_path) is not None
    kept.write_bytes(seal({**document, **change}, f"proof {kept.stem}"))
    assert recalled(tmp_path) is None


def test_a_pipe_in_place_of_a_proof_holds_nobody_up(kept: Path, tmp_path: Path) -> None:
    kept.unlink()
    os.mkfifo(kept)
    assert recalled(tmp_path) is None


def test_every_loader_that_a_proof_depends_on_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    assert all((loaders.FOLDER / name).is_file() for language in LANGUAGES for name in loaders.files(language))
    monkeypatch.setattr(quill, "proof", ProofProgram("quill", "gone.quill"))
    monkeypatch.setitem(LANGUAGES, "quill", quill)
    proof_cache._loaders.cache_clear()
    try:
        with pytest.raises(FileNotFoundError, match=r"gone\.quill"):
            proof_cache._loaders()
    finally:
        proof_cache._loaders.cache_clear()
