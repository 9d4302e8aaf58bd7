"""What was proved once is not run again: the same verdict without a process, until a byte or the call changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from packager.prove.prover import prove
from packager.prove.running.local import run_locally
from tests.support.proving import make_zip, needs_node, node_target

if TYPE_CHECKING:
    from pathlib import Path

    from packager.model.proof import Proof
    from packager.prove.judging.outcome import Run

pytestmark = needs_node
SOURCE = "exports.handler = async (event) => ({ statusCode: 200, got: event });"


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Count the real runs; each still happens."""
    seen: list[str] = []

    def counted(*arguments: object) -> Run:
        seen.append("run")
        return run_locally(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr("packager.prove.running.runners.run_locally", counted)
    return seen


def proved(artifact: Path, **more: object) -> Proof:
    options: dict[str, object] = {"handler": "index.handler", "environment": {}, "how": "local"}
    return prove(artifact, target=node_target(), cache=artifact.parent / "cache", **{**options, **more})  # type: ignore[arg-type]


def test_the_same_bytes_are_proved_once(tmp_path: Path, runs: list[str]) -> None:
    first = proved(make_zip(tmp_path / "api.zip", {"index.js": SOURCE}), event={"a": 1})
    again = proved(make_zip(tmp_path / "renamed.zip", {"index.js": SOURCE}), event={"a": 1})
    assert first.status == "proved"
    assert (again, len(runs)) == (first, 1)
    assert proved(tmp_path / "api.zip", event={"a": 1}, fresh=True) == first
    assert len(runs) == 2


def test_another_event_and_another_byte_are_proved_again(tmp_path: Path, runs: list[str]) -> None:
    artifact = make_zip(tmp_path / "api.zip", {"index.js": SOURCE})
    assert proved(artifact).status == "proved"
    assert proved(artifact, event=1).answer == '{"statusCode":200,"got":1}'
    make_zip(artifact, {"index.js": f"{SOURCE} throw new Error('new')"})
    assert proved(artifact).status == "failed"
    assert proved(artifact).status == "failed"
    assert len(runs) == 4, "a failure is shown each time"


def test_an_expectation_is_asked_of_the_remembered_answer_too(tmp_path: Path, runs: list[str]) -> None:
    artifact = make_zip(tmp_path / "api.zip", {"index.js": SOURCE})
    assert proved(artifact, event={}, expect=200).status == "proved"
    refused = proved(artifact, event={}, expect={"got": {"a": 1}})
    assert (refused.status, refused.findings[0].code, len(runs)) == ("failed", "RUN021", 1)
    assert refused.detail == "api.zip answers, but not as expected: answer.got.a is missing"


def test_an_answer_of_many_kilobytes_arrives_whole(tmp_path: Path) -> None:
    source = "exports.handler = async () => ({ body: 'x'.repeat(90000), last: 1 });"
    proof = proved(make_zip(tmp_path / "api.zip", {"index.js": source}), event={}, expect={"last": 1})
    assert proof.status == "proved", proof.detail
