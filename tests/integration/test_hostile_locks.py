"""A project of a stranger, built on the real command line: its lock file removes nothing but what lies in its tree."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.support.cli import packager
from tests.support.trees import package_json, snapshot, write_tree

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.network
"""What does not refuse such a lock runs npm with it."""


@pytest.mark.parametrize("spelling", ["climbing", "absolute"])
@pytest.mark.parametrize("version", [1, 3])
def test_a_key_that_leads_to_a_folder_elsewhere_is_refused_and_the_folder_stays(
    tmp_path: Path, spelling: str, version: int
) -> None:
    victim = write_tree(tmp_path / "victim/node_modules/y", {"kept.txt": "kept"})
    key = f"node_modules/{'../' * 30}{str(victim).lstrip('/')}" if spelling == "climbing" else str(victim)
    entry = {"version": "1.0.0", "dev": True}
    inner = {"dependencies": {key.removeprefix("node_modules/"): entry}} if version == 1 else {
        "packages": {"": {"name": "app", "version": "1.0.0"}, key: entry}
    }  # fmt: skip
    app = write_tree(
        tmp_path / "app",
        {
            "package.json": package_json("app"),
            "package-lock.json": json.dumps({"name": "app", "lockfileVersion": version, "requires": True, **inner}),
            "index.js": "exports.handler = async () => 1\n",
        },
    )
    before = snapshot(tmp_path)

    ran = packager("build", app, "--builder", "host", "--no-prove", TMPDIR=str(tmp_path))

    assert ran.code == 3, ran.stdout + ran.stderr
    assert "package-lock.json: " in ran.stderr
    assert "folder inside the project" in ran.stderr
    assert snapshot(tmp_path) == before
