"""Proofs in real containers, in images that stand in for the target's; and in the target's own where it is there."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from packager.catalog.current import load_catalog
from packager.containers.docker_engine import connect
from packager.prove.prover import prove
from tests.support.hostile import NODE, PYTHON
from tests.support.proving import make_zip
from tests.support.reality import python_image

if TYPE_CHECKING:
    from packager.containers.docker_engine import DockerEngine
    from packager.model.proof import Proof
    from packager.model.targets import Target

pytestmark = pytest.mark.docker

STANDIN = "packager-test/node:22-bookworm"
GOOD = "exports.handler = async (event) => ({ got: event });"


@pytest.fixture
def target() -> Target:
    return load_catalog().target("aws-lambda", "nodejs22.x", "x86_64")


def connect_here() -> DockerEngine:
    return connect(os.environ, Path.home())


def prove_in(image: str, artifact: Path, target: Target, *layers: Path, **more: object) -> Proof:
    options: dict[str, object] = {"handler": "index.handler", "environment": {}, "how": "docker", "image": image}
    return prove(artifact, layers, target=target, cache=artifact.parent, **{**options, **more})  # type: ignore[arg-type]


def test_standin_function_and_layer_load_and_answer(tmp_path: Path, target: Target) -> None:
    layer = make_zip(tmp_path / "layer.zip", {"nodejs/node_modules/dep/index.js": "module.exports = __filename"})
    source = (
        "if (require('dep') !== '/opt/nodejs/node_modules/dep/index.js') throw new Error('elsewhere');"
        "if (__dirname !== '/var/task' || process.getuid() !== 993) throw new Error('not Lambda');"
        "require('fs').writeFileSync('/tmp/ok', '');" + GOOD
    )
    function = make_zip(tmp_path / "api.zip", {"index.js": source})
    proof = prove_in(STANDIN, function, target, layer, event={"a": 1})
    assert proof.status == "proved", proof
    assert proof.how == "docker"
    assert proof.where.startswith(f"image {STANDIN} (")
    assert proof.where.endswith(f"), standing in for {target.image}")
    assert proof.detail == "loaded index.handler, it answered the event"


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("require('left-pad')", "RUN001"),
        ("process.kill(process.pid, 'SIGSEGV'); for (;;);", "RUN005"),
        ("require('./secret.js')", "RUN007"),
        ("require('fs').writeFileSync(__dirname + '/x', '')", "RUN008"),
        ("require('fs').writeFileSync('/usr/x', '')", "RUN008"),
        ("const all = []; for (;;) all.push(Buffer.alloc(1 << 24, 1));", "RUN010"),
        ("exports.main = 1", "RUN011"),
        ("process.exit(0)", "RUN015"),
    ],
)
def test_standin_refuses_with_the_cause(tmp_path: Path, target: Target, source: str, code: str) -> None:
    files = {"index.js": source, "secret.js": ""}
    function = make_zip(tmp_path / "api.zip", files, {"secret.js": 0o600})
    proof = prove_in(STANDIN, function, target, memory_bytes=200 << 20)
    assert (proof.status, [finding.code for finding in proof.findings]) == ("failed", [code]), proof


def test_standin_time_limit_takes_the_container_with_it(tmp_path: Path, target: Target) -> None:
    function = make_zip(tmp_path / "api.zip", {"index.js": "for (;;) {}"})
    proof = prove_in(STANDIN, function, target, timeout_seconds=3)
    assert [finding.code for finding in proof.findings] == ["RUN009"]
    assert "busy loading" in proof.detail


def test_standin_a_fork_bomb_meets_the_limit_of_processes_and_is_gone(tmp_path: Path, target: Target) -> None:
    source = (
        "const { spawn } = require('child_process'); let refused = 0;"
        "const bomb = () => { try { spawn('/bin/sh', ['-c', 'b() { b | b & }; b; sleep 300'], { stdio: 'ignore' })"
        ".on('error', () => { refused += 1 }) } catch { refused += 1 } };"
        "setInterval(() => { for (let i = 0; i < 50; i++) bomb() }, 10);"
        "exports.handler = () => new Promise(() => {});"
    )
    function = make_zip(tmp_path / "api.zip", {"index.js": source})
    proof = prove_in(STANDIN, function, target, event={}, timeout_seconds=5)
    assert proof.status == "failed", proof
    codes = [finding.code for finding in proof.findings]
    assert codes[0] in ("RUN009", "RUN010", "RUN005")
    assert codes[1:] == ["RUN024"]
    with connect_here() as engine:
        assert engine.info().version, "the engine answers as before"


@pytest.mark.parametrize("name", NODE)
def test_standin_reports_what_is_tried_in_vain(tmp_path: Path, target: Target, name: str) -> None:
    case = NODE[name]
    function = make_zip(tmp_path / "api.zip", {"index.js": case.source})
    proof = prove_in(STANDIN, function, target, event={}, memory_bytes=case.memory_bytes)
    (finding,) = proof.findings
    expected = ("proved", case.code, "warning") if case.code else ("failed", "RUN010", "error")
    assert (proof.status, finding.code, finding.severity) == expected, proof
    assert all(words in finding.message for words in case.says)


@pytest.mark.heavy
@pytest.mark.parametrize("name", PYTHON)
def test_standin_reports_what_python_tries_in_vain(tmp_path: Path, name: str) -> None:
    case = PYTHON[name]
    target = load_catalog().target("aws-lambda", "python3.11", "x86_64")
    function = make_zip(tmp_path / "api.zip", {"index.py": case.source})
    proof = prove_in(python_image("bookworm"), function, target, event={}, memory_bytes=case.memory_bytes)
    (finding,) = proof.findings
    expected = ("proved", case.code, "warning") if case.code else ("failed", "RUN010", "error")
    assert (proof.status, finding.code, finding.severity) == expected, proof
    assert all(words in finding.message for words in case.says)


def test_standin_has_no_network(tmp_path: Path, target: Target) -> None:
    source = "await new Promise((ok, no) => net.connect(53, '192.0.2.1').on('error', no)); export const handler = 1"
    function = make_zip(tmp_path / "api.zip", {"index.mjs": f"import net from 'net'; {source}"})
    proof = prove_in(STANDIN, function, target)
    assert proof.status == "skipped"
    assert "wants the network" in proof.detail


@pytest.mark.network
def test_standin_without_node_gets_the_targets_major(tmp_path: Path, target: Target) -> None:
    function = make_zip(tmp_path / "api.zip", {"index.js": f"if (!process.version.startsWith('v22.')) throw 1; {GOOD}"})
    proof = prove_in("packager-test/debian:bullseye", function, target)
    assert proof.status == "proved", proof


def test_auto_uses_this_machine_where_the_image_is_not_on_the_engine(tmp_path: Path) -> None:
    target = load_catalog().target("aws-lambda", "nodejs20.x", "x86_64")
    function = make_zip(tmp_path / "api.zip", {"index.js": "require('./gone')"})
    with connect_here() as engine:
        if engine.find_image(target.image, "x86_64") is not None:
            pytest.skip("the official image is here, so that is what auto takes")
    proof = prove_in("", function, target, how="auto")
    assert proof.how in ("local", "")


def test_the_official_image_itself(tmp_path: Path, target: Target) -> None:
    with connect_here() as engine:
        if engine.find_image(target.image, "x86_64") is None:
            pytest.skip(f"image not available: {target.image}")
    function = make_zip(tmp_path / "api.zip", {"index.js": f"require('@aws-sdk/client-s3'); {GOOD}"})
    proof = prove_in("", function, target, event={})
    assert proof.status == "proved", proof
    assert "standing in" not in proof.where


BOOTSTRAP = """#!/usr/bin/python3
import json, os, urllib.request
api = "http://%s/2018-06-01/runtime/invocation" % os.environ["AWS_LAMBDA_RUNTIME_API"]
while True:
    with urllib.request.urlopen(api + "/next") as call:
        number, event = call.headers["Lambda-Runtime-Aws-Request-Id"], json.load(call)
    answer = json.dumps({"got": event, "user": os.getuid(), "handler": os.environ["_HANDLER"]}).encode()
    urllib.request.urlopen(urllib.request.Request(f"{api}/{number}/response", answer, method="POST"))
"""


def test_standin_a_custom_runtime_answers_the_runtime_api(tmp_path: Path) -> None:
    target = load_catalog().target("aws-lambda", "provided.al2023", "x86_64")
    function = make_zip(tmp_path / "api.zip", {"bootstrap": BOOTSTRAP}, {"bootstrap": 0o755})
    proof = prove_in(python_image("bookworm"), function, target, event={"a": 1}, handler="my.handler")
    assert (proof.status, proof.how) == ("proved", "docker"), proof
    assert json.loads(proof.answer) == {"got": {"a": 1}, "user": 993, "handler": "my.handler"}
    function = make_zip(tmp_path / "api.zip", {"bootstrap": "#!/bin/sh\nexit 3"}, {"bootstrap": 0o755})
    proof = prove_in(python_image("bookworm"), function, target, event={})
    assert (proof.status, [finding.code for finding in proof.findings]) == ("failed", ["RUN015"]), proof
    proof = prove_in(STANDIN, function, target, event={})
    assert proof.status == "skipped"
    assert "has no python3" in proof.detail
