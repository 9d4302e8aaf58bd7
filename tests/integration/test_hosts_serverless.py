"""The Serverless Framework with our plugin and with an emitted serverless.yml: its package holds our bytes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.support.acceptance import acceptance, build_sample
from tests.support.acceptance.serverless import KEYS, QUIET, aws_stand_in, edit, framework, resources, serverless
from tests.support.cli import packager, sample
from tests.support.hosts import digest, free_port, get, serving, unzipped
from tests.support.projects import NODE_HANDLER, node_project

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.network, pytest.mark.heavy]


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return the address of a stand-in for AWS."""
    with aws_stand_in(tmp_path_factory.mktemp("aws")) as address:
        yield address


@pytest.fixture(scope="module")
def packaged(cloud: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Return the sample packaged by the framework through the plugin, and what was said."""
    folder = sample("serverless", tmp_path_factory.mktemp("serverless"))
    edit(folder)
    return folder, serverless(folder, "package", AWS_STAND_IN=cloud)


def test_the_sample_is_accepted_and_answers(tmp_path: Path) -> None:
    made = build_sample("serverless", tmp_path, "--builder", "host")
    (scratch := tmp_path / "scratch").mkdir()
    acceptance("serverless").accept(made, scratch)
    assert acceptance("serverless").answer(made, scratch).startswith("200")


def test_the_sample_has_the_plugin_as_it_is_shipped(tmp_path: Path) -> None:
    folder = sample("serverless", tmp_path)
    before = {path: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    ran = packager("emit", "serverless", folder, "--plugin")
    assert ran.code == 0, ran.stderr
    assert {path: path.read_bytes() for path in folder.iterdir() if path.is_file()} == before


def test_what_would_be_uploaded_are_our_zips(packaged: tuple[Path, str]) -> None:
    folder, said = packaged
    state = json.loads((folder / ".serverless/serverless-state.json").read_text())
    service = state["service"]
    for definition in [*service["functions"].values(), *service["initialServerlessConfig"]["layers"].values()]:
        artifact = folder / definition["package"]["artifact"]
        manifest = json.loads(artifact.with_name(artifact.stem + ".manifest.json").read_text())
        assert digest(artifact) == manifest["artifact"]["sha256"]
        assert manifest["proof"]["status"] == "proved"
    assert "packager: " in said, "progress is passed on"
    hashes = {properties.get("CodeSha256") for properties in resources(folder, "AWS::Lambda::Version").values()}
    manifests = [json.loads(path.read_text()) for path in (folder / ".serverless/packager").glob("*.manifest.json")]
    assert hashes == {item["artifact"]["code_sha256"] for item in manifests if item["kind"] == "function"}


def test_findings_fail_the_package_step(cloud: str, tmp_path: Path) -> None:
    folder = sample("serverless", tmp_path)
    edit(folder, arguments=["--budget", "1kb", "--no-prove"])
    with pytest.raises(AssertionError, match="would not load or fit"):
        serverless(folder, "package", AWS_STAND_IN=cloud)


def test_an_emitted_serverless_yml_ships_the_bytes_of_dist(tmp_path: Path) -> None:
    theirs = (
        "service: shop # ours\nframeworkVersion: '3'\nprovider: {name: aws, runtime: nodejs22.x}\n"
        "functions:\n  hello:\n    handler: hello.handler\n    events:\n      - httpApi: GET /hello\n"
    )
    folder = node_project(
        tmp_path,
        {
            "hello.js": NODE_HANDLER,
            "serverless.yml": theirs,
            "packager.yaml": "bundles: {hello: {target: aws-lambda, runtime: nodejs22.x, handler: hello.handler}}\n",
        },
    )
    assert packager("emit", "serverless", folder).code == 0
    ran = packager("build", folder, "--builder", "host", "--no-prove", "-q")
    assert ran.code == 0, ran.stderr
    serverless(folder, "package")
    (version,) = resources(folder, "AWS::Lambda::Version").values()
    manifest = json.loads((folder / "dist/hello.manifest.json").read_text())
    assert version["CodeSha256"] == manifest["artifact"]["code_sha256"]


def test_serverless_offline_answers_a_request(tmp_path: Path) -> None:
    tool = framework()
    text = (
        "service: shop\nprovider: {name: aws, runtime: nodejs20.x}\n"
        "plugins: [serverless-offline]\n"
        "functions: {hello: {handler: hello.handler, events: [{httpApi: GET /hello}]}}\n"
    )
    handler = (
        "exports.handler = async () => ({ statusCode: 200, headers: { 'content-type': 'text/plain' }, body: 'hi' })\n"
    )
    folder = node_project(tmp_path, {"hello.js": handler, "serverless.yml": text})
    ran = packager("build", folder, "--builder", "host", "--no-prove", "-q")
    assert ran.code == 0, ran.stderr
    unpacked = unzipped(folder / "dist/hello.zip", tmp_path / "unpacked")
    (unpacked / "serverless.yml").write_text(text)
    (unpacked / "node_modules").symlink_to(tool / "node_modules")
    start = f'exec "{tool}/node_modules/.bin/serverless" offline start --httpPort $PORT --lambdaPort {free_port()}'
    with serving(["sh", "-c", start], unpacked, 60, **QUIET, **KEYS) as address:
        assert get(f"{address}/hello") == ("text/plain; charset=utf-8", b"hi")
