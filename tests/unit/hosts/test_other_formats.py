"""netlify.toml, up.json, package.json for Google, SAM, Terraform and CDK: added to, never lost."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
import yaml

from packager.core.errors import ConfigError, UsageError
from packager.hosts.registry import CONFIG_FORMATS, config_format
from packager.hosts.up.config import ignore_text, up_name
from tests.support.projects import NODE_HANDLER, NODE_MODULE, emitted, node_project

if TYPE_CHECKING:
    from pathlib import Path

LAMBDA = """\
bundles:
  engine: {target: aws-lambda-layer, recipe: prisma-client, runtime: nodejs22.x, arch: arm64}
  api: {target: aws-lambda, runtime: nodejs22.x, arch: arm64, handler: api.handler, layers: [engine],
        environment: {DATABASE_URL: hunter2}}
"""


def lambda_project(root: Path, **more: str) -> Path:
    """Write a project of a function and a layer."""
    files = {"api.js": NODE_HANDLER, "packager.yaml": LAMBDA, **more}
    return node_project(root, files, dependencies={"@prisma/client": "1.0.0"})


def netlify_project(root: Path, **more: str) -> Path:
    """Write a project of one Netlify function."""
    packager = "bundles: {site: {target: netlify, src: functions/hello.js}}\n"
    return node_project(root, {"functions/hello.js": NODE_HANDLER, "packager.yaml": packager, **more})


def test_netlify_toml_gets_the_folder_and_keeps_comments_and_order(tmp_path: Path) -> None:
    theirs = '# ours\n[build]\n  publish = "www" # page\n\n[functions."x*"]\n  included_files = ["a"]\n'
    emitted(netlify_project(tmp_path, **{"netlify.toml": theirs}), "netlify")
    text = (tmp_path / "netlify.toml").read_text()
    assert 'directory = "dist/netlify/functions"' in text
    assert [line for line in theirs.splitlines() if line not in text.splitlines()] == []


def test_the_old_spelling_that_would_win_is_refused(tmp_path: Path) -> None:
    netlify_project(tmp_path, **{"netlify.toml": '[build]\nfunctions = "functions-build"\n'})
    with pytest.raises(ConfigError, match=r"build\.functions"):
        emitted(tmp_path, "netlify")
    emitted(tmp_path, "netlify", force=True)
    assert "functions-build" not in (tmp_path / "netlify.toml").read_text()


def test_a_new_netlify_toml_says_where_the_runtime_is_set(tmp_path: Path) -> None:
    assert "AWS_LAMBDA_JS_RUNTIME nodejs22.x" in emitted(netlify_project(tmp_path), "netlify")["netlify.toml"]


def test_broken_toml_names_the_line(tmp_path: Path) -> None:
    netlify_project(tmp_path, **{"netlify.toml": "[build]\nx = \n"})
    with pytest.raises(ConfigError) as caught:
        emitted(tmp_path, "netlify")
    assert caught.value.where == "netlify.toml: line 2"


def test_up_json_keeps_what_is_there_and_names_runtime_and_command(tmp_path: Path) -> None:
    files = {
        "app.js": "",
        "packager.yaml": "bundles: {My_App: {target: up}}\n",
        "up.json": '{"lambda": {"memory": 1024}}',
    }
    text = emitted(node_project(tmp_path, files), "up")["up.json"]
    assert json.loads(text) == {
        "lambda": {"memory": 1024, "runtime": "nodejs22.x"},
        "name": "my-app",
        "proxy": {"command": "node app.js"},
    }


def test_a_runtime_that_contradicts_is_refused(tmp_path: Path) -> None:
    theirs = '{"lambda": {"runtime": "nodejs10.x"}}'
    packager = "bundles: {app: {target: up}}\n"
    node_project(tmp_path, {"app.js": "", "packager.yaml": packager, "up.json": theirs})
    with pytest.raises(ConfigError, match=r"lambda\.runtime"):
        emitted(tmp_path, "up")


@pytest.mark.parametrize("name", ["1shop", "Shop", "a b", "x" * 101])
def test_a_name_up_forbids_is_refused(tmp_path: Path, name: str) -> None:
    packager = "bundles: {app: {target: up}}\n"
    files = {"app.js": "", "packager.yaml": packager, "up.json": json.dumps({"name": name})}
    node_project(tmp_path, files)
    with pytest.raises(ConfigError, match="is not a valid Up name"):
        emitted(tmp_path, "up")
    assert up_name("Ünïcode!") == "n-code"


def test_upignore_brings_back_hidden_folders_and_keeps_the_users_rules() -> None:
    text = ignore_text("*.md\n", ["app.js", "node_modules/.prisma/client/x.node", ".prisma/a", "lib/.env.sample"])
    assert text.splitlines()[0] == "*.md"
    assert {"!/.prisma", "!/.prisma/**", "!/lib/.env.sample"} <= set(text.splitlines())
    assert ignore_text(text, [".prisma/a", "lib/.env.sample"]) == text
    assert "node_modules" not in text


def google_project(root: Path, **package: object) -> Path:
    """Write a project of one Google function."""
    packager = "bundles: {fn: {target: google-cloud-functions, handler: index.hello}}\n"
    return node_project(root, {"index.js": "exports.hello = 1\n", "packager.yaml": packager}, **package)


def test_google_gets_main_engines_and_an_ignore_file(tmp_path: Path) -> None:
    google_project(tmp_path, dependencies={"@google-cloud/functions-framework": "1.0.0"})
    files = emitted(tmp_path, "google-cloud-functions")
    package = json.loads(files["package.json"])
    assert (package["main"], package["engines"]) == ("index.js", {"node": "22"})
    assert "node_modules/" in files[".gcloudignore"].splitlines()
    assert emitted(tmp_path, "google-cloud-functions") == files


def test_google_without_the_framework_in_the_lock_file_is_refused(tmp_path: Path) -> None:
    google_project(tmp_path)
    with pytest.raises(ConfigError, match="functions-framework is not a dependency"):
        emitted(tmp_path, "google-cloud-functions")


def test_another_main_file_is_refused(tmp_path: Path) -> None:
    google_project(tmp_path, dependencies={"@google-cloud/functions-framework": "1.0.0"}, main="server.js")
    with pytest.raises(ConfigError, match="main"):
        emitted(tmp_path, "google-cloud-functions")


def test_a_new_sam_template_has_layer_architecture_and_no_values(tmp_path: Path) -> None:
    text = emitted(lambda_project(tmp_path), "sam")["template.yaml"]
    resources = yaml.safe_load(text)["Resources"]
    assert resources["Api"]["Metadata"] == {"SkipBuild": True}
    properties = resources["Api"]["Properties"]
    assert properties["CodeUri"] == "dist/api.zip"
    assert properties["Architectures"] == ["arm64"]
    assert properties["Layers"] == [{"Ref": "Engine"}]
    assert resources["Engine"]["Properties"]["ContentUri"] == "dist/engine.zip"
    assert "hunter2" not in text


def test_a_template_of_the_users_keeps_tags_and_comments(tmp_path: Path) -> None:
    theirs = """\
