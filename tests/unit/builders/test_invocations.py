"""The commands of a job, and what the two of our own do to a tree."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from packager.builders.invocations import fill, invocations_for
from packager.catalog.current import load_catalog
from packager.model.builds import PYTHON_PACKAGES_DIR
from tests.support.jobs import make_job, write_project

if TYPE_CHECKING:
    from pathlib import Path

    from packager.model.builds import Invocation

needs_node = pytest.mark.skipif(shutil.which("node") is None, reason="our own scripts are JavaScript")
LOCK: dict[str, Any] = {
    "lockfileVersion": 3,
    "packages": {"": {"devDependencies": {"cli": "1"}}, "node_modules/cli": {"dev": True}},
}


def npm_job(root: Path, **changes: Any) -> tuple[Invocation, ...]:
    write_project(root, {"package-lock.json": LOCK})
    scripts = changes.pop("run_scripts", True)
    return invocations_for(make_job(root, manager="npm", lock_file="package-lock.json", **changes), run_scripts=scripts)


def test_npm_installs_for_the_target_generates_and_prunes(tmp_path: Path) -> None:
    environment = (("ENGINE", "{any_file}"),)
    install, generate, prune = npm_job(tmp_path, generate=("prisma generate && echo x",), environment=environment)
    assert install.argv[:5] == ("npm", "ci", "--os=linux", "--cpu=x64", "--libc=glibc")
    assert "--include=dev" in install.argv
    assert "--ignore-scripts" not in install.argv
    assert generate.argv[:2] == ("sh", "-c")
    assert generate.argv[2].endswith("; prisma generate && echo x")
    assert ("ENGINE", "{any_file}") in generate.environment
    assert [one.purpose for one in (install, generate, prune)] == ["install", "generate", "prune"]
    assert prune.argv[-1] == "node_modules/cli"


def test_another_architecture_and_libc_are_asked_of_every_tool(tmp_path: Path) -> None:
    install = npm_job(tmp_path, arch="arm64", libc="musl", run_scripts=False)[0]
    assert {"--cpu=arm64", "--libc=musl", "--ignore-scripts"} <= set(install.argv)
    environment = dict(install.environment)
    assert environment["npm_config_arch"] == environment["npm_config_target_arch"] == "arm64"
    assert environment["npm_config_target_libc"] == "musl"


def test_pnpm_leaves_no_links(tmp_path: Path) -> None:
    write_project(tmp_path, {"pnpm-lock.yaml": "lockfileVersion: '9.0'\npackages: {a@1.0.0: {}}\n"})
    install, prune = invocations_for(make_job(tmp_path, manager="pnpm", lock_file="pnpm-lock.yaml"))
    assert {"--frozen-lockfile", "--config.node-linker=hoisted", "--libc=glibc"} <= set(install.argv)
    assert prune.argv[-1] == "a@1.0.0"


def test_nothing_to_install_leaves_only_the_generate_lines(tmp_path: Path) -> None:
    assert invocations_for(make_job(tmp_path)) == ()
    assert [one.purpose for one in invocations_for(make_job(tmp_path, language="provided", generate=("make",)))] == [
        "generate"
    ]


def pip_platforms(argv: tuple[str, ...]) -> list[str]:
    return [value for option, value in pairwise(argv) if option == "--platform"]


@pytest.mark.parametrize(
    ("platform", "arch", "first", "last", "absent"),
    [
        ("amazonlinux2023", "x86_64", "manylinux_2_34_x86_64", "manylinux1_x86_64", "manylinux_2_35_x86_64"),
        ("amazonlinux2", "x86_64", "manylinux_2_26_x86_64", "manylinux1_x86_64", "manylinux_2_28_x86_64"),
        ("amazonlinux2023", "arm64", "manylinux_2_34_aarch64", "manylinux2014_aarch64", "manylinux1_aarch64"),
    ],
)
def test_pip_takes_wheels_the_target_can_load(
    tmp_path: Path, platform: str, arch: str, first: str, last: str, absent: str
) -> None:
    job = make_job(
        tmp_path,
        manager="pip",
        language="python",
        language_version="3.12",
        lock_file="requirements.txt",
        platform=load_catalog().platforms[platform],
        arch=arch,
    )
    install, _ = invocations_for(job)
    tags = pip_platforms(install.argv)
    assert (tags[0], tags[-1]) == (first, last)
    assert absent not in tags
    assert "--only-binary=:all:" in install.argv
    assert install.argv[install.argv.index("--python-version") + 1] == "3.12"


def test_in_an_image_with_the_targets_own_python_that_one_chooses(tmp_path: Path) -> None:
    job = make_job(
        tmp_path, builder="docker", manager="pip", language="python", language_version="3.12", lock_file="r.txt"
    )
    script = invocations_for(job)[1].argv[2]
    assert script.startswith("if python3.12 -I -B -c ")
    assert "--only-binary=:all:" in script.partition("; else ")[2]


@pytest.mark.parametrize("has_own", [True, False])
def test_either_python_of_an_image_is_started_without_the_project(tmp_path: Path, has_own: bool) -> None:
    """A script in the place of each Python writes down how it was called; the shell is a real one."""
    job = make_job(
        tmp_path, builder="docker", manager="pip", language="python", language_version="3.12", lock_file="r.txt"
    )
    says = f'#!/bin/sh\necho "$0" "$@" >> \'{tmp_path}/calls\'\n'
    tools = write_project(tmp_path / "tools", {"python3": says, "python3.12": says + f"exit {int(not has_own)}\n"})
    for tool in tools.iterdir():
        tool.chmod(0o755)
    for one in invocations_for(job)[1:]:
        subprocess.run(one.argv, env={"PATH": f"{tools}:{os.defpath}"}, cwd=tmp_path, check=True)
    calls = (tmp_path / "calls").read_text().split(f"{tools}/")[1:]
    assert [call.split(" ")[0] for call in calls] == (
        ["python3.12", "python3.12", "python3"] if has_own else ["python3.12", "python3", "python3"]
    )
    assert all(call.split(" ")[1] == "-I" for call in calls)
    assert ("--only-binary=:all:" in calls[1]) is not has_own


def test_pip_scripts_and_records_do_not_name_the_python_that_made_them(tmp_path: Path) -> None:
    long_path = "#!/bin/sh\n'''exec' \"/a long/path/bin/python3\" \"$0\" \"$@\"\n' '''\nimport a\n"
    write_project(
        tmp_path / PYTHON_PACKAGES_DIR,
        {
            "bin/tool": "#!/tmp/venv/bin/python3.11\nimport a\n",
            "bin/long": long_path,
            "bin/shell": "#!/bin/sh\necho\n",
            "a-1.dist-info/RECORD": "../../bin/tool,sha256=abc,12\r\na/bin/x.py,sha256=def,3\r\n",
        },
    )
    job = make_job(tmp_path, manager="pip", language="python", language_version="3.12", lock_file="r.txt")
    tidy = invocations_for(job)[1]
    subprocess.run([sys.executable, *tidy.argv[1:]], cwd=tmp_path, check=True)
    root = tmp_path / PYTHON_PACKAGES_DIR
    assert (root / "bin/tool").read_text() == (root / "bin/long").read_text() == "#!/usr/bin/env python3\nimport a\n"
    assert (root / "bin/shell").read_text() == "#!/bin/sh\necho\n"
    assert (root / "a-1.dist-info/RECORD").read_bytes() == b"../../bin/tool,,\r\na/bin/x.py,sha256=def,3\r\n"


def test_fill_names_an_existing_file() -> None:
    assert fill([("A", "{any_file}"), ("B", "x")], "/bin/true") == {"A": "/bin/true", "B": "x"}


def test_a_tree_to_join_code_from_keeps_development_packages(tmp_path: Path) -> None:
    *_, prune = npm_job(tmp_path, development=True)
    assert prune.purpose == "prune"
    assert prune.argv[-1] == "--"


def run_prune(prune: Invocation, paths: tuple[str, ...], tree: Path, *, old_node: bool) -> str:
    """Run a prune script in a tree with other arguments than ours, and return what it says."""
    *command, _ = prune.argv
    command = command[: command.index("--")]
    if old_node:
        # Node 12 and 13 have no fs.rmSync; their rmdirSync removes folders with something in them only when asked to.
        (tree.parent / "old.cjs").write_text("delete require('fs').rmSync;")
        command[1:1] = ["--require", str(tree.parent / "old.cjs")]
    done = subprocess.run([*command, "--", *paths], cwd=tree, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stderr


def package(name: str) -> dict[str, Any]:
    return {"name": name, "version": "1.0.0"}


def files_of(root: Path) -> set[str]:
    return {path.relative_to(root).as_posix() for path in root.rglob("*") if not path.is_dir() or path.is_symlink()}


@needs_node
@pytest.mark.parametrize("old_node", [False, True])
def test_pruning_by_path_removes_nothing_outside_the_tree(tmp_path: Path, old_node: bool) -> None:
    prune = npm_job(tmp_path / "project")[-1]
    outside = write_project(
        tmp_path / "victim",
        {"a.txt": "", "node_modules/y/package.json": package("y"), "node_modules/@z/.keep": "", ".bin/x": ""},
    )
    (outside / "node_modules/.bin").mkdir()
    (outside / "node_modules/.bin/gone").symlink_to("nowhere")
    tree = write_project(
        tmp_path / "tree",
        {"node_modules/cli/package.json": package("cli"), "node_modules/.package-lock.json": {}, "index.js": ""},
    )
    (tree / "node_modules/linked").symlink_to(outside)
    (tree / "node_modules/@scope").symlink_to(outside / "node_modules")
    (tree / "node_modules/.bin").symlink_to(outside / "node_modules/.bin")
    (tree / "apps").symlink_to(outside)
    before = files_of(outside)

    said = run_prune(
        prune,
        (
            "node_modules/cli",
            "node_modules/linked/node_modules/y",
            "node_modules/../../victim",
            str(outside / "node_modules/y"),
            "apps/node_modules/y",
            "..",
            "node_modules/@scope/y",
        ),
        tree,
        old_node=old_node,
    )

    assert files_of(outside) == before
    assert files_of(tree) == {"index.js", "apps", "node_modules/linked", "node_modules/@scope", "node_modules/.bin"}
    assert "outside the project, left as it is: node_modules/../../victim" in said


@needs_node
def test_pruning_removes_a_link_and_not_what_it_leads_to(tmp_path: Path) -> None:
    prune = npm_job(tmp_path / "project")[-1]
    outside = write_project(tmp_path / "victim", {"a.txt": ""})
    tree = write_project(tmp_path / "tree", {"node_modules/.keep": "", "packages/a/index.js": ""})
    (tree / "node_modules/cli").symlink_to(outside)
    (tree / "node_modules/a").symlink_to("../packages/a")

    run_prune(prune, ("node_modules/cli", "node_modules/a"), tree, old_node=False)

    assert files_of(tree) == {"node_modules/.keep", "packages/a/index.js"}
    assert files_of(outside) == {"a.txt"}


@needs_node
@pytest.mark.parametrize("old_node", [False, True])
def test_a_linked_node_modules_is_left_alone(tmp_path: Path, old_node: bool) -> None:
    prune = npm_job(tmp_path / "project")[-1]
    outside = write_project(tmp_path / "victim", {".package-lock.json": {}, ".cache/x": "", "cli/package.json": {}})
    tree = write_project(tmp_path / "tree", {"index.js": ""})
    (tree / "node_modules").symlink_to(outside)

    run_prune(prune, ("node_modules/cli",), tree, old_node=old_node)

    assert files_of(outside) == {".package-lock.json", ".cache/x", "cli/package.json"}


@needs_node
@pytest.mark.parametrize("old_node", [False, True])
def test_pruning_by_name_follows_links_inside_the_tree_only(tmp_path: Path, old_node: bool) -> None:
    write_project(tmp_path / "project", {"pnpm-lock.yaml": "lockfileVersion: '9.0'\npackages: {cli@1.0.0: {}}\n"})
    prune = invocations_for(make_job(tmp_path / "project", manager="pnpm", lock_file="pnpm-lock.yaml"))[-1]
    inner = {"package.json": package("w"), "node_modules/cli/package.json": package("cli"), "w.js": ""}
    outside = write_project(tmp_path / "victim", {**inner, "@s/cli/package.json": package("cli")})
    tree = write_project(
        tmp_path / "tree",
        {
            "node_modules/cli/package.json": package("cli"),
            "node_modules/kept/package.json": package("kept"),
            "node_modules/@x/cli/package.json": package("cli"),
            **{f"packages/w/{name}": text for name, text in inner.items()},
        },
    )
    (tree / "node_modules/w").symlink_to("../packages/w")
    (tree / "packages/w/node_modules/w").symlink_to("..")
    (tree / "node_modules/outer").symlink_to(outside)
    (tree / "node_modules/@outer").symlink_to(outside / "@s")
    before = files_of(outside)

    run_prune(prune, ("cli@1.0.0",), tree, old_node=old_node)

    assert files_of(outside) == before
    assert files_of(tree) == {
        "node_modules/kept/package.json",
        "node_modules/w",
        "node_modules/outer",
        "node_modules/@outer",
        "packages/w/package.json",
        "packages/w/w.js",
        "packages/w/node_modules/w",
    }
