"""Emitted configurations before the tools that read them: SAM, cfn-lint, Terraform's grammar, the CDK's compiler."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from tests.support.acceptance.aws_lambda import PYPI, QUIET, validate
from tests.support.cli import packager
from tests.support.hosts import npm_tool, python_tools, run
from tests.support.projects import NODE_HANDLER, node_project

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.network, pytest.mark.heavy]
PACKAGER = """\
bundles:
  engine: {target: aws-lambda-layer, recipe: prisma-client, runtime: nodejs22.x, arch: arm64}
  api: {target: aws-lambda, runtime: nodejs22.x, arch: arm64, handler: api.handler, layers: [engine],
        environment: {DATABASE_URL: "file:/tmp/a.db"}}
"""


@pytest.fixture(scope="module")
def tools() -> Path:
    """Return the bin folder of an environment with the tools of PyPI."""
    return python_tools(*PYPI)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a project of a function and a layer, with zips where a build leaves them."""
    files = {"api.js": NODE_HANDLER, "packager.yaml": PACKAGER}
    root = node_project(tmp_path / "project", files, dependencies={"@prisma/client": "1.0.0"})
    (root / "dist").mkdir()
    for name in ("api", "engine"):
        # The tools look whether the files are there, and the CDK takes their bytes for assets.
        source = root / "source"
        source.mkdir(exist_ok=True)
        (source / "index.js").write_text(name)
        packed = packager("pack", source, "-o", root / "dist" / f"{name}.zip")
        assert packed.code == 0, packed.stderr
    return root


def emitted(root: Path, name: str) -> None:
    """Run ``packager emit`` twice: the second time says that nothing is to be done."""
    assert packager("emit", name, root).code == 0
    again = packager("emit", name, root, "--json")
    assert again.json()["changed"] == []


def test_sam_and_cfn_lint_accept_the_template(project: Path) -> None:
    emitted(project, "sam")
    validate(project)


def test_sam_build_leaves_the_prebuilt_zips_alone(project: Path, tools: Path) -> None:
    emitted(project, "sam")
    before = (project / "dist/api.zip").read_bytes()
    run([str(tools / "sam"), "build"], project, QUIET)
    text = (project / ".aws-sam/build/template.yaml").read_text()
    assert "CodeUri: ../../dist/api.zip" in text
    assert "ContentUri: ../../dist/engine.zip" in text
    assert (project / "dist/api.zip").read_bytes() == before


def test_every_terraform_expression_parses(project: Path, tools: Path) -> None:
    emitted(project, "terraform")
    document = json.loads((project / "packager.tf.json").read_text())
    expressions = re.findall(r"\"(\$\{(?:[^\"\\]|\\.)*\})\"|\$\{[^}]*\}", json.dumps(document))
    texts = [json.loads(f'"{text}"') for text in expressions if text]
    assert len(texts) >= 4
    source = "".join(f"x{index} = {text[2:-1]}\n" for index, text in enumerate(texts))
    script = "import hcl2, sys; print(len(hcl2.loads(sys.argv[1])))"
    run([str(tools / "python"), "-c", script, source], project)


def test_the_cdk_compiles_and_synthesises_our_zips(project: Path) -> None:
    emitted(project, "cdk")
    tool = npm_tool("aws-cdk-lib@2.180.0", "constructs@10.4.2", "typescript@5.7.3", "@types/node@22.10.0")
    (project / "node_modules").symlink_to(tool / "node_modules")
    options = ["--strict", "--module", "commonjs", "--target", "es2022", "--skipLibCheck", "--types", "node"]
    run([str(tool / "node_modules/.bin/tsc"), *options, "packager-cdk.ts"], project)
    script = """
const { App, Stack } = require('aws-cdk-lib')
const { addPackagerFunctions } = require('./packager-cdk.js')
const app = new App({ outdir: 'cdk.out' })
const { functions } = addPackagerFunctions(new Stack(app, 'Shop'), { api: { DATABASE_URL: 'x' } })
console.log(Object.keys(functions).join())
app.synth()
"""
    done = run(["node", "-e", script], project)
    assert done.stdout.strip().splitlines()[-1] == "api"
    assert {path.read_bytes() for path in (project / "cdk.out").glob("asset.*.zip")} == {
        (project / "dist" / name).read_bytes() for name in ("api.zip", "engine.zip")
    }
    resources = json.loads((project / "cdk.out/Shop.template.json").read_text())["Resources"].values()
    (function,) = [item["Properties"] for item in resources if item["Type"] == "AWS::Lambda::Function"]
    assert (function["Runtime"], function["Architectures"], len(function["Layers"])) == ("nodejs22.x", ["arm64"], 1)
