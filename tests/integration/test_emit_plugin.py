"""The Serverless plugin alone, in Node: what it hands to packager, and what it refuses. The framework is a stand-in."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.cli import ROOT
from tests.support.trees import write_tree

if TYPE_CHECKING:
    from pathlib import Path

PLUGIN = ROOT / "packager" / "deploy_tools" / "serverless" / "serverless_plugin.cjs"
# What the framework does: makes the plugin, and runs its hooks in the order of the package command.
FRAMEWORK = """
const Plugin = require(process.argv[1])
const { version, service, root, options } = JSON.parse(process.argv[2])
const told = []
const log = { notice: (text) => told.push(text) }
const plugin = new Plugin({ version, service, serviceDir: root }, options, { log })
;(async () => {
  let error = ''
  const all = ['package:cleanup', 'package:createDeploymentArtifacts']
  const events = options.function ? ['package:function:package'] : all
  try {
    for (const event of events) await (plugin.hooks[`before:${event}`] || (() => {}))()
  } catch (thrown) {
    error = thrown.message
  }
  console.log(JSON.stringify({ error, told, service }))
})()
"""
# In packager's place: says what it was given and ends as it is told to.
RECORDER = """
const fs = require('node:fs')
const words = process.argv.slice(2)
fs.writeFileSync('given.json', JSON.stringify(words))
console.log('one'); process.stderr.write('two\\nthree')
process.exitCode = Number(process.env.ENDS || 0)
"""


@dataclass(frozen=True)
class Ran:
    """What came of it."""

    error: str
    told: list[str]
    service: dict[str, Any]
    config: dict[str, Any]
    """What packager was given; {} if it was not started."""


def package(root: Path, service: dict[str, Any], version: str = "3.40.0", **options: str) -> Ran:
    """Run the plugin's hooks over a resolved service."""
    write_tree(root, {"recorder.js": RECORDER})
    service = {"provider": {"name": "aws", "runtime": "nodejs22.x"}, **service}
    settings = {"command": f"node {root}/recorder.js", **service.get("custom", {}).get("packager", {})}
    service["custom"] = {"packager": settings}
    given = json.dumps({"version": version, "service": service, "root": str(root), "options": options})
    command = ["node", "-e", FRAMEWORK, str(PLUGIN), given]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=60, check=True)
    config = root / ".serverless/packager/packager.json"
    ran = json.loads(done.stdout)
    return Ran(ran["error"], ran["told"], ran["service"], json.loads(config.read_text()) if config.exists() else {})


def test_packager_is_given_what_the_service_says_and_its_zips_are_the_artifacts(tmp_path: Path) -> None:
    service = {
        "package": {"patterns": ["src/**"]},
        "layers": {"my-engine": {"path": "."}},
        "custom": {"packager": {"layers": {"my-engine": "prisma-client"}, "arguments": ["--no-prove"]}},
        "functions": {
            "one": {"handler": "src/one.handler", "layers": [{"Ref": "MyDashengineLambdaLayer"}, "arn:x"]},
            "two": {"handler": "src/two.handler", "architecture": "arm64", "package": {"patterns": ["!src/one.js"]}},
            "image": {"image": "x"},
            "done": {"handler": "x.y", "package": {"artifact": "theirs.zip"}},
        },
    }
    ran = package(tmp_path, service)
    assert ran.error == ""
    assert ran.told == ["packager: one", "packager: two", "packager: three"]
    assert ran.config["bundles"] == {
        "layer-my-engine": {
            "target": "aws-lambda-layer", "recipe": "prisma-client", "arch": "x86_64", "runtime": "nodejs22.x",
        },
        "one": {
            "target": "aws-lambda", "handler": "src/one.handler", "arch": "x86_64", "runtime": "nodejs22.x",
            "include": ["src/**"], "layers": ["layer-my-engine"],
        },
        "two": {
            "target": "aws-lambda", "handler": "src/two.handler", "arch": "arm64", "runtime": "nodejs22.x",
            "include": ["src/**", "!src/one.js"], "layers": [],
        },
    }  # fmt: skip
    words = json.loads((tmp_path / "given.json").read_text())
    assert (words[:2], words[-1]) == (["build", str(tmp_path)], "--no-prove")
    functions = ran.service["functions"]
    assert functions["one"]["package"]["artifact"] == ".serverless/packager/one.zip"
    assert ran.service["layers"]["my-engine"]["package"]["artifact"] == ".serverless/packager/layer-my-engine.zip"
    assert functions["done"]["package"]["artifact"] == "theirs.zip"


def test_one_function_is_built_alone(tmp_path: Path) -> None:
    functions = {"one": {"handler": "a.b"}, "two": {"handler": "c.d"}}
    assert list(package(tmp_path, {"functions": functions}, function="two").config["bundles"]) == ["two"]


