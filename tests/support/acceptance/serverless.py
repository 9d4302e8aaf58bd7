"""``serverless``: Serverless 3 packages through our plugin, serverless-offline answers from what was packaged."""

from __future__ import annotations

import contextlib
import json
import shutil
import sys
from typing import TYPE_CHECKING, Any

import yaml

from tests.support.aws_server import moto_server
from tests.support.hosts import digest, free_port, get, npm_tool, run, serving, unzipped

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.acceptance import Built

TOOL = "serverless 3.40.0 package with the plugin"
QUIET = {"SLS_TELEMETRY_DISABLED": "1", "SLS_NOTIFICATIONS_MODE": "off", "SLS_INTERACTIVE_SETUP_ENABLE": "0"}
KEYS = {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x", "AWS_REGION": "us-east-1"}
PACKAGER = {"PACKAGER_COMMAND": f"{sys.executable} -m packager"}
# With layers the framework asks CloudFormation for earlier versions: this sends it to the stand-in.
STAND_IN = """
module.exports = class {
  constructor(serverless) {
    this.hooks = { initialize: () => {
      const { config } = serverless.getProvider('aws').sdk
      for (const service of ['cloudformation', 's3', 'sts']) config[service] = { endpoint: process.env.AWS_STAND_IN }
    } }
  }
}
"""


def framework() -> Path:
    """Return the folder with version 3 and serverless-offline."""
    return npm_tool("serverless@3.40.0", "serverless-offline@13.9.0")


def serverless(folder: Path, *words: str, **environment: str) -> str:
    """Run the framework's version 3 and return what it said."""
    command = str(framework() / "node_modules/.bin/serverless")
    done = run([command, *words], folder, {**QUIET, **KEYS, **PACKAGER, **environment})
    return done.stdout + done.stderr


def edit(folder: Path, **packager: Any) -> None:
    """Make a service ask the stand-in for AWS, and add settings for our plugin."""
    config = yaml.safe_load((folder / "serverless.yml").read_text())
    config["plugins"] = [*config.get("plugins", []), "./stand-in.cjs"]
    config.setdefault("custom", {}).setdefault("packager", {}).update(packager)
    (folder / "serverless.yml").write_text(yaml.safe_dump(config, sort_keys=False))
    (folder / "stand-in.cjs").write_text(STAND_IN)


@contextlib.contextmanager
def aws_stand_in(folder: Path) -> Iterator[str]:
    """Start a stand-in for AWS and yield its address."""
    folder.mkdir(parents=True, exist_ok=True)
    with moto_server(folder) as address:
        yield address


def resources(folder: Path, kind: str) -> dict[str, dict[str, Any]]:
    """Return logical id → properties from the CloudFormation template."""
    template = json.loads((folder / ".serverless/cloudformation-template-update-stack.json").read_text())
    return {name: item["Properties"] for name, item in template["Resources"].items() if item["Type"] == kind}


def accept(made: Built, scratch: Path) -> None:
    """Package a copy through the plugin: what would be uploaded are the bytes `packager build` gave."""
    folder = scratch / "service"
    shutil.copytree(made.folder, folder, ignore=shutil.ignore_patterns("dist", "node_modules"))
    edit(folder, arguments=["--no-prove", *made.options])
    with aws_stand_in(scratch / "aws") as address:
        serverless(folder, "package", AWS_STAND_IN=address)
    packaged = (folder / ".serverless/packager").glob("*.zip")
    assert {path.name.removeprefix("layer-"): digest(path) for path in packaged} == made.zips
    functions = resources(folder, "AWS::Lambda::Function")
    assert {properties["Handler"] for properties in functions.values()} == {
        "src/create.handler", "src/list.handler", "src/remove.handler",
    }  # fmt: skip
    for properties in functions.values():
        assert (properties["Runtime"], properties["Architectures"]) == ("nodejs22.x", ["x86_64"])
        assert properties["Layers"] == [{"Ref": "EngineLambdaLayer"}]
    hashes = {properties.get("CodeSha256") for properties in resources(folder, "AWS::Lambda::Version").values()}
    manifests = [json.loads(path.read_text()) for path in made.dist.glob("*.manifest.json")]
    assert hashes == {item["artifact"]["code_sha256"] for item in manifests if item["kind"] == "function"}


def answer(made: Built, scratch: Path) -> str:
    """Serve the three zips over HTTP with the layer beneath: a user is created and listed."""
    task = scratch / "task"
    for name in ("create", "list", "remove"):
        unzipped(made.dist / f"{name}.zip", task)
    layer = unzipped(made.dist / "engine.zip", scratch / "opt")
    config = yaml.safe_load((made.folder / "serverless.yml").read_text())
    config["plugins"] = ["serverless-offline"]
    # The layer is on NODE_PATH, as on Lambda; serverless-offline itself would want Docker for layers. It calls the
    # handlers in its own Node, in workers that have the function's environment, and wants to hear a version it knows.
    del config["layers"], config["custom"]
    config["provider"]["runtime"] = "nodejs20.x"
    modules = str(layer / "nodejs/node_modules")
    config["provider"]["environment"] = {"NODE_PATH": modules, "DATABASE_URL": f"file:{scratch}/app.db"}
    for function in config["functions"].values():
        del function["layers"]
    (task / "serverless.yml").write_text(yaml.safe_dump(config, sort_keys=False))
    (task / "node_modules").symlink_to(framework() / "node_modules")
    start = f'exec "{task}/node_modules/.bin/serverless" offline start --httpPort $PORT --lambdaPort {free_port()}'
    with serving(["sh", "-c", start], task, 60, **QUIET, **KEYS) as address:
        get(f"{address}/users", json.dumps({"email": "ada@example.com", "name": "Ada"}))
        users = json.loads(get(f"{address}/users")[1])
    assert users == [{"email": "ada@example.com", "name": "Ada"}], users
    return f"200 {json.dumps(users[0]['email'])} through serverless-offline"
