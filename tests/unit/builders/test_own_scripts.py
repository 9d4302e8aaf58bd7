"""The project's own install scripts on a machine unlike the target's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from packager.builders.invocations import invocations_for
from packager.core.errors import ConfigError
from tests.support.jobs import make_job, write_project

if TYPE_CHECKING:
    from pathlib import Path

LOCK = {"lockfileVersion": 3, "packages": {"": {"name": "a"}}}


def lines(root: Path, scripts: dict[str, str], *, run_scripts: bool = False, **job: Any) -> list[tuple[str, str]]:
    """Return (purpose, own line) of the commands of a project with these scripts."""
    write_project(root, {"package-lock.json": LOCK, "package.json": {"name": "a", "scripts": scripts}})
    made = make_job(root, manager="npm", lock_file="package-lock.json", arch="arm64", **job)
    return [(one.purpose, one.line) for one in invocations_for(made, run_scripts=run_scripts)]


@pytest.mark.parametrize(
    "script",
    [
        "node patch.js",
        "patch-package",
        "npx patch-package --error-on-fail",
        "prisma generate",
        "NODE_ENV=production node ./scripts/x.mjs && echo done",
        "node -e \"require('fs').writeFileSync('x', '1')\"",
        "npm run build",
        "run-s build patch",
        "husky install || true",
        "./scripts/fix.js",
        "mkdir -p x && cp a b",
    ],
)
def test_javascript_is_run_after_the_packages(tmp_path: Path, script: str) -> None:
    scripts = {"build": "tsc", "patch": "patch-package", "postinstall": script}
    assert lines(tmp_path, scripts) == [("install", ""), ("install", script), ("prune", "")]


@pytest.mark.parametrize(
    "script",
    [
        "node-gyp rebuild",
        "make",
        "sh build.sh",
        "./build.sh",
        "node x.js && cargo build --release",
        "curl -O https://example.com/x",
        "npm rebuild",
        "npm --prefix client ci",
        "npm run native",
        "yarn native",
        "CC=clang make -j4",
        "node node_modules/.bin/node-gyp rebuild",
    ],
)
def test_what_may_build_for_this_machine_is_refused_by_name(tmp_path: Path, script: str) -> None:
    with pytest.raises(ConfigError, match="which is not arm64 glibc") as caught:
        lines(tmp_path, {"native": "cd addon && cmake .", "postinstall": script})
    assert caught.value.where == "package.json: scripts.postinstall"
    assert "--builder docker" in caught.value.fix


def test_the_order_is_that_of_an_install(tmp_path: Path) -> None:
    scripts = {name: f"node {name}.js" for name in ("postinstall", "install", "preinstall", "prepare", "test")}
    assert [line for _, line in lines(tmp_path, scripts)] == [
        "node preinstall.js",
        "",
        "node install.js",
        "node postinstall.js",
        "",
    ]


def test_on_a_machine_like_the_target_the_package_manager_runs_them(tmp_path: Path) -> None:
    assert lines(tmp_path, {"postinstall": "make"}, run_scripts=True) == [("install", ""), ("prune", "")]


def test_what_its_author_does_without_is_left_out(tmp_path: Path) -> None:
    assert lines(tmp_path, {"install": "node-gyp rebuild || exit 0"}) == [("install", ""), ("prune", "")]


def test_an_addon_of_the_projects_own_is_compiled_by_no_script_that_is_written_down(tmp_path: Path) -> None:
    write_project(tmp_path, {"binding.gyp": "{}"})
    with pytest.raises(ConfigError, match="node-gyp"):
        lines(tmp_path, {})


def test_what_is_generated_anyway_is_not_generated_twice(tmp_path: Path) -> None:
    found = lines(tmp_path, {"postinstall": "prisma generate"}, generate=("prisma generate",))
    assert [purpose for purpose, _ in found] == ["install", "generate", "prune"]
