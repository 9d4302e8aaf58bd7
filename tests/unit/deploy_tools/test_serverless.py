"""serverless.yml: patched with comments and order kept, or refused with a diff."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import yaml

from packager.core.errors import ConfigError
from packager.delivery.emitting import plugin_files
from tests.support.projects import NODE_HANDLER, emitted, node_project

if TYPE_CHECKING:
    from pathlib import Path

PACKAGER = """\
bundles:
  api: {target: aws-lambda, runtime: nodejs22.x, arch: arm64, handler: api.handler, environment: {TOKEN: hunter2}}
"""
THEIRS = """\
# The shop. Ask Ann before changing stages.
service: shop
provider: # Amazon
  name: aws
  runtime: nodejs22.x
  stage: ${opt:stage, 'dev'}   # per developer
custom:
  odd: 'quoted'
functions:
  front:   # the one that matters
    handler: api.handler
    events:
    - httpApi: '*'
"""


def project(root: Path, serverless: str | None, packager: str = PACKAGER) -> Path:
    """Write a project with one function."""
    files = {"api.js": NODE_HANDLER, "packager.yaml": packager}
    if serverless is not None:
        files["serverless.yml"] = serverless
    return node_project(root, files)


def document(root: Path) -> dict[str, Any]:
    """Return serverless.yml as the framework reads it."""
    found: dict[str, Any] = yaml.safe_load((root / "serverless.yml").read_text())
    return found


def test_a_new_file_names_zip_runtime_and_architecture(tmp_path: Path) -> None:
    emitted(project(tmp_path, None), "serverless")
    found = document(tmp_path)
    assert found["provider"]["architecture"] == "arm64"
    assert found["functions"]["api"] == {
        "handler": "api.handler",
        "package": {"artifact": "dist/api.zip"},
        "environment": {"TOKEN": "${env:TOKEN}"},
    }
    assert "hunter2" not in (tmp_path / "serverless.yml").read_text()


def test_the_users_file_is_patched_and_every_line_of_theirs_is_still_there(tmp_path: Path) -> None:
    emitted(project(tmp_path, THEIRS), "serverless")
    text = (tmp_path / "serverless.yml").read_text()
    lines = [line.strip() for line in text.splitlines()]
    assert [line.strip() for line in THEIRS.splitlines() if line.strip() not in lines] == []
    function = document(tmp_path)["functions"]["front"]
    assert function["package"] == {"artifact": "dist/api.zip"}
    assert function["architecture"] == "arm64", "the provider says nothing, so the framework would take x86_64"
    assert function["events"] == [{"httpApi": "*"}]


def test_emitting_again_changes_no_byte(tmp_path: Path) -> None:
    emitted(project(tmp_path, THEIRS), "serverless")
    first = (tmp_path / "serverless.yml").read_text()
    assert emitted(tmp_path, "serverless") == {"serverless.yml": first}


def test_another_artifact_is_refused_with_a_diff_and_replaced_by_force(tmp_path: Path) -> None:
    text = THEIRS.replace("    events:", "    package: {artifact: old.zip}\n    events:")
    project(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        emitted(tmp_path, "serverless")
    assert '-functions.front.package.artifact: "old.zip"' in caught.value.message
    assert '+functions.front.package.artifact: "dist/api.zip"' in caught.value.message
    assert (tmp_path / "serverless.yml").read_text() == text
    emitted(tmp_path, "serverless", force=True)
    assert document(tmp_path)["functions"]["front"]["package"]["artifact"] == "dist/api.zip"


def test_a_layer_becomes_one_and_is_referred_to_beside_the_users_own(tmp_path: Path) -> None:
    packager = """\
bundles:
  my-engine: {target: aws-lambda-layer, recipe: prisma-client}
  api: {target: aws-lambda, handler: api.handler, layers: [my-engine]}
"""
    text = THEIRS.replace("    events:", "    layers:\n    - arn:aws:lambda:eu-west-1:1:layer:theirs:1\n    events:")
    files = {"api.js": NODE_HANDLER, "packager.yaml": packager, "serverless.yml": text}
    node_project(tmp_path, files, dependencies={"@prisma/client": "1.0.0"})
    emitted(tmp_path, "serverless")
    found = document(tmp_path)
    assert found["layers"]["my-engine"]["package"] == {"artifact": "dist/my-engine.zip"}
    assert found["functions"]["front"]["layers"] == [
        "arn:aws:lambda:eu-west-1:1:layer:theirs:1",
        {"Ref": "MyDashengineLambdaLayer"},
    ]


def test_functions_that_share_an_anchor_get_their_own_artifacts(tmp_path: Path) -> None:
    packager = """\
