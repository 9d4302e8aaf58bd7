"""``packager init`` writes what ``packager build`` reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import yaml

from packager.project.config import parse_project
from packager.project.scaffold import config_text
from tests.support.trees import lock_json, package_json, write_tree

if TYPE_CHECKING:
    from pathlib import Path

PRISMA = {"name": "shop", "version": "1.0.0", "dependencies": {"@prisma/client": "7.1.0", "prisma": "7.1.0"}}


def prisma_project(root: Path) -> Path:
    lock = lock_json(PRISMA, {"@prisma/client": "7.1.0", "prisma": "7.1.0"})
    files = {"package.json": package_json("shop", dependencies=PRISMA["dependencies"]), "package-lock.json": lock}
    return write_tree(root, {**files, "src/handler.js": "exports.handler = 1"})


def test_a_plain_project(tmp_path: Path) -> None:
    write_tree(tmp_path, {"package.json": package_json("api"), "index.js": "exports.handler = 1"})

    project = parse_project(yaml.safe_load(config_text(tmp_path)), tmp_path)

    (spec,) = project.bundles
    assert (spec.name, spec.target, spec.runtime, spec.handler) == ("api", "aws-lambda", "nodejs22.x", "index.handler")
    assert project.generate.command is None


def test_prisma_becomes_a_layer_and_a_generator(tmp_path: Path) -> None:
    prisma_project(tmp_path)

    project = parse_project(yaml.safe_load(config_text(tmp_path)), tmp_path)

    layer, function = project.bundles
    assert (layer.target, layer.recipe) == ("aws-lambda-layer", "prisma-client")
    assert function.layers == (layer.name,)
    assert project.generate.command == ("npx --no-install prisma generate",)


@pytest.mark.parametrize("name", ["prisma", "yes", "1.0", "null", "0x1f"])
def test_names_that_yaml_would_misread_or_that_are_taken(tmp_path: Path, name: str) -> None:
    write_tree(prisma_project(tmp_path), {"package.json": package_json(name, dependencies=PRISMA["dependencies"])})

    project = parse_project(yaml.safe_load(config_text(tmp_path)), tmp_path)

    assert len(project.bundles) == 2
    assert project.bundles[1].name.startswith(name)


@pytest.mark.parametrize(("file", "runtime"), [("requirements.txt", "python3.13"), ("bootstrap", "provided.al2023")])
def test_other_languages(tmp_path: Path, file: str, runtime: str) -> None:
    write_tree(tmp_path / "app", {file: ""})

    project = parse_project(yaml.safe_load(config_text(tmp_path / "app")), tmp_path)

    assert project.bundles[0].runtime == runtime
