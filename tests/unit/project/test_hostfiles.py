"""A folder with a host's own configuration is understood without packager.yaml; two of them ask which."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from packager.core.errors import ConfigError
from packager.project.loading import load_project
from tests.support.projects import NODE_HANDLER, NODE_MODULE, emitted, node_project, plan_of
from tests.support.trees import write_tree

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


def test_serverless_yml_with_anchors_and_merge_keys(tmp_path: Path) -> None:
    text = """\
service: shop
provider: {name: aws, runtime: nodejs22.x}
custom:
  base: &base {architecture: arm64, package: {patterns: ["src/**"]}}
functions:
  one: {<<: *base, handler: src/one.handler}
  two: {<<: *base, handler: src/two.handler, architecture: x86_64}
"""
    one, two = plan_of(project(tmp_path, **{"serverless.yml": text})).bundles
    assert (one.target.arch, two.target.arch) == ("arm64", "x86_64")
    assert one.include == two.include == ("src/**",)


def test_a_layer_and_a_function_of_one_name_are_refused(tmp_path: Path) -> None:
    text = SERVERLESS.replace("  one:", "  engine:")
    with pytest.raises(ConfigError, match="would be written to the same file"):
        plan_of(project(tmp_path, **{"serverless.yml": text}))


def test_a_sam_template_with_tags(tmp_path: Path) -> None:
    (bundle,) = plan_of(project(tmp_path, **{"template.yaml": SAM})).bundles
    assert (bundle.name, bundle.handler, bundle.target.runtime) == ("Api", "src/one.handler", "nodejs22.x")


def test_two_hosts_ask_for_the_target_by_name(tmp_path: Path) -> None:
    project(tmp_path, **{"now.json": NOW, "up.json": "{}"})
    with pytest.raises(ConfigError) as caught:
        load_project(tmp_path)
    assert caught.value.message == (
        "several host configurations found: now.json (ZEIT Now) and up.json (Apex Up); choose one with --target"
    )
    assert caught.value.fix == "pass --target now or --target up"
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


@pytest.mark.parametrize("target", ["now", "vercel", "netlify", "google-cloud-functions", "up"])
@pytest.mark.parametrize("configured", [False, True], ids=["detected", "configured"])
def test_a_python_project_for_a_host_that_takes_node_here_is_told_where_it_may_go(
    tmp_path: Path, target: str, configured: bool
) -> None:
    files = {"main.py": "def handler(event, context): ...\n", "requirements.txt": ""}
    if configured:
        files["packager.yaml"] = f"bundles: {{web: {{target: {target}, src: main.py}}}}\n"
    write_tree(tmp_path, files)
    with pytest.raises(ConfigError) as caught:
        plan_of(tmp_path, target)
    assert f"{target} is supported for nodejs projects only, but this is a python project" in caught.value.message
    assert caught.value.fix == "use one of the targets for python: aws-lambda, aws-lambda-layer"


def test_a_python_runtime_a_host_has_not_is_told_with_those_it_has(tmp_path: Path) -> None:
    packager = "bundles: {web: {target: vercel, runtime: python3.12, src: main.py}}\n"
    write_tree(tmp_path, {"main.py": "", "requirements.txt": "", "packager.yaml": packager})
    with pytest.raises(ConfigError, match=r"vercel has no runtime 'python3\.12'"):
        plan_of(tmp_path)


def test_googles_second_generation_has_no_limits_and_the_same_folder(tmp_path: Path) -> None:
    files = {"index.js": "exports.hello = (request, response) => response.end()\n"}
    framework = {"@google-cloud/functions-framework": "1.0.0"}
    scripts = {"start": "functions-framework --target=hello"}
    node_project(tmp_path, files, dependencies=framework, scripts=scripts)
    first, second = (plan_of(tmp_path, f"google-cloud-functions{end}").bundles[0] for end in ("", "-gen2"))
    assert (first.budget.zipped, first.budget.unzipped) == (100_000_000, 500_000_000)
    assert (second.budget.zipped, second.budget.unzipped) == (None, None)
    assert (second.handler, second.job) == (first.handler, first.job)
    (tmp_path / "packager.yaml").write_text(
        "bundles: {fn: {target: google-cloud-functions-gen2, handler: index.hello}}\n"
    )
    assert set(emitted(tmp_path, "google-cloud-functions")) == {"package.json", ".gcloudignore"}
