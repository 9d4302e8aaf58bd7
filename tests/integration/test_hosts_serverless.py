"""The Serverless Framework with our plugin and with an emitted serverless.yml: its package holds our bytes."""

from __future__ import annotations

import contextlib
import json
import sys
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.support.cli import packager, sample
from tests.support.hosts import digest, free_port, get, npm_tool, run, serving, unzipped
from tests.support.projects import NODE_HANDLER, node_project

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.network, pytest.mark.heavy]
QUIET = {"SLS_TELEMETRY_DISABLED": "1", "SLS_NOTIFICATIONS_MODE": "off", "SLS_INTERACTIVE_SETUP_ENABLE": "0"}
KEYS = {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x", "AWS_REGION": "us-east-1"}
PACKAGER = {"PACKAGER_COMMAND": f"{sys.executable} -m packager"}
# With layers the framework asks CloudFormation for earlier versions: this sends it to the stand-in.
SDK = """
module.exports = class {
  constructor(serverless) {
    this.hooks = { initialize: () => {
      const { config } = serverless.getProvider('aws').sdk
      for (const service of ['cloudformation', 's3', 'sts']) config[service] = { endpoint: process.env.AWS_STAND_IN }
    } }
  }
}
"""


@pytest.fixture(scope="module")
def cloud() -> Iterator[str]:
    """Return the address of a stand-in for AWS."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=free_port(), verbose=False)
    server.start()
    try:
        yield f"http://127.0.0.1:{server._port}"
    finally:
        with contextlib.suppress(OSError):
            server.stop()


def serverless(folder: Path, *words: str, **environment: str) -> str:
    """Run the framework's version 3 and return what it said."""
    tool = npm_tool("serverless@3.40.0", "serverless-offline@13.9.0")
    command = str(tool / "node_modules/.bin/serverless")
    done = run([command, *words], folder, {**QUIET, **KEYS, **PACKAGER, **environment})
    return done.stdout + done.stderr


def resources(folder: Path, kind: str) -> dict[str, dict[str, Any]]:
    """Return logical id → properties from the CloudFormation template."""
    template = json.loads((folder / ".serverless/cloudformation-template-update-stack.json").read_text())
    return {name: item["Properties"] for name, item in template["Resources"].items() if item["Type"] == kind}


@pytest.fixture(scope="module")
def packaged(cloud: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Return the sample packaged by the framework through the plugin, and what was said."""
    folder = sample("serverless", tmp_path_factory.mktemp("serverless"))
    config = yaml.safe_load((folder / "serverless.yml").read_text())
    config["plugins"].append("./stand-in.cjs")
    (folder / "serverless.yml").write_text(yaml.safe_dump(config, sort_keys=False))
    (folder / "stand-in.cjs").write_text(SDK)
    return folder, serverless(folder, "package", AWS_STAND_IN=cloud)


def test_the_sample_has_the_plugin_as_it_is_shipped(tmp_path: Path) -> None:
    folder = sample("serverless", tmp_path)
    before = {path: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    ran = packager("emit", "serverless", folder, "--plugin")
    assert ran.code == 0, ran.stderr
    assert {path: path.read_bytes() for path in folder.iterdir() if path.is_file()} == before


def test_cloudformation_names_our_handlers_runtime_and_layer(packaged: tuple[Path, str]) -> None:
    folder, _ = packaged
    functions = resources(folder, "AWS::Lambda::Function")
    assert {properties["Handler"] for properties in functions.values()} == {
        "src/create.handler", "src/list.handler", "src/remove.handler",
    }  # fmt: skip
    for properties in functions.values():
        assert properties["Runtime"] == "nodejs22.x"
        assert properties["Architectures"] == ["x86_64"]
        assert properties["Layers"] == [{"Ref": "EngineLambdaLayer"}]


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
    config = yaml.safe_load((folder / "serverless.yml").read_text())
    config["plugins"].append("./stand-in.cjs")
    config["custom"]["packager"]["arguments"] = ["--budget", "1kb", "--no-prove"]
    (folder / "serverless.yml").write_text(yaml.safe_dump(config, sort_keys=False))
    (folder / "stand-in.cjs").write_text(SDK)
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
    tool = npm_tool("serverless@3.40.0", "serverless-offline@13.9.0")
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
