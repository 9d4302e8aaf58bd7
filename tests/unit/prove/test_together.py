"""Several starts of one bundle, and the one proof of them."""

from __future__ import annotations

from dataclasses import replace

from packager.model.findings import Finding
from packager.model.proof import Proof, Wanted, skipped
from packager.prove.judging.together import together

A = Proof("proved", "local", "node", "loaded a.handler, opened 2 native files")
B = Proof("proved", "local", "node", "loaded b.handler, opened 2 native files")
MISSING = Finding("RUN001", "error", "api.zip!b.js", "asks for 'x'")
FAILED = Proof("failed", "local", "node", "b.js asks for 'x'", (MISSING,), wanted=(Wanted("x", "b.js"),))


def test_one_start_is_its_own_proof() -> None:
    assert together({"a.handler": A}) is A


def test_what_is_proved_names_each_start() -> None:
    proof = together({"a.handler": A, "b.handler": B})
    assert (proof.status, proof.detail) == ("proved", "loaded a.handler, b.handler, opened 2 native files")


def test_what_each_proof_adds_is_said_once() -> None:
    notes = [replace(A, detail=f"loaded {name}.handler; still open: 1 timer") for name in "ab"]
    proof = together({"a.handler": notes[0], "b.handler": notes[1]})
    assert proof.detail == "loaded a.handler, b.handler; still open: 1 timer"


def test_one_that_fails_decides_wherever_it_stands() -> None:
    for proofs in ({"a.handler": A, "b.handler": FAILED}, {"b.handler": FAILED, "a.handler": A}):
        proof = together(proofs)
        assert (proof.status, proof.findings, proof.wanted) == ("failed", (MISSING,), (Wanted("x", "b.js"),))
        assert proof.detail == "b.handler: b.js asks for 'x'"


def test_what_all_of_them_missed_is_missing() -> None:
    other = Proof("failed", "local", "node", "c.js asks for 'y'", wanted=(Wanted("y"), Wanted("x", "b.js")))
    proof = together({"b.handler": FAILED, "c.handler": other})
    assert proof.wanted == (Wanted("x", "b.js"), Wanted("y"))
    assert proof.detail == "b.handler: b.js asks for 'x'; c.handler: c.js asks for 'y'"


def test_one_that_could_not_be_proved_leaves_the_bundle_unproved() -> None:
    proof = together({"a.handler": A, "b.handler": skipped("no Node 22 here")})
    assert (proof.status, proof.detail) == ("skipped", "b.handler: audited, not proved: no Node 22 here")
    every = together({"a.handler": skipped("no Node 22 here"), "b.handler": skipped("no Node 22 here")})
    assert every.detail == "audited, not proved: no Node 22 here"


def test_a_finding_about_no_file_names_its_start() -> None:
    lost = Proof("failed", "local", "node", "x", (Finding("RUN011", "error", "api.zip", "has no export 'handler'"),))
    (finding,) = together({"a.handler": A, "b.handler": lost}).findings
    assert finding.message == "b.handler: has no export 'handler'"
