"""Events that belong to a bundle: the build calls the handler with them, and mends what only an answer asks for."""

from __future__ import annotations

import json
import socketserver
import threading
import zipfile
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.support.cli import packager
from tests.support.proving import NODE, needs_node

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = needs_node

HANDLER = """
exports.handler = async (event) => {
  if (event.fail) return { statusCode: 503, body: 'no database' };
  if (event.thrown) return { errorType: 'Error', errorMessage: 'as asked' };
  if (event.secret) return { statusCode: 200, body: String(process.env.TOKEN_OF_TESTS) };
  if (event.port) return { statusCode: 200, body: await ask(event.port) };
  return { statusCode: 200, body: 'ok' };
};
function ask(port) {
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = require('net').connect(port, 'localhost');
    socket.on('data', (data) => { text += data; }).on('end', () => resolve(text)).on('error', reject);
    socket.write('hello\\n');
  });
}
"""


def project(folder: Path, proof: dict[str, Any], **words: Any) -> Path:
    bundle = {"target": "aws-lambda", "runtime": f"nodejs{NODE}.x", "handler": "index.handler", "proof": proof, **words}
    (folder / "index.js").write_text(HANDLER, encoding="utf-8")
    (folder / "package.json").write_text('{"name": "a", "version": "1.0.0", "private": true}', encoding="utf-8")
    (folder / "packager.yaml").write_text(yaml.safe_dump({"version": 1, "bundles": {"b": bundle}}), encoding="utf-8")
    return folder


def build(folder: Path) -> tuple[int, dict[str, Any]]:
    options = ("--builder", "local", "--out", folder / "dist", "--cache", folder / "cache", "--json")
    done = packager("build", folder, *options)
    return done.code, done.json()


def proof_of(document: dict[str, Any]) -> dict[str, str]:
    found: dict[str, str] = document["bundles"][0]["proof"]
    return found


@contextmanager
def echo() -> Iterator[int]:
    """Serve lines on a port of this machine."""

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.wfile.write(b"echo " + self.rfile.readline())

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


def test_every_event_is_answered_and_told_with_its_status(tmp_path: Path) -> None:
    code, document = build(project(tmp_path, {"events": ["http", {"event": {"fail": True}, "expect": 503}]}))
    assert code == 0, document
    assert proof_of(document)["detail"] == (
        "loaded index.handler, it answered http with status 200, event 2 with status 503"
    )


@pytest.mark.parametrize("event", [{"fail": True}, {"thrown": True}])
def test_an_answer_that_is_an_error_fails_the_build(tmp_path: Path, event: dict[str, bool]) -> None:
    code, document = build(project(tmp_path, {"events": ["http", {"event": event}]}))
    assert code == 1
    assert [finding["code"] for finding in document["bundles"][0]["findings"]] == ["RUN027"]


def test_an_unexpected_answer_fails_the_build(tmp_path: Path) -> None:
    code, document = build(project(tmp_path, {"events": [{"event": "http", "expect": {"body": "other"}}]}))
    assert (code, [finding["code"] for finding in document["bundles"][0]["findings"]]) == (1, ["RUN021"])


def test_the_variables_of_the_proof_are_given_and_never_packed(tmp_path: Path) -> None:
    project(tmp_path, {"events": [{"event": {"secret": 1}, "expect": {"body": "s3cr3t-1"}}], "env_file": "vars.txt"})
    (tmp_path / "vars.txt").write_text("TOKEN_OF_TESTS=s3cr3t-1\n", encoding="utf-8")
    code, document = build(tmp_path)
    assert code == 0, document
    assert "s3cr3t-1" not in json.dumps(document)
    with zipfile.ZipFile(tmp_path / "dist" / "b.zip") as archive:
        assert archive.namelist() == ["index.js", "package.json"]
    assert "s3cr3t-1" not in (tmp_path / "dist" / "b.manifest.json").read_text(encoding="utf-8")


def test_a_port_of_this_machine_is_reached_where_it_is_allowed(tmp_path: Path) -> None:
    with echo() as port:
        events = [{"event": {"port": port}, "expect": {"body": "echo hello\n"}}]
        code, document = build(project(tmp_path, {"events": events, "allow_network": [f"localhost:{port}"]}))
        assert code == 0, document
        code, document = build(project(tmp_path, {"events": events}))
        assert (code, proof_of(document)["status"]) == (1, "failed"), "without the line nothing of the network is there"


def test_a_port_on_which_nothing_listens_leaves_it_unproved(tmp_path: Path) -> None:
    with echo() as port:
        pass
    code, document = build(project(tmp_path, {"events": ["http"], "allow_network": [f"localhost:{port}"]}))
    assert code == 0
    assert f"nothing listens on localhost:{port}" in proof_of(document)["detail"]


def test_what_only_an_answer_asks_for_is_put_back(tmp_path: Path) -> None:
    project(tmp_path, {"events": [{"event": "empty", "expect": {"body": "the words"}}]}, trim="trace")
    (tmp_path / "index.js").write_text(
        "const name = ['wor', 'ds.txt'].join('');\n"
        "const folder = () => [__dirname, 'data'].join('/');\n"
        "const read = () => require('fs').readFileSync(folder() + '/' + name, 'utf8');\n"
        "exports.handler = async () => ({ statusCode: 200, body: read() });\n",
        encoding="utf-8",
    )
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "words.txt").write_text("the words", encoding="utf-8")
    code, document = build(tmp_path)
    assert code == 0, document
    with zipfile.ZipFile(tmp_path / "dist" / "b.zip") as archive:
        assert "data/words.txt" in archive.namelist()


def test_a_traced_bundle_without_events_says_that_it_was_not_called(tmp_path: Path) -> None:
    code, document = build(project(tmp_path, {}, trim="trace"))
    assert code == 0
    assert "loaded, not called" in proof_of(document)["detail"]


def test_a_finished_zip_is_called_with_variables_and_a_port_too(tmp_path: Path) -> None:
    code, _ = build(project(tmp_path, {}))
    assert code == 0
    (tmp_path / "vars.txt").write_text("TOKEN_OF_TESTS=s3cr3t-2\n", encoding="utf-8")
    (tmp_path / "secret.json").write_text('{"secret": 1}', encoding="utf-8")
    artifact = tmp_path / "dist" / "b.zip"
    given = ("--env-file", tmp_path / "vars.txt", "--event", tmp_path / "secret.json", "--how", "local")
    done = packager("prove", artifact, *given, "--expect", '{"body": "s3cr3t-2"}')
    assert done.code == 0, done.stdout
    with echo() as port:
        (tmp_path / "port.json").write_text(json.dumps({"port": port}), encoding="utf-8")
        asked = ("--event", tmp_path / "port.json", "--how", "local")
        done = packager("prove", artifact, *asked, "--allow-network", f"127.0.0.1:{port}")
    assert done.code == 0, done.stdout
    assert "echo hello" in done.stdout
    assert "1 proved (1 called)" in done.stdout


def test_a_zip_that_is_only_loaded_is_offered_the_samples_of_its_target(tmp_path: Path) -> None:
    build(project(tmp_path, {}))
    done = packager("prove", tmp_path / "dist" / "b.zip", "--how", "local")
    assert "loaded, not called" in done.stdout
    assert "http, url, rest, sqs" in done.stdout
