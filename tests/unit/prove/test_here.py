"""Proofs on this machine with the Python these tests run on, in namespaces where they can be had and without."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from packager.catalog.current import load_catalog
from packager.prove.running import local
from packager.toolchains.interpreters import find_python
from tests.support.proving import Bench, Files

if TYPE_CHECKING:
    from pathlib import Path

VERSION = "{}.{}".format(*sys.version_info[:2])
pytestmark = pytest.mark.skipif(
    sys.platform != "linux"
    or f"python{VERSION}" not in load_catalog().host("aws-lambda").runtimes
    or find_python(VERSION) is None,
    reason=f"Lambda runs Linux, and has no Python {VERSION}",
)

CASES: dict[str, tuple[Files, str, str]] = {
    "good": ({"app.py": "import dep\ndef handler(event, context):\n    return event", "dep.py": ""}, "", ""),
    "missing": ({"app.py": "import lost_module"}, "RUN001", "lost_module"),
    "throws": ({"app.py": "raise ValueError('boom')"}, "RUN014", "boom"),
    "no handler": ({"app.py": "def other(event, context): ..."}, "RUN011", "handler"),
    "exits": ({"app.py": "import sys\nsys.exit(3)"}, "RUN015", "3"),
    "crashes": ({"app.py": "import os\nos.abort()"}, "RUN005", "SIGABRT"),
    "fails on the event": ({"app.py": "def handler(event, context):\n    return event['x']"}, "RUN016", "KeyError"),
}


@pytest.mark.parametrize("sandboxed", [True, False], ids=["namespaces", "plain"])
@pytest.mark.parametrize("name", CASES)
def test_a_bundle_s_verdict(tmp_path: Path, name: str, sandboxed: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not sandboxed:
        monkeypatch.setattr("packager.prove.running.local._in_sandbox", lambda *_: None)
        # Root would become another user, who may not be let into the folder this Python lies in.
        monkeypatch.setattr("packager.prove.running.local.is_root", lambda: False)
    files, code, words = CASES[name]
    target = load_catalog().target("aws-lambda", f"python{VERSION}", "x86_64")
    proof = Bench(tmp_path).prove(files, handler="app.handler", target=target, event={})
    if proof.status == "skipped" and "this machine is" in proof.detail:
        pytest.skip(proof.detail)

    assert [finding.code for finding in proof.findings] == ([code] if code else []), proof
    assert proof.status == ("failed" if code else "proved")
    assert words in proof.detail
    assert str(tmp_path) not in str(proof.findings)
    if not sandboxed:
        assert "without namespaces" in proof.where


def test_an_interpreter_that_cannot_be_started_proves_nothing_and_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where the proof's user may not enter /root, in which the interpreter lies."""
    locked = tmp_path / "python3"
    locked.write_text("#!/bin/sh\n", encoding="utf-8")
    locked.chmod(0o644)
    plain = local._plain
    monkeypatch.setattr(local, "_in_sandbox", lambda *_: None)
    monkeypatch.setattr(local, "_plain", lambda root, request, _, bare: plain(root, request, locked, bare))
    target = load_catalog().target("aws-lambda", f"python{VERSION}", "x86_64")
    proof = Bench(tmp_path).prove({"app.py": "def handler(event, context): ..."}, handler="app.handler", target=target)

    assert proof.status == "skipped"
    assert "python3 cannot be started" in proof.detail
    assert "Permission denied" in proof.detail
    assert str(tmp_path) not in proof.detail


def test_a_bundle_that_never_ends_and_one_that_wants_too_much(tmp_path: Path) -> None:
    target = load_catalog().target("aws-lambda", f"python{VERSION}", "x86_64")
    bench = Bench(tmp_path)
    endless = bench.prove({"app.py": "while True: ..."}, handler="app.handler", target=target, timeout_seconds=1)
    if endless.status == "skipped":
        pytest.skip(endless.detail)

    assert [finding.code for finding in endless.findings] == ["RUN009"]
    hungry = "held = bytearray(300 << 20)\nwhile True: ..."
    proof = bench.prove({"app.py": hungry}, handler="app.handler", target=target, memory_bytes=128 << 20)
    assert proof.status == "failed"
    assert "memory" in proof.detail
