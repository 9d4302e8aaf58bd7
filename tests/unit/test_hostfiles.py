"""A folder with a host's own configuration is understood without packager.yaml; two of them ask which."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from packager.errors import ConfigError
from packager.project import load_project
from tests.support.projects import NODE_HANDLER, NODE_MODULE, node_project, plan_of

if TYPE_CHECKING:
    from pathlib import Path

NOW = '{"version": 2, "builds": [{"src": "api/*.js", "use": "@now/node", "config": {"maxLambdaSize": "25mb"}}]}'
SERVERLESS = """\
service: shop
provider: {name: aws, runtime: nodejs22.x, architecture: arm64}
custom: {packager: {layers: {engine: prisma-client}}}
package: {patterns: ["!**", "src/**"]}
layers: {engine: {path: .}}
functions:
  one: {handler: src/one.handler, layers: [{Ref: EngineLambdaLayer}]}
  two: {handler: src/two.handler, runtime: nodejs20.x, architecture: x86_64, package: {patterns: ["!src/one.js"]}}
  image: {image: 1.dkr.ecr.eu-west-1.amazonaws.com/x}
"""
SAM = """\
Transform: AWS::Serverless-2016-10-31
Globals: {Function: {Runtime: nodejs22.x}}
Resources:
  Api: {Type: "AWS::Serverless::Function", Properties: {Handler: src/one.handler, Role: !GetAtt R.Arn}}
  Table: {Type: "AWS::DynamoDB::Table"}
"""


def project(root: Path, **files: str) -> Path:
    """Write a project with entries for every host."""
    every = {
        "api/a.js": NODE_MODULE,
        "app.js": "",
        "functions/hello.js": NODE_HANDLER,
        "functions/deep/index.js": NODE_HANDLER,
        "src/one.js": NODE_HANDLER,
        "src/two.js": NODE_HANDLER,
        **files,
    }
    return node_project(root, every, dependencies={"@prisma/client": "1.0.0"})


def test_now_json(tmp_path: Path) -> None:
    (bundle,) = plan_of(project(tmp_path, **{"now.json": NOW})).bundles
    assert (bundle.target.name, bundle.entries) == ("now", ("api/a.js",))
    assert (bundle.budget.zipped, bundle.budget.zipped_by_user) == (26_214_400, True)


def test_netlify_toml_with_files_and_folders(tmp_path: Path) -> None:
    toml = '[functions]\ndirectory = "functions"\n'
    (bundle,) = plan_of(project(tmp_path, **{"netlify.toml": toml})).bundles
    assert (bundle.target.name, bundle.entries) == ("netlify", ("functions/deep/index.js", "functions/hello.js"))


def test_up_json(tmp_path: Path) -> None:
    up = '{"name": "shop", "lambda": {"runtime": "nodejs20.x"}}'
    (bundle,) = plan_of(project(tmp_path, **{"up.json": up})).bundles
    assert (bundle.name, bundle.target.runtime, bundle.entries) == ("shop", "nodejs20.x", ("app.js",))


def test_vercel_json(tmp_path: Path) -> None:
    (bundle,) = plan_of(project(tmp_path, **{"vercel.json": '{"functions": {"api/a.js": {}}}'})).bundles
    assert (bundle.target.name, bundle.entries) == ("vercel", ("api/a.js",))


def test_serverless_yml_with_layer_patterns_and_overrides(tmp_path: Path) -> None:
    engine, one, two = plan_of(project(tmp_path, **{"serverless.yml": SERVERLESS})).bundles
    assert (engine.kind, engine.recipe, engine.target.arch) == ("layer", "prisma-client", "arm64")
    assert (one.handler, one.layers, one.include) == ("src/one.handler", ("engine",), ("!**", "src/**"))
    assert (two.target.runtime, two.target.arch) == ("nodejs20.x", "x86_64")
    assert two.include == ("!**", "src/**", "!src/one.js")


def test_a_sam_template_with_tags(tmp_path: Path) -> None:
    (bundle,) = plan_of(project(tmp_path, **{"template.yaml": SAM})).bundles
    assert (bundle.name, bundle.handler, bundle.target.runtime) == ("Api", "src/one.handler", "nodejs22.x")


def test_two_hosts_ask_for_the_target_by_name(tmp_path: Path) -> None:
    project(tmp_path, **{"now.json": NOW, "up.json": "{}"})
    with pytest.raises(ConfigError) as caught:
        load_project(tmp_path)
    assert "now.json (ZEIT Now) and up.json (Apex Up)" in caught.value.message
    assert caught.value.fix == "give --target now or --target up"
    assert load_project(tmp_path, "up").bundles[0].target == "up"


def test_packager_yaml_comes_before_everything(tmp_path: Path) -> None:
    project(tmp_path, **{"now.json": NOW, "packager.yaml": "bundles: {a: {target: aws-lambda}}\n"})
    assert [spec.target for spec in load_project(tmp_path).bundles] == ["aws-lambda"]


@pytest.mark.parametrize(
    ("file", "text", "where"),
    [
        ("now.json", '{"version": 1}', "now.json: version"),
        ("now.json", NOW.replace("25mb", "big"), "maxLambdaSize"),
        ("netlify.toml", "[functions]\ndirectory = 'nothing'\n", "functions.directory"),
        ("serverless.yml", SERVERLESS.replace("nodejs22.x", "'${ssm:x}'"), "runtime"),
        ("serverless.yml", "service: s\nfunctions: ${file(f.yml)}\n", "functions"),
        ("serverless.yml", "service: s\nprovider: ${file(p.yml)}\n", "provider"),
        ("serverless.yml", "service: s\nfunctions: {a: '${file(a.yml)}'}\n", "functions.a"),
        ("serverless.yml", "service: s\n\tx: 1\n", "line 2"),
        ("template.yaml", SAM.replace("Handler:", "CodeUri: ../other, Handler:"), "CodeUri"),
        ("up.json", "{", "up.json: line 1"),
    ],
    ids=["now-1", "now-size", "netlify-empty", "variable", "functions-file", "provider-file", "function-file", "tab",
         "sam-elsewhere", "broken-json"],
)  # fmt: skip
def test_what_cannot_be_understood_names_file_and_key(tmp_path: Path, file: str, text: str, where: str) -> None:
    project(tmp_path, **{file: text})
    with pytest.raises(ConfigError) as caught:
        plan_of(tmp_path)
    assert where in caught.value.where


@pytest.mark.parametrize(
    ("file", "message"),
    [("", "no file gone.js"), ("gone.ts", "gone.ts is TypeScript")],
    ids=["nowhere", "typescript"],
)
def test_a_handler_that_is_not_there_is_told_before_anything_is_installed(
    tmp_path: Path, file: str, message: str
) -> None:
    text = "service: s\nprovider: {runtime: nodejs22.x}\nfunctions: {a: {handler: gone.handler}}\n"
    project(tmp_path, **{"serverless.yml": text, **({file: ""} if file else {})})
    with pytest.raises(ConfigError, match=message):
        plan_of(tmp_path)