def test_layers_that_fitting_made_become_layers_of_the_service(tmp_path: Path) -> None:
    shared = {"name": "one-shared-1", "sha256": "0" * 64, "fitted": True}
    engine = {"name": "layer-engine", "sha256": "1" * 64}
    manifest = {"runtime": "nodejs22.x", "arch": "arm64", "layers": [engine, shared]}
    out = {f".serverless/packager/{name}.manifest.json": json.dumps(manifest) for name in ("one", "two")}
    write_tree(tmp_path, out)
    functions = {"one": {"handler": "a.b", "layers": ["arn:x"]}, "two": {"handler": "c.d"}}

    ran = package(tmp_path, {"functions": functions})

    assert ran.error == ""
    assert ran.service["layers"] == {
        "one-shared-1": {
            "path": ".serverless/packager",
            "package": {"artifact": ".serverless/packager/one-shared-1.zip"},
            "compatibleRuntimes": ["nodejs22.x"],
            "compatibleArchitectures": ["arm64"],
        }
    }
    reference = {"Ref": "OneDashsharedDash1LambdaLayer"}
    assert ran.service["functions"]["one"]["layers"] == ["arn:x", reference]
    assert ran.service["functions"]["two"]["layers"] == [reference]


@pytest.mark.parametrize(
    ("code", "message"), [("1", "would not load or fit"), ("3", "ended with exit code 3")], ids=["findings", "config"]
)
def test_what_packager_refuses_fails_the_deployment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str, message: str
) -> None:
    monkeypatch.setenv("ENDS", code)
    ran = package(tmp_path, {"functions": {"one": {"handler": "a.b"}}})
    assert message in ran.error
    assert "artifact" not in json.dumps(ran.service["functions"])


def test_a_missing_command_says_how_to_get_it(tmp_path: Path) -> None:
    service = {"functions": {"one": {"handler": "a.b"}}, "custom": {"packager": {"command": "no-such-packager"}}}
    assert "no command no-such-packager: pip install" in package(tmp_path, service).error


def test_a_function_and_a_layer_that_would_be_one_zip_are_refused(tmp_path: Path) -> None:
    service = {
        "layers": {"engine": {"path": "."}},
        "custom": {"packager": {"layers": {"engine": "prisma-client"}}},
        "functions": {"layer-engine": {"handler": "a.b"}},
    }
    ran = package(tmp_path, service)
    assert "functions.layer-engine: its zip and that of the layer engine would be one file" in ran.error
    assert ran.config == {}


def test_a_recipe_for_a_layer_that_is_not_there_is_refused(tmp_path: Path) -> None:
    ran = package(tmp_path, {"functions": {}, "custom": {"packager": {"layers": {"engin": "prisma-client"}}}})
    assert "custom.packager.layers.engin: serverless.yml has no layer of this name" in ran.error


@pytest.mark.parametrize(
    ("build", "function", "fix"),
    [
        ({"esbuild": True}, {"handler": "a.b"}, "set build: {esbuild: false}"),
        ({"esbuild": {"minify": True}}, {"handler": "a.b"}, "set build: {esbuild: false}"),
        ("esbuild", {"handler": "a.b"}, "set build: {esbuild: false}"),
        (None, {"handler": "src/typed.handler"}, "set build: {esbuild: false}"),
        (None, {"handler": "a.b", "build": "esbuild"}, "remove its key build"),
    ],
    ids=["on", "settings", "name", "typescript", "function"],
)
def test_version_4s_own_builder_is_refused_before_it_runs(
    tmp_path: Path, build: object, function: dict[str, str], fix: str
) -> None:
    write_tree(tmp_path, {"src/typed.ts": ""})
    service: dict[str, Any] = {"functions": {"one": function}}
    if build is not None:
        service["build"] = build
    ran = package(tmp_path, service, "4.9.1")
    assert "functions.one: the framework's own esbuild would build it" in ran.error
    assert fix in ran.error
    assert ran.config == {}, "nothing was started"
    assert package(tmp_path, service, "3.40.0").error == "", "version 3 has none"


@pytest.mark.parametrize(
    ("build", "function"),
    [
        ({"esbuild": False}, {"handler": "src/typed.handler"}),
        ({"esbuild": False}, {"handler": "a.b"}),
        (None, {"handler": "a.b"}),
        ({"esbuild": True}, {"image": "x"}),
    ],
    ids=["off-typescript", "off", "javascript", "image"],
)
def test_version_4_with_its_builder_off_is_fine(tmp_path: Path, build: object, function: dict[str, str]) -> None:
    write_tree(tmp_path, {"src/typed.ts": ""})
    service: dict[str, Any] = {"functions": {"one": function}}
    if build is not None:
        service["build"] = build
    assert package(tmp_path, service, "4.9.1").error == ""