Transform: AWS::Serverless-2016-10-31
# Who may read
Resources:
  Front:
    Type: AWS::Serverless::Function # web
    Properties:
      Handler: api.handler
      Role: !GetAtt Role.Arn
  Role: {Type: "AWS::IAM::Role", Properties: {AssumeRolePolicyDocument: !Sub "${x}"}}
"""
    emitted(lambda_project(tmp_path, **{"template.yaml": theirs}), "sam")
    text = (tmp_path / "template.yaml").read_text()
    for kept in ("# Who may read", "# web", "!GetAtt Role.Arn", '!Sub "${x}"'):
        assert kept in text
    assert "CodeUri: dist/api.zip" in text.partition("Front:")[2].partition("Role: {")[0]
    assert "Api:" not in text
    assert emitted(tmp_path, "sam") == {"template.yaml": text}


def test_terraform_reads_the_hash_from_the_manifest(tmp_path: Path) -> None:
    text = emitted(lambda_project(tmp_path), "terraform")["packager.tf.json"]
    function = json.loads(text)["resource"]["aws_lambda_function"]["api"]
    assert function["source_code_hash"] == (
        '${jsondecode(file("${path.module}/dist/api.manifest.json")).artifact.code_sha256}'
    )
    assert function["architectures"] == ["arm64"]
    assert function["layers"] == ["${aws_lambda_layer_version.engine.arn}"]
    assert function["environment"] == {"variables": {"DATABASE_URL": "${var.database_url}"}}
    assert "hunter2" not in text


def test_a_memory_size_of_the_users_survives(tmp_path: Path) -> None:
    text = emitted(lambda_project(tmp_path), "terraform")["packager.tf.json"].replace(
        '"memory_size": 512', '"memory_size": 2048'
    )
    (tmp_path / "packager.tf.json").write_text(text)
    assert emitted(tmp_path, "terraform") == {"packager.tf.json": text}


def test_an_edited_cdk_file_is_refused_with_a_diff(tmp_path: Path) -> None:
    text = emitted(lambda_project(tmp_path), "cdk")["packager-cdk.ts"]
    assert emitted(tmp_path, "cdk") == {"packager-cdk.ts": text}
    (tmp_path / "packager-cdk.ts").write_text(text.replace("512", "1024"))
    with pytest.raises(ConfigError, match="-    memorySize: 1024"):
        emitted(tmp_path, "cdk")


def test_a_target_without_bundles_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no bundle is for vercel, only for aws-lambda"):
        emitted(lambda_project(tmp_path), "vercel")


def test_every_name_has_its_emitter_and_a_misprint_gets_a_guess() -> None:
    assert all(config_format(name).TARGETS for name in CONFIG_FORMATS)
    with pytest.raises(UsageError, match="did you mean 'netlify'"):
        config_format("netlfy")


def test_vercel_puts_the_users_routes_first_and_refuses_builders(tmp_path: Path) -> None:
    packager = 'bundles: {site: {target: vercel, src: ["index.js", "api/*.js"], arch: arm64}}\n'
    files = {"index.js": NODE_MODULE, "api/a.js": NODE_MODULE, "packager.yaml": packager}
    node_project(tmp_path, {**files, "vercel.json": '{"routes": [{"src": "/x", "status": 404}]}'})
    found = emitted(tmp_path, "vercel", write=False)
    assert json.loads(found[".vercel/output/config.json"])["routes"] == [
        {"src": "/x", "status": 404},
        {"handle": "filesystem"},
        {"src": "/api/a", "dest": "/api/a"},
        {"src": "/(.*)", "dest": "/index"},
    ]
    assert json.loads(found[".vercel/output/functions/index.func/.vc-config.json"])["architecture"] == "arm64"
    (tmp_path / "vercel.json").write_text('{"builds": []}')
    with pytest.raises(ConfigError, match="names builders"):
        emitted(tmp_path, "vercel", write=False)
