"""How each host calls what it is given: requests with helpers, servers that listen, functions of the framework."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from packager.catalog.current import load_catalog
from packager.hosts.registry import HOSTS
from packager.prove.events import sample_event
from tests.support.fakes import make_bundle
from tests.support.proving import NODE, Bench, needs_node

if TYPE_CHECKING:
    from pathlib import Path

    from packager.model.targets import Target

pytestmark = needs_node

REQUEST = """async (request, response) => {
  if (request.query.fail) throw new Error('as asked');
  response.setHeader('x-method', request.method);
  response.status(201).json({ body: request.body, name: request.query.name, cookie: request.cookies.a });
}"""
RAW = """async (request, response) => {
  let text = '';
  for await (const chunk of request) text += chunk;
  response.end(text + request.url);
}"""
EVENT = {"method": "POST", "path": "/x?name=Ada", "headers": {"cookie": "a=b=c; d=e"}, "body": {"n": 1}}


def host(name: str) -> Target:
    """Return a target of that host with this machine's Node."""
    runtimes = load_catalog().host(name).runtimes
    runtime = next((each for each, facts in runtimes.items() if facts.version == NODE), "")
    if not runtime:
        pytest.skip(f"{name} has no runtime of this machine's Node {NODE}")
    return load_catalog().target(name, runtime, "x86_64")


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


@pytest.mark.parametrize("name", ["vercel", "google-cloud-functions"])
def test_a_handler_gets_request_and_response_with_the_hosts_helpers(bench: Bench, name: str) -> None:
    handler = {"vercel": "index.default", "google-cloud-functions": "index.handler"}[name]
    source = f"module.exports = {REQUEST}; module.exports.handler = module.exports;"
    proof = bench.prove({"index.js": source}, handler=handler, target=host(name), event=EVENT)
    assert proof.status == "proved", proof
    answer = json.loads(proof.answer)
    assert (answer["statusCode"], answer["headers"]["x-method"]) == (201, "POST")
    assert json.loads(answer["body"]) == {"body": {"n": 1}, "name": "Ada", "cookie": "b=c"}


@pytest.mark.parametrize(
    ("entry", "source", "kind"),
    [
        ("api/[...slug].js", "module.exports = (q, r) => r.end('a');", "commonjs"),
        ("api/b.v2.js", "export default (q, r) => r.end('a');", "module"),
        ("api/c.mjs", "export default (q, r) => r.end('a');", "commonjs"),
        ("api/d.cjs", "module.exports = (q, r) => r.end('a');", "module"),
    ],
)
def test_an_entry_is_started_by_its_file_whatever_its_name(bench: Bench, entry: str, source: str, kind: str) -> None:
    files = {entry: source, "package.json": json.dumps({"type": kind})}
    handler = f"{entry.rpartition('.')[0]}.default"
    proof = bench.prove(
        files, handler=handler, entry=entry, target=host("vercel"), event={"method": "GET", "path": "/"}
    )
    assert (proof.status, json.loads(proof.answer or "{}").get("body")) == ("proved", "a"), proof


@pytest.mark.parametrize("kind", ["module", "commonjs"])
@pytest.mark.parametrize("entry", ["functions/hello.js", "functions/hello.mjs", "functions/hello.cjs"])
@pytest.mark.parametrize("broken", [False, True])
def test_netlifys_entry_starts_what_it_stands_for(bench: Bench, entry: str, kind: str, broken: bool) -> None:
    esm = entry.endswith(".mjs") or (entry.endswith(".js") and kind == "module")
    handler = "export const handler = async () => 7" if esm else "exports.handler = async () => 7"
    asks = ("import 'not-there'; " if esm else "require('not-there'); ") if broken else ""
    bundle = make_bundle(target="netlify", handler="functions/hello.handler", entries=(entry,))
    added = HOSTS["netlify"].additions(bundle, {entry}, {"": kind})
    files = {**added, entry: asks + handler, "package.json": json.dumps({"type": kind})}
    ((started, _),) = HOSTS["netlify"].starts(bundle.handler, bundle.entries)
    proof = bench.prove(files, handler=started, target=host("netlify"), event={})
    if broken:
        assert (proof.status, [each.code for each in proof.findings]) == ("failed", ["RUN001"]), proof
    else:
        assert (proof.status, proof.answer) == ("proved", "7"), proof


def test_a_handler_may_read_the_stream_itself(bench: Bench) -> None:
    event = {"method": "PUT", "path": "/up", "body": "plain text"}
    proof = bench.prove(
        {"index.js": f"module.exports = {RAW}"}, handler="index.default", target=host("vercel"), event=event
    )
    assert json.loads(proof.answer)["body"] == "plain text/up"


def test_what_it_throws_is_the_failure(bench: Bench) -> None:
    event = {"path": "/?fail=1"}
    proof = bench.prove(
        {"index.js": f"module.exports = {REQUEST}"}, handler="index.default", target=host("vercel"), event=event
    )
    assert (proof.status, proof.findings[0].code) == ("failed", "RUN016")
    assert "Error: as asked (at /var/task/index.js:2)" in proof.detail


SERVER = """
const http = require('http');
const start = () => http.createServer((q, r) => { r.statusCode = 404; r.end(q.url) }).listen(process.env.PORT);
"""


@pytest.mark.parametrize("start", ["start()", "setTimeout(start, 100)"])
def test_a_server_is_waited_for_and_asked(bench: Bench, start: str) -> None:
    proof = bench.prove({"app.js": SERVER + start}, handler="app", target=host("up"), event=sample_event("http"))
    assert proof.status == "proved", proof
    assert json.loads(proof.answer)["statusCode"] == 404
    assert json.loads(proof.answer)["body"] == "/"


def test_a_server_that_never_listens_is_refused(bench: Bench) -> None:
    source = f"{SERVER} setInterval(() => {{}}, 1000)"
    proof = bench.prove({"app.js": source}, handler="app", target=host("up"), event={}, timeout_seconds=1.5)
    assert [finding.code for finding in proof.findings] == ["RUN009"]


def test_netlify_calls_with_an_event(bench: Bench) -> None:
    source = "exports.handler = async (event) => ({ statusCode: 200, body: event.httpMethod });"
    proof = bench.prove({"index.js": source}, target=host("netlify"), event=sample_event("rest"))
    assert json.loads(proof.answer) == {"statusCode": 200, "body": "GET"}