bundles:
  one: {target: aws-lambda, handler: one.handler}
  two: {target: aws-lambda, handler: two.handler}
"""
    text = """\
service: shop
provider: {name: aws, runtime: nodejs22.x}
custom:
  base: &base
    memorySize: 256
    package: {individually: true}
functions:
  one: {<<: *base, handler: one.handler}
  two: {<<: *base, handler: two.handler}
"""
    files = {"one.js": NODE_HANDLER, "two.js": NODE_HANDLER, "packager.yaml": packager, "serverless.yml": text}
    emitted(node_project(tmp_path, files), "serverless")
    functions = document(tmp_path)["functions"]
    artifacts = {name: function["package"]["artifact"] for name, function in functions.items()}
    assert artifacts == {"one": "dist/one.zip", "two": "dist/two.zip"}
    assert document(tmp_path)["custom"]["base"]["package"] == {"individually": True}


@pytest.mark.parametrize("version", ["4", "^4.9.0", "~4", ">=4.0.0"])
def test_version_4_is_told_to_bundle_nothing_itself(tmp_path: Path, version: str) -> None:
    emitted(project(tmp_path, f"{THEIRS}frameworkVersion: '{version}'\n"), "serverless")
    assert document(tmp_path)["build"] == {"esbuild": False}
    text = (tmp_path / "serverless.yml").read_text()
    assert emitted(tmp_path, "serverless") == {"serverless.yml": text}
    assert plugin_files(tmp_path)["serverless.yml"].startswith(text.rstrip()), "the plugin needs nothing more"


def test_the_version_package_json_installs_counts_where_the_file_names_none(tmp_path: Path) -> None:
    files = {"api.js": NODE_HANDLER, "packager.yaml": PACKAGER}
    node_project(tmp_path, files, devDependencies={"serverless": "^4.4.0"})
    emitted(tmp_path, "serverless")
    assert document(tmp_path)["build"] == {"esbuild": False}
    (tmp_path / "serverless.yml").write_text(THEIRS)
    assert "esbuild: false" in plugin_files(tmp_path)["serverless.yml"]


def test_an_esbuild_of_the_users_is_refused_with_a_diff(tmp_path: Path) -> None:
    project(tmp_path, THEIRS + "frameworkVersion: '4'\nbuild: {esbuild: {bundle: true}}\n")
    with pytest.raises(ConfigError, match=r"\+build\.esbuild: false"):
        emitted(tmp_path, "serverless")
    with pytest.raises(ConfigError, match=r"\+build\.esbuild: false"):
        plugin_files(tmp_path)


def test_version_3_gets_no_key_it_does_not_know(tmp_path: Path) -> None:
    emitted(project(tmp_path, THEIRS + "frameworkVersion: '3'\n"), "serverless")
    assert "build" not in document(tmp_path)


@pytest.mark.parametrize(
    ("text", "where", "hint"),
    [
        ("service: s\nfunctions: ${file(functions.yml)}\n", "functions", "--plugin"),
        ("service: s\nfunctions:\n- ${file(a.yml)}\n", "functions", "--plugin"),
        ("service: s\nfunctions:\n\tapi: {}\n", "line 3", "YAML allows no tabs"),
        ("service: s\nservice: t\n", "line 2", ""),
    ],
    ids=["variable", "list", "tab", "double"],
)
def test_what_cannot_be_patched_is_refused(tmp_path: Path, text: str, where: str, hint: str) -> None:
    project(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        emitted(tmp_path, "serverless")
    assert where in caught.value.where
    assert hint in caught.value.fix
    assert (tmp_path / "serverless.yml").read_text() == text


def test_the_plugin_is_added_to_the_list_once(tmp_path: Path) -> None:
    text = THEIRS.replace("custom:", "plugins:\n  - serverless-offline # local\ncustom:")
    project(tmp_path, text)
    files = plugin_files(tmp_path)
    assert yaml.safe_load(files["serverless.yml"])["plugins"] == ["serverless-offline", "./serverless-packager.cjs"]
    assert "# local" in files["serverless.yml"]
    (tmp_path / "serverless.yml").write_text(files["serverless.yml"])
    (tmp_path / "serverless-packager.cjs").write_text(files["serverless-packager.cjs"])
    assert plugin_files(tmp_path) == files


def test_an_edited_plugin_is_not_overwritten(tmp_path: Path) -> None:
    project(tmp_path, THEIRS)
    (tmp_path / "serverless-packager.cjs").write_text("// mine\n")
    with pytest.raises(ConfigError, match="-// mine"):
        plugin_files(tmp_path)
    assert "class PackagerPlugin" in plugin_files(tmp_path, force=True)["serverless-packager.cjs"]
