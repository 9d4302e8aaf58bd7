"""The runtime as the host runs it: Node's options, the handler's contract, NODE_PATH, a start watched to its end."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from packager.catalog.current import load_catalog
from tests.support.proving import NODE, Bench, needs_node

if TYPE_CHECKING:
    from pathlib import Path

    from packager.model.targets import Target

pytestmark = needs_node
knows_flags = pytest.mark.skipif(NODE not in ("20", "22", "24"), reason="only these load ES modules with require()")

OK = "exports.handler = async () => ({ statusCode: 200 });\n"
ESM_ONLY = {
    "node_modules/only/package.json": '{"name":"only","version":"1.0.0","type":"module","exports":"./index.js"}',
    "node_modules/only/index.js": "export const name = 'only';\n",
}
REQUIRES = {"index.js": "const { name } = require('only');\n" + OK, **ESM_ONLY}


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def host(name: str) -> Target:
    runtimes = load_catalog().host(name).runtimes
    runtime = next(runtime for runtime, facts in runtimes.items() if facts.version == NODE)
    return load_catalog().target(name, runtime, "x86_64")


@knows_flags
@pytest.mark.parametrize("name", ["aws-lambda", "netlify", "vercel"])
def test_an_es_module_is_not_required_where_the_host_switches_that_off(bench: Bench, name: str) -> None:
    handler = {"vercel": "index.default"}.get(name, "index.handler")
    proof = bench.prove(REQUIRES, target=host(name), handler=handler)
    assert proof.status == "failed"
    finding = proof.findings[0]
    assert finding.code == "RUN012"
    assert f"{name} nodejs{NODE}.x starts Node with --no-experimental-require-module" in finding.message
    assert "import()" in finding.fix
    assert "--experimental-require-module" in finding.fix


@knows_flags
@pytest.mark.parametrize("name", ["google-cloud-functions", "now"])
def test_where_the_option_is_not_known_the_code_must_run_with_it(bench: Bench, name: str) -> None:
    files = {**REQUIRES, "index.js": "require('only'); module.exports = (q, s) => s.end(); exports.handler = 1;"}
    proof = bench.prove(files, target=host(name), handler="index.default")
    assert proof.status == "failed"
    assert "it is not known whether" in proof.findings[0].message


@knows_flags
def test_node_options_of_the_function_switch_it_on_again(bench: Bench) -> None:
    proof = bench.prove(REQUIRES, environment={"NODE_OPTIONS": "--experimental-require-module --no-warnings"})
    assert proof.status == "proved", proof


@knows_flags
def test_an_es_module_is_imported_on_every_host(bench: Bench) -> None:
    source = "exports.handler = async () => (await import('only')).name;\n"
    proof = bench.prove({**ESM_ONLY, "index.js": source}, event={})
    assert json.loads(proof.answer) == "only"


def test_the_kind_of_a_module_is_not_found_out_by_lambda(bench: Bench) -> None:
    proof = bench.prove({"index.js": "export const handler = async () => 1;\n"})
    assert [finding.code for finding in proof.findings if finding.severity == "error"] == ["RUN012"]


@pytest.mark.parametrize(
    ("source", "refused"),
    [
        ("exports.handler = (event, context, callback) => callback(null, 1);", True),
        ("exports.handler = async (event, context, unused) => 1;", True),
        ("exports.handler = async (event, context) => 1;", False),
        ("exports.handler = async (event, context, callback = null) => 1;", False),
        ("exports.handler = async (...all) => 1;", False),
        ("exports.handler = awslambda.streamifyResponse(async (e, stream, context) => stream.end());", False),
    ],
)
def test_a_runtime_without_callbacks_refuses_three_parameters_unless_streamed(
    bench: Bench, source: str, refused: bool
) -> None:
    target = host("aws-lambda")
    proof = bench.prove({"index.js": source}, target=replace(target, callbacks=False))
    assert [finding.code for finding in proof.findings] == (["RUN026"] if refused else [])
    assert bench.prove({"index.js": source}, target=replace(target, callbacks=True)).status == "proved"


def test_the_client_without_callbacks_takes_a_folder_named_like_the_handler(bench: Bench) -> None:
    files = {"index.js": OK, "index/other.js": "1;"}
    assert bench.prove(files, target=replace(host("aws-lambda"), callbacks=True)).status == "proved"
    proof = bench.prove(files, target=replace(host("aws-lambda"), callbacks=False))
    assert [finding.code for finding in proof.findings] == ["RUN011"]


def test_the_handler_may_hang_on_the_default_export(bench: Bench) -> None:
    proof = bench.prove({"index.mjs": "export default { handler: async () => 'here' };\n"}, event={})
    assert json.loads(proof.answer) == "here"


def test_import_finds_packages_of_layers_and_of_the_task_root_by_node_path(bench: Bench) -> None:
    layer = {"nodejs/node_modules/dep/index.js": "exports.name = 'layer';\n"}
    proof = bench.prove(
        {"index.mjs": "import { name } from 'dep';\nexport const handler = () => Promise.resolve(name);\n"},
        layers=[layer],
        event={},
    )
    assert json.loads(proof.answer) == "layer"
    files = {"src/index.js": f"require('lib/x');\n{OK}", "lib/x.js": "1;\n"}
    assert bench.prove(files, handler="src/index.handler").status == "proved"


def test_a_node_path_of_the_functions_own_takes_the_place_of_lambdas(bench: Bench) -> None:
    files = {"index.mjs": "import 'dep';\nexport const handler = async () => 1;\n"}
    layer = {"nodejs/node_modules/dep/index.js": "1;\n"}
    proof = bench.prove(files, layers=[layer], environment={"NODE_PATH": "/var/task/elsewhere"})
    assert (proof.status, proof.findings[0].code) == ("failed", "RUN001")
    assert bench.prove(files, layers=[layer], environment={"NODE_PATH": ""}).status == "proved"


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("setTimeout(() => { throw new Error('late'); }, 60);", "RUN014"),
        ("setTimeout(() => Promise.reject(new Error('late')), 60);", "RUN014"),
        (
            """const { Worker } = require('worker_threads');
            new Worker("setTimeout(() => { throw new Error('late'); }, 60)", { eval: true });""",
            "RUN014",
        ),
        ("setTimeout(() => require('not-there'), 60);", "RUN001"),
        ("setTimeout(() => process.exit(3), 60);", "RUN015"),
        ("setTimeout(() => process.abort(), 60);", "RUN005"),
        ("fetch && import('node:fs').then(() => { throw new Error('late'); });", "RUN014"),
    ],
)
def test_what_goes_wrong_soon_after_loading_fails_the_proof(bench: Bench, source: str, code: str) -> None:
    proof = bench.prove({"index.js": f"{source}\n{OK}"})
    assert (proof.status, proof.findings[0].code) == ("failed", code), proof


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("", ""),
        ("setInterval(() => {}, 200);", "; still open: 1 timer"),
        ("setTimeout(() => {}, 60);", ""),
        ("setInterval(() => {}, 200).unref();", ""),
        ("require('http').createServer().listen(0);", "; still open: 1 server"),
        ("const { Worker } = require('worker_threads'); new Worker('setTimeout(() => {}, 60)', { eval: true });", ""),
    ],
)
def test_a_start_is_proved_with_what_it_leaves_open(bench: Bench, source: str, said: str) -> None:
    proof = bench.prove({"index.js": f"{source}\n{OK}"})
    assert (proof.status, proof.detail) == ("proved", f"loaded index.handler{said}"), proof


def test_what_node_options_ask_for_in_vain_is_said_in_nodes_own_words(bench: Bench) -> None:
    proof = bench.prove({"index.js": OK}, environment={"NODE_OPTIONS": "--require /var/task/not-there.js"})
    assert (proof.status, proof.findings[0].code) == ("failed", "RUN001")
    assert "'not-there.js'" in proof.detail
    proof = bench.prove({"index.js": OK}, environment={"NODE_OPTIONS": "--no-such-option"})
    assert "--no-such-option is not allowed in NODE_OPTIONS" in proof.detail, proof


def test_the_status_of_a_streamed_answer_is_part_of_it(bench: Bench) -> None:
    source = """exports.handler = awslambda.streamifyResponse(async (event, stream) => {
  const answer = awslambda.HttpResponseStream.from(stream, { statusCode: 418, headers: { a: 'b' } });
  answer.write('short'); answer.end(' and stout');
});"""
    proof = bench.prove({"index.js": source}, event={})
    assert json.loads(proof.answer) == {"statusCode": 418, "headers": {"a": "b"}, "body": "short and stout"}


def test_packages_of_the_runtime_that_cannot_be_had_leave_the_bundle_unproved(bench: Bench) -> None:
    source = "import { Client } from '@aws-sdk/no-such-client';\nexport const handler = async () => typeof Client;\n"
    proof = bench.prove({"index.mjs": source}, fetch=False)
    assert proof.status == "skipped"
    assert "@aws-sdk/no-such-client" in proof.detail


@pytest.mark.network
def test_packages_of_the_runtime_come_from_the_registry_for_the_proof(bench: Bench) -> None:
    source = """import { S3Client } from '@aws-sdk/client-s3';
export const handler = async () => [typeof S3Client, typeof (await import('@aws-sdk/client-sns')).SNSClient];
"""
    proof = bench.prove({"index.mjs": source}, event={}, timeout_seconds=60)
    assert json.loads(proof.answer) == ["function", "function"]
    assert proof.detail.endswith("with @aws-sdk 3.x in place of the runtime's")
