"""Answers against expectations, sample events, and what a remembered proof depends on."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from packager.catalog.current import load_catalog
from packager.core.errors import UsageError
from packager.model.proof import Proof
from packager.prove import proof_cache
from packager.prove.events import EVENTS, fitting, sample_event
from packager.prove.judging.expect import as_expected
from packager.prove.running.request import ProofRequest

if TYPE_CHECKING:
    from pathlib import Path

ANSWER = {"statusCode": 200, "body": json.dumps([{"name": "Ada", "id": 1}]), "headers": {}, "ok": True}


def proved(answer: object = ANSWER) -> Proof:
    return Proof("proved", "local", "node 22", "loaded index.handler", answer=json.dumps(answer))


@pytest.mark.parametrize(
    ("expect", "words"),
    [
        (None, ""),
        (200, ""),
        (404, "answer.statusCode is 200, expected 404"),
        ({"statusCode": 200}, ""),
        ({"body": [{"name": "Ada"}]}, ""),
        ({"body": [{"name": "Eve"}]}, 'answer.body[0].name is "Ada", expected "Eve"'),
        ({"body": []}, "answer.body has 1 elements, expected 0"),
        ({"gone": 1}, "answer.gone is missing"),
        ({"statusCode": True}, "answer.statusCode is 200, expected true"),
        ({"ok": 1}, "answer.ok is true, expected 1"),
        (["x"], 'answer is {"statusCode": 200'),
    ],
)
def test_an_answer_is_compared_with_a_part(expect: object, words: str) -> None:
    proof = as_expected(proved(), expect, "api.zip")
    assert (proof.status == "failed") == bool(words)
    assert words in proof.detail
    assert [finding.code for finding in proof.findings] == (["RUN021"] if words else [])


def test_no_answer_and_one_cut_off_are_no_match() -> None:
    assert as_expected(proved(None), 200, "api.zip").status == "failed"
    cut = replace(proved(), answer='{"statusCode": 200, "bo')
    assert "too long" in as_expected(cut, 200, "api.zip").detail


def test_a_proof_that_failed_keeps_its_own_reason() -> None:
    failed = Proof("failed", "local", "node 22", "api.zip throws")
    assert as_expected(failed, 200, "api.zip") == failed


def test_sample_events_are_json_and_a_misprint_is_guessed_at() -> None:
    for name, (_, event) in EVENTS.items():
        assert json.loads(json.dumps(event)) == sample_event(name)
    with pytest.raises(UsageError, match="did you mean 'schedule'"):
        sample_event("shedule")


def test_the_question_is_the_same_only_for_the_same_bytes_and_the_same_call(tmp_path: Path) -> None:
    one, same, other = tmp_path / "a.zip", tmp_path / "b.zip", tmp_path / "c.zip"
    for path, data in ((one, b"1"), (same, b"1"), (other, b"2")):
        path.write_bytes(data)
    target, elder = (load_catalog().target("aws-lambda", f"nodejs{major}.x", "x86_64") for major in (22, 20))
    request = ProofRequest("index.handler", target, {"A": "1"})
    question = proof_cache.asked(one, [other], request)
    assert question == proof_cache.asked(same, [other], replace(request, marker="another"))
    changed = [
        proof_cache.asked(other, [other], request),
        proof_cache.asked(one, [], request),
        proof_cache.asked(one, [other, other], request),
        proof_cache.asked(one, [other], replace(request, own={"A": "2"})),
        proof_cache.asked(one, [other], replace(request, handler="index.other")),
        proof_cache.asked(one, [other], replace(request, event={})),
        proof_cache.asked(one, [other], replace(request, memory_bytes=1)),
        proof_cache.asked(one, [other], replace(request, target=elder)),
    ]
    assert len({question, *changed}) == len(changed) + 1


def test_only_what_was_proved_is_remembered_and_damage_is_forgotten(tmp_path: Path) -> None:
    proof_cache.remember(tmp_path, "q", "here", proved())
    assert proof_cache.recall(tmp_path, "q", "here", "api.zip") == proved()
    assert proof_cache.recall(tmp_path, "q", "there", "api.zip") is None
    proof_cache.remember(tmp_path, "f", "here", replace(proved(), status="failed"))
    assert proof_cache.recall(tmp_path, "f", "here", "api.zip") is None
    (kept,) = (tmp_path / "proofs").iterdir()
    for damage in ("", "[]", '{"status": "proved"}', kept.read_text().replace("proved", "failed")):
        kept.write_text(damage)
        assert proof_cache.recall(tmp_path, "q", "here", "api.zip") is None


def test_a_cache_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "proofs").write_text("a file where the folder should be")
    proof_cache.remember(tmp_path, "q", "here", proved())
    assert proof_cache.recall(tmp_path, "q", "here", "api.zip") is None


@pytest.mark.parametrize(
    ("name", "sample"),
    [("aws-lambda", "sqs"), ("netlify", "rest"), ("vercel", "request"), ("google-cloud-functions", "request")],
)
def test_each_host_is_offered_samples_that_there_are(name: str, sample: str) -> None:
    host = load_catalog().host(name)
    target = load_catalog().target(name, next(iter(host.runtimes)), "x86_64")
    offered = fitting(target).split(", ")
    assert sample in offered
    assert set(offered) <= EVENTS.keys()


def test_a_layer_is_called_with_nothing() -> None:
    assert fitting(load_catalog().target("aws-lambda-layer", "nodejs22.x", "x86_64")) == ""
