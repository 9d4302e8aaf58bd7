"""Small projects and their plans: what emitters and providers are given, made the way a build makes it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from packager.catalog.current import load_catalog
from packager.delivery.emitting import emit_for
from packager.model.machine import Machine
from packager.model.options import BuildOptions
from packager.planning.planner import make_plan
from packager.project.loading import load_project
from tests.support.trees import lock_json, write_tree

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from packager.model.plan import Plan

NODE_HANDLER = "exports.handler = async () => ({ statusCode: 200 })\n"
NODE_MODULE = "module.exports = (request, response) => response.end('hello')\n"


def node_project(root: Path, files: Mapping[str, str], **package: object) -> Path:
    """Write a project with package.json and a lock file that agrees with it."""
    fields = {"dependencies": {}, **package}
    dependencies = fields["dependencies"]
    assert isinstance(dependencies, dict)
    described = {"name": "app", "version": "1.0.0", **fields}
    return write_tree(
        root,
        {
            "package.json": json.dumps(described),
            "package-lock.json": lock_json(described, dict.fromkeys(dependencies, "1.0.0")),
            **files,
        },
    )


def plan_of(root: Path, target: str = "") -> Plan:
    """Return the plan of a project for the local builder: no engine is asked."""
    return make_plan(load_project(root, target), load_catalog(), Machine(), BuildOptions(builder="local"))


def emitted(root: Path, name: str, *, force: bool = False, write: bool = True) -> dict[str, str]:
    """Return what ``packager emit`` gives, and put it into the project as the command does."""
    files = emit_for(name, plan_of(root), "dist", force=force)
    if write:
        write_tree(root, files)
    return files
