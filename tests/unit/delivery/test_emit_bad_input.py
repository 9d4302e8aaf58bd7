"""What users' files and names may hold that cannot be emitted for: refused by file and key, and left alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from packager.core.errors import ConfigError
from tests.support.projects import NODE_HANDLER, NODE_MODULE, emitted, node_project, plan_of

if TYPE_CHECKING:
    from pathlib import Path

TWINS = "bundles: {my-api: {target: aws-lambda, handler: fn.a}, my_api: {target: aws-lambda, handler: fn.b}}\n"
GOOGLE_TWO = """\
bundles:
  a: {target: google-cloud-functions, handler: fn.a}
  b: {target: google-cloud-functions, handler: fn.b}
"""


def refused(root: Path, name: str, **files: str) -> ConfigError:
    """Return the refusal of an emitter, having seen that no file was touched."""
    every = {"index.js": NODE_MODULE, "fn.js": NODE_HANDLER, "api/a.js": NODE_MODULE, **files}
    node_project(root, every, dependencies={"@google-cloud/functions-framework": "1.0.0"})
    before = {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}
    with pytest.raises(ConfigError) as caught:
        emitted(root, name)
    assert {path: path.read_bytes() for path in root.rglob("*") if path.is_file()} == before
    return caught.value


@pytest.mark.parametrize(
    ("name", "packager", "file"),
    [
        ("now", "bundles: {web: {target: now, src: index.js}}\n", "now.json"),
        ("vercel", "bundles: {web: {target: vercel, src: index.js}}\n", "vercel.json"),
        ("vercel", "bundles: {web: {target: vercel, src: index.js}}\n", ".vercel/output/config.json"),
        ("up", "bundles: {web: {target: up, src: index.js}}\n", "up.json"),
        ("terraform", "bundles: {web: {target: aws-lambda, handler: fn.handler}}\n", "packager.tf.json"),
    ],
)
@pytest.mark.parametrize(
    ("text", "fix"),
    [
        ('{\n  // mine\n  "a": 1\n}\n', "JSON has no comments"),
        ('{\n  /* mine */\n  "a": 1\n}\n', "JSON has no comments"),
        ('{\n  "a": 1,\n}\n', ""),
        ('{\n  "a": 1,\n', ""),
    ],
    ids=["line-comment", "comment", "comma", "end"],
)
def test_json_that_is_none_names_the_line(
    tmp_path: Path, name: str, packager: str, file: str, text: str, fix: str
) -> None:
    error = refused(tmp_path, name, **{"packager.yaml": packager, file: text})
    assert error.where.startswith(f"{file}: line ")
    assert fix in error.fix


@pytest.mark.parametrize("name", ["serverless", "sam"])
@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("a:\n\tb: 1\n", "line 2"),
        ("a: 1\na: 2\n", "line 2"),
        ("- a\n", ""),
        ("a: [1\n", "line 2"),
        ("a: *gone\n", "line 1"),
    ],
    ids=["tab", "double", "list", "open", "anchor"],
)
def test_yaml_that_is_none_names_the_line(tmp_path: Path, name: str, text: str, where: str) -> None:
    file = {"serverless": "serverless.yml", "sam": "template.yaml"}[name]
    packager = "bundles: {web: {target: aws-lambda, handler: fn.handler}}\n"
    error = refused(tmp_path, name, **{"packager.yaml": packager, file: text})
    assert error.where.startswith(file)
    assert where in error.where


@pytest.mark.parametrize(
    ("function", "shown"),
    [
        ("handler: '${ssm:/shop/handler}'", "${ssm:/shop/handler}"),
        ("handler: fn.handler\n    package: {artifact: '${ssm:/shop/zip}'}", "${ssm:/shop/zip}"),
    ],
    ids=["handler", "artifact"],
)
def test_a_variable_where_a_value_is_needed_is_refused_with_a_diff(tmp_path: Path, function: str, shown: str) -> None:
    packager = "bundles: {fn: {target: aws-lambda, runtime: nodejs22.x, handler: fn.handler}}\n"
    text = f"service: s\nprovider: {{name: aws, runtime: nodejs22.x}}\nfunctions:\n  fn:\n    {function}\n"
    error = refused(tmp_path, "serverless", **{"packager.yaml": packager, "serverless.yml": text})
    assert shown in error.message
    assert "--force" in error.fix


@pytest.mark.parametrize(
    ("name", "packager", "message"),
    [
        ("sam", TWINS, "my-api and my_api would both be called MyApi"),
        ("cdk", TWINS, "my-api and my_api would both be called MyApi"),
        ("vercel", "bundles: {web: {target: vercel, src: [api/a.js, api/a.mjs]}}\n", "would be the function api/a"),
        (
            "vercel",
            "bundles: {web: {target: vercel, src: index.js}, two: {target: vercel, src: index.js}}\n",
            "would be the function index",
        ),
        ("now", "bundles: {web: {target: now, src: [api/a.js, api/a.mjs]}}\n", "would both answer /api/a"),
        ("up", "bundles: {a: {target: up, src: index.js}, b: {target: up, src: index.js}}\n", "one server per folder"),
        ("google-cloud-functions", GOOGLE_TWO, "one main file"),
    ],
    ids=["sam", "cdk", "vercel-endings", "vercel-bundles", "now", "up", "google"],
)  # fmt: skip
def test_two_that_would_be_one_are_refused(tmp_path: Path, name: str, packager: str, message: str) -> None:
    error = refused(tmp_path, name, **{"packager.yaml": packager, "api/a.mjs": "export default () => {}\n"})
    assert message in error.message


def test_two_bundles_of_one_file_name_are_refused_before_anything_else(tmp_path: Path) -> None:
    packager = "bundles: {api: {target: aws-lambda, handler: fn.handler}, API: {target: aws-lambda, handler: fn.x}}\n"
    node_project(tmp_path, {"fn.js": NODE_HANDLER, "packager.yaml": packager})
    with pytest.raises(ConfigError, match="would be written to the same file"):
        plan_of(tmp_path)


@pytest.mark.parametrize("name", ["serverless", "terraform"])
def test_a_name_lambda_forbids_is_refused_where_it_would_be_the_functions(tmp_path: Path, name: str) -> None:
    packager = "bundles: {api.v2: {target: aws-lambda, handler: fn.handler}}\n"
    error = refused(tmp_path, name, **{"packager.yaml": packager})
    assert "'api.v2' is not a valid function name" in error.message
    assert "ApiV2:" in emitted(tmp_path, "sam")["template.yaml"], "CloudFormation makes the function's name there"


@pytest.mark.parametrize("name", ["with space", "x" * 129], ids=["space", "long"])
def test_a_name_vercel_forbids_is_refused(tmp_path: Path, name: str) -> None:
    packager = f'bundles: {{web: {{target: vercel, src: "api/{name}.js"}}}}\n'
    error = refused(tmp_path, "vercel", **{"packager.yaml": packager, f"api/{name}.js": NODE_MODULE})
    assert "is not a valid function name: use no spaces and at most 128 characters" in error.message


@pytest.mark.parametrize("target", ["now", "vercel", "netlify", "up"])
@pytest.mark.parametrize(("src", "message"), [("gone.js", "no file gone.js"), ("a.ts", "a.ts is TypeScript")])
def test_an_entry_that_is_not_there_or_not_compiled_is_refused(
    tmp_path: Path, target: str, src: str, message: str
) -> None:
    packager = f"bundles: {{web: {{target: {target}, src: {src}}}}}\n"
    error = refused(tmp_path, target, **{"packager.yaml": packager, "a.ts": ""})
    assert error.message == message
    assert error.where.endswith("bundles.web.src")
