"""Proofs with this machine's own Node and Python: small bundles, each good or broken in one way."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from packager.catalog.current import load_catalog
from packager.core.errors import ArtifactError
from packager.model.containers import Image, Outcome
from packager.prove import prover
from packager.prove.prover import prove
from tests.support.proving import NODE, Bench, Files, comes_to_an_end, make_zip, needs_node, node_target

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from packager.model.containers import Containers
    from packager.model.targets import Arch
    from packager.prove.running.runners import How


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


GOOD_CJS = "exports.handler = async (event) => ({ got: event });"
GOOD_ESM = "import fs from 'node:fs'; export const handler = async () => fs.constants.R_OK;"

GOOD: dict[str, tuple[Files, str]] = {
    "CommonJS": ({"index.js": GOOD_CJS}, "index.handler"),
    "ES module by name": ({"index.mjs": GOOD_ESM}, "index.handler"),
    "ES module by package.json": ({"package.json": '{"type": "module"}', "index.js": GOOD_ESM}, "index.handler"),
    "cjs in a module package": ({"package.json": '{"type": "module"}', "a.cjs": GOOD_CJS}, "a.handler"),
    "in a folder": ({"src/api/index.js": GOOD_CJS}, "src/api/index.handler"),
    "nested export": ({"index.js": "exports.a = { b: { handler() {} } };"}, "index.a.b.handler"),
    "a folder with an index": ({"api/index.js": GOOD_CJS}, "api/index.handler"),
    "a package": ({"node_modules/pkg/index.js": GOOD_CJS}, "pkg.handler"),
    "names with spaces and accents": ({"mes données/été 1.js": GOOD_CJS}, "mes données/été 1.handler"),
    "prints what looks like a report": (
        {"index.js": 'process.stdout.write("packager-0 e30=\\n{\\"step\\":\\"failed\\"}"); ' + GOOD_CJS},
        "index.handler",
    ),
    "keeps a timer running": ({"index.js": "setInterval(() => {}, 10); " + GOOD_CJS}, "index.handler"),
    "starts a process that stays": (
        {"index.js": "require('child_process').spawn('sleep', ['300'], {stdio: 'inherit'}); " + GOOD_CJS},
        "index.handler",
    ),
}


@needs_node
@pytest.mark.parametrize("name", GOOD)
def test_a_good_bundle_is_proved(bench: Bench, name: str) -> None:
    files, handler = GOOD[name]
    proof = bench.prove(files, handler=handler)
    assert (proof.status, proof.findings) == ("proved", ()), proof
    assert proof.how == "local"
    assert f"loaded {handler}" in proof.detail
    assert proof.where.startswith(f"node {NODE}.")


BROKEN: dict[str, tuple[Files, str, str]] = {
    "missing package": ({"index.js": "require('left-pad')"}, "RUN001", "api.zip!index.js asks for 'left-pad'"),
    "missing file": ({"index.js": "require('./lib/data.json')"}, "RUN001", "asks for './lib/data.json'"),
    "missing package, ES module": (
        {"index.mjs": "import 'left-pad'; export const handler = 1"},
        "RUN001",
        "api.zip!index.mjs asks for 'left-pad'",
    ),
    "no such handler file": ({"other.js": GOOD_CJS}, "RUN001", "lacks 'index'"),
    "wrong export": ({"index.js": "exports.main = exports.other = () => {};"}, "RUN011", "exports main, other"),
    "not a function": ({"index.js": "exports.handler = 'yes';"}, "RUN011", "is not a function"),
    "throws at import": (
        {"index.js": "const a = 1;\nthrow new Error('DATABASE_URL is not set');"},
        "RUN014",
        "Error: DATABASE_URL is not set (at /var/task/index.js:2)",
    ),
    "throws a text": ({"index.js": "throw 'no';"}, "RUN014", "no"),
    "rejects unheard": ({"index.js": "Promise.reject(new Error('late')); " + GOOD_CJS}, "RUN014", "late"),
    "process.exit": ({"index.js": "process.exit(0); " + GOOD_CJS}, "RUN015", "exit code 0"),
    "await for ever": (
        {"index.mjs": "await new Promise(() => {}); export const handler = 1"},
        "RUN015",
        "waits for something that never happens",
    ),
    "segfault": ({"index.js": "process.kill(process.pid, 'SIGSEGV'); while (true);"}, "RUN005", "(SIGSEGV)"),
    "import in CommonJS": (
        {"package.json": '{"type": "commonjs"}', "index.js": GOOD_ESM},
        "RUN012",
        "api.zip!index.js mixes",
    ),
    "require in an ES module": (
        {"package.json": '{"type": "module"}', "index.js": "require('fs'); export const handler = 1"},
        "RUN012",
        "require is not defined",
    ),
    "syntax error": ({"index.js": "exports.handler = async (] => 1;"}, "RUN013", "api.zip!index.js:1"),
    "writes into its own folder": (
        {"index.js": "require('fs').writeFileSync(__dirname + '/cache.json', '');"},
        "RUN008",
        "api.zip!cache.json is written to",
    ),
    "network while loading": (
        {
            "index.mjs": "import net from 'net';"
            "await new Promise((ok, no) => net.connect(5432, '10.0.0.1').on('error', no))"
        },
        "",
        "network",
    ),
    "a text posing as a native file": (
        {"index.js": "require('./x.node')", "x.node": "version https://git-lfs.github.com/spec/v1\n"},
        "RUN002",
        "api.zip!x.node cannot be loaded on this system",
    ),
    "Prisma without its engine": (
        {
            "index.js": "throw new Error('Prisma Client could not locate the Query Engine for runtime "
            '"rhel-openssl-3.0.x".\\n\\nThis happened because ...\');'
        },
        "RUN006",
        "rhel-openssl-3.0.x",
    ),
    "malformed handler": ({"index.js": GOOD_CJS}, "RUN011", "is not FILE.EXPORT"),
}


@needs_node
@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_bundle_is_refused_with_its_cause(bench: Bench, name: str) -> None:
    files, code, words = BROKEN[name]
    proof = bench.prove(files, handler="index" if name == "malformed handler" else "index.handler")
    assert proof.status == ("failed" if code else "skipped"), proof
    assert [finding.code for finding in proof.findings] == ([code] if code else [])
    assert words in proof.detail
    assert all(finding.fix or finding.code == "RUN016" for finding in proof.findings)
    assert str(bench.folder) not in str(proof), "no path of this machine may get into a manifest"


@needs_node
def test_an_endless_loop_ends_with_the_time_limit(bench: Bench) -> None:
    proof = bench.prove({"index.js": "for (;;) {}"}, timeout_seconds=1.5)
    assert (proof.status, proof.findings[0].code) == ("failed", "RUN009")
    assert "still busy loading after 1.5 s" in proof.detail


@needs_node
def test_a_heap_that_outgrows_the_functions_memory_is_told_from_a_crash(bench: Bench) -> None:
    source = "const all = []; for (;;) all.push(new Array(1e5).fill(all.length / 3));"
    proof = bench.prove({"index.js": source}, memory_bytes=64 << 20)
    assert (proof.status, proof.findings[0].code) == ("failed", "RUN010")


@needs_node
def test_an_unreadable_file_is_found_though_we_may_read_it(bench: Bench) -> None:
    proof = bench.prove({"index.js": "require('./a.js')", "a.js": ""}, modes={"a.js": 0o600})
    assert (proof.status, proof.findings[0].code) == ("failed", "RUN007")
    assert "api.zip!a.js" in proof.detail


@needs_node
def test_layers_are_merged_in_order_and_serve_the_function(bench: Bench) -> None:
    first: Files = {
        "nodejs/node_modules/dep/index.js": "module.exports = 'first'",
        "nodejs/node_modules/only/index.js": "module.exports = 'only'",
    }
    second: Files = {"nodejs/node_modules/dep/index.js": "module.exports = 'second'"}
    function = {
        "index.js": "const all = [require('dep'), require('only')]; exports.handler = (e, c, done) => done(null, all);"
    }
    proof = bench.prove(function, layers=[first, second], event={})
    assert proof.status == "proved", proof
    assert "it answered the event" in proof.detail


@needs_node
def test_what_trimming_took_is_named_with_its_reason(bench: Bench) -> None:
    proof = bench.prove(
        {"index.js": "require('pkg')", "node_modules/pkg/index.js": "require('./data.json')"},
        dropped={"node_modules/pkg/data.json": "rule `tests`"},
    )
    assert proof.findings[0].subject == "api.zip!node_modules/pkg/index.js"
    assert "node_modules/pkg/data.json was left out: rule `tests`" in proof.detail


@needs_node
@pytest.mark.parametrize(
    ("source", "status", "detail"),
    [
        ("exports.handler = async (event) => event.a", "proved", "answered"),
        ("exports.handler = (event, context, callback) => setTimeout(callback, 5, null, 'x')", "proved", "answered"),
        ("exports.handler = (event, context, callback) => callback(new Error('db'))", "failed", "Error: db"),
        ("exports.handler = async () => { throw new TypeError('oops') }", "failed", "TypeError: oops"),
        ("exports.handler = () => {}", "proved", "answered"),
        (
            "exports.handler = awslambda.streamifyResponse(async (e, stream) => { stream.write('a'); stream.end() })",
            "proved",
            "answered",
        ),
        ("exports.handler = async () => { const a = {}; a.a = a; return a }", "failed", "circular"),
    ],
)
def test_a_handler_is_called_in_every_style(bench: Bench, source: str, status: str, detail: str) -> None:
    proof = bench.prove({"index.js": source}, event={"a": 1})
    assert proof.status == status, proof
    assert detail in proof.detail


@needs_node
def test_the_environment_is_the_runtimes_and_the_functions_and_nothing_else(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NODE_PATH", "/host")
    monkeypatch.setenv("HOST_SECRET", "x")
    source = (
        "const e = process.env; if (e.HOST_SECRET || e.HOME || e.NODE_PATH.includes('/host')) throw new Error('leak');"
        "if (e.STAGE !== 'test' || e.LAMBDA_TASK_ROOT !== '/var/task' || e._HANDLER !== 'index.handler'"
        " || process.cwd() !== '/var/task' || process.getuid() !== 993) throw new Error('not Lambda');"
        "require('fs').writeFileSync('/tmp/ok', '');" + GOOD_CJS
    )
    assert bench.prove({"index.js": source}, environment={"STAGE": "test"}).status == "proved"


@needs_node
def test_secrets_of_the_function_are_masked_in_what_it_prints(bench: Bench) -> None:
    source = "console.log('using', process.env.API_TOKEN); " + GOOD_CJS
    proof = bench.prove({"index.js": source}, environment={"API_TOKEN": "hunter2hunter2"})
    assert proof.output == "using ***"


@needs_node
def test_a_package_the_real_runtime_brings_is_no_fault_of_the_bundle(bench: Bench) -> None:
    proof = bench.prove({"index.js": "require('@aws-sdk/no-such-client')"}, fetch=False)
    assert proof.status == "skipped"
    assert "@aws-sdk/no-such-client, which the real runtime brings" in proof.detail


@needs_node
def test_a_fork_bomb_ends_with_the_sandbox(bench: Bench) -> None:
    source = (
        "const { spawn } = require('child_process');"
        "const bomb = () => { try { spawn('/bin/sh', ['-c', 'sleep 30.0613']).on('error', () => {}) } catch {} };"
        "for (let i = 0; i < 300; i++) bomb(); for (;;);"
    )
    proof = bench.prove({"index.js": source}, timeout_seconds=4)
    assert (proof.status, proof.findings[0].code) == ("failed", "RUN009")
    assert comes_to_an_end("sleep 30.0613")


@needs_node
def test_without_namespaces_the_verdicts_are_the_same(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("packager.prove.running.local._in_sandbox", lambda *_: None)
    layer = {"nodejs/node_modules/dep/index.js": "module.exports = 1"}
    proof = bench.prove({"index.js": "require('dep'); " + GOOD_CJS}, layers=[layer], event=1)
    assert proof.status == "proved", proof
    assert "without namespaces" in proof.where
    proof = bench.prove({"index.js": "require('./gone')"})
    assert proof.findings[0].subject == "api.zip!index.js"
    proof = bench.prove({"index.js": "require('fs').writeFileSync(__dirname + '/cache.json', '');"})
    assert proof.findings[0].code in ("RUN007", "RUN008")
    assert str(bench.folder) not in str(proof)


@needs_node
def test_a_layer_of_scripts_is_proved_by_the_packages_named(bench: Bench) -> None:
    layer: Files = {
        "nodejs/node_modules/good/index.js": "module.exports = 1",
        "nodejs/node_modules/bad/index.js": "require('./gone')",
    }
    target = node_target("aws-lambda-layer")
    assert bench.prove(layer, target=target, handler="").status == "skipped"
    assert bench.prove(layer, target=target, handler="", packages=["good"]).status == "proved"
    proof = bench.prove(layer, target=target, handler="", packages=["good", "bad"])
    assert proof.findings[0].subject == "api.zip!nodejs/node_modules/bad/index.js"


@needs_node
def test_packages_of_a_layer_that_offer_nothing_to_require_are_passed_over(bench: Bench) -> None:
    layer: Files = {
        "nodejs/node_modules/types/package.json": '{"types": "index.d.ts"}',
        "nodejs/node_modules/sub/package.json": '{"exports": {"./a": "./a.js"}}',
        "nodejs/node_modules/.hidden/client/index.js": "",
        "nodejs/node_modules/esm/package.json": '{"type": "module", "exports": "./x.js"}',
        "nodejs/node_modules/esm/x.js": "await 0; export default 1",
    }
    target = node_target("aws-lambda-layer")
    proof = bench.prove(layer, target=target, handler="", packages=["types", "sub", ".hidden/client", "esm"])
    assert (proof.status, proof.detail) == ("proved", "loaded .hidden/client, esm"), proof
    layer["nodejs/node_modules/lost/package.json"] = '{"main": "lib/index.js"}'
    proof = bench.prove(layer, target=target, handler="", packages=["lost"])
    assert (proof.status, proof.findings[0].code) == ("failed", "RUN001")


def test_a_zip_that_is_none_is_an_error_and_no_verdict(tmp_path: Path) -> None:
    path = tmp_path / "api.zip"
    path.write_bytes(b"PK nonsense")
    with pytest.raises(ArtifactError):
        prove(path, target=node_target(), handler="a.b", environment={}, how="local", cache=tmp_path)


def test_another_architecture_is_audited_not_proved(bench: Bench) -> None:
    target = load_catalog().target("aws-lambda", "nodejs22.x", "arm64")
    proof = bench.prove({"index.js": GOOD_CJS}, target=target)
    assert proof.status == "skipped"
    assert proof.detail.startswith("audited, not proved: ")
    assert "arm64" in proof.detail


@pytest.mark.parametrize(
    ("files", "modes", "status", "words"),
    [
        ({"bootstrap": b"\x7fELF..."}, {"bootstrap": 0o755}, "failed", "bootstrap cannot be started"),
        ({"bootstrap": b"#!/bin/sh\n"}, {"bootstrap": 0o644}, "failed", "is not executable"),
        ({"bootstrap": b"text"}, {"bootstrap": 0o755}, "failed", "neither an ELF program"),
        ({"main": b""}, {}, "failed", "has no bootstrap"),
    ],
)
def test_a_custom_runtimes_entry_point_is_looked_at(
    bench: Bench, files: Files, modes: dict[str, int], status: str, words: str
) -> None:
    target = load_catalog().target("aws-lambda", "provided.al2023", "x86_64")
    proof = bench.prove(files, modes=modes, target=target, handler="x")
    assert proof.status == status
    assert words in proof.detail


def test_nothing_is_left_in_the_scratch_folder(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    scratch = bench.folder / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    bench.prove({"a/b/index.js": GOOD_CJS}, handler="a/b/index.handler")
    assert list(scratch.iterdir()) == []


PYTHON = "{}.{}".format(*sys.version_info[:2])
needs_python = pytest.mark.skipif(
    f"python{PYTHON}" not in load_catalog().host("aws-lambda").runtimes,
    reason=f"Python {PYTHON} is not a Lambda runtime's",
)


PYTHON_CASES: dict[str, tuple[Files, str, str]] = {
    "good": ({"app.py": "def handler(event, context):\n    return context.function_name"}, "", "answered"),
    "package": (
        {"app.py": "import dep\n\ndef handler(event, context):\n    return dep.x", "dep/__init__.py": "x = 1"},
        "",
        "",
    ),
    "missing module": ({"app.py": "import pydantic_none"}, "RUN001", "'pydantic_none'"),
    "wrong export": ({"app.py": "def main(): ..."}, "RUN011", "exports main"),
    "syntax": ({"app.py": "def handler(:"}, "RUN013", "api.zip!app.py"),
    "raises": ({"app.py": "import os\nos.environ['NOT_SET']"}, "RUN014", "KeyError: 'NOT_SET' (at /var/task/app.py:2)"),
    "exits": ({"app.py": "raise SystemExit(3)"}, "RUN015", "exit code 3"),
    "crashes": ({"app.py": "import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)"}, "RUN005", "SIGSEGV"),
    "ended by a thread": (
        {
            "app.py": "import os, threading\nthreading.Timer(0.05, lambda: os._exit(3)).start()\n"
            "def handler(event, context):\n    return 1"
        },
        "RUN005",
        "exit code 3",
    ),
    "a thread that never ends": (
        {
            "app.py": "import threading, time\nthreading.Thread(target=time.sleep, args=(60,)).start()\n"
            "def handler(event, context):\n    return 1"
        },
        "",
        "answered",
    ),
    "writes": ({"app.py": "open('cache', 'w')"}, "RUN008", ""),
    "fails on the event": ({"app.py": "def handler(event, context):\n    return event['x']"}, "RUN016", "KeyError"),
    "this machine's packages": ({"app.py": "import pytest"}, "RUN001", "'pytest'"),
}


@needs_python
@pytest.mark.parametrize("name", PYTHON_CASES)
def test_python_bundles(bench: Bench, name: str) -> None:
    files, code, words = PYTHON_CASES[name]
    target = load_catalog().target("aws-lambda", f"python{PYTHON}", "x86_64")
    proof = bench.prove(files, handler="app.handler", target=target, event={})
    assert [finding.code for finding in proof.findings] == ([code] if code else []), proof
    assert proof.status == ("failed" if code else "proved")
    assert words in proof.detail


def test_auto_falls_back_to_this_machine_where_no_engine_answers(bench: Bench) -> None:
    from packager.core.errors import DockerFault

    def none() -> object:
        raise DockerFault("no engine answers")  # noqa: EM101

    artifact = make_zip(bench.folder / "a.zip", {"index.js": GOOD_CJS})
    target = load_catalog().target("aws-lambda", "nodejs22.x", "arm64")
    proof = prover.prove(
        artifact,
        target=target,
        handler="index.handler",
        environment={},
        cache=bench.folder,
        engine=none,  # type: ignore[arg-type]
    )
    assert proof.status == "skipped"
    assert "no engine answers" in proof.detail


class EngineWithBareImage:
    """An engine that has the target's image, without any interpreter in it."""

    def find_image(self, name: str, arch: Arch) -> Image:
        return Image(name, "sha256:0123456789abcdef", arch)

    @contextmanager
    def start(self, *_: object, **__: object) -> Iterator[EngineWithBareImage]:
        yield self

    def run(self, *_: object) -> Outcome:
        return Outcome(127, "exec: python3: not found", 0.1)


@needs_python
@pytest.mark.parametrize(("how", "status"), [("auto", "proved"), ("docker", "skipped")])
def test_an_image_that_shows_nothing_leaves_this_machine_its_turn(bench: Bench, how: How, status: str) -> None:
    @contextmanager
    def engine() -> Iterator[Containers]:
        yield EngineWithBareImage()  # type: ignore[misc]  # as much of an engine as a proof asks of it

    artifact = make_zip(bench.folder / "a.zip", {"app.py": "def handler(event, context): ..."})
    proof = prove(
        artifact,
        target=load_catalog().target("aws-lambda", f"python{PYTHON}", "x86_64"),
        handler="app.handler",
        environment={},
        how=how,
        cache=bench.folder,
        engine=engine,
    )
    assert (proof.status, proof.how) == (status, "local" if status == "proved" else ""), proof
    assert ("the image has no python" in proof.detail) == (status == "skipped")
