"""Each file of a tree is kept or dropped, by the first rule that speaks, with a reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from packager.inventory.tree import scan_tree
from packager.model.generators import Engine, EngineRule
from packager.select.trim.rules import Settled
from tests.support.elfs import write_elf
from tests.support.fakes import make_bundle, make_job
from tests.support.stages import ruled
from tests.support.trees import Content, package_json, write_tree

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from packager.model.plan import Bundle
    from packager.model.selection import Selection

ROOT = {"package.json": package_json(dependencies={"a": "1"})}
A = {
    "node_modules/a/package.json": package_json("a", dependencies={"b": "1"}),
    "node_modules/a/index.js": "",
    "node_modules/b/package.json": package_json("b"),
    "node_modules/b/index.js": "",
}
DEV = {"node_modules/dev/package.json": package_json("dev"), "node_modules/dev/cli.js": ""}


@pytest.fixture
def choose(tmp_path: Path) -> Chooser:
    """Return a function that trims a tree of these files."""
    return Chooser(tmp_path)


class Chooser:
    """Trims trees made of dicts."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(
        self, files: Mapping[str, Content], bundle: Bundle | None = None, provided: Mapping[str, str] | None = None
    ) -> Selection:
        """Return the selection."""
        write_tree(self.folder, files)
        inventory, graph = scan_tree(self.folder, {})
        settled = Settled(provided=provided or {})
        return ruled(inventory, graph, bundle or make_bundle(), settled, python_packages=".packager-python")

    def rules(self, files: Mapping[str, Content], bundle: Bundle | None = None) -> dict[str, str]:
        """Return path → "+rule" or "-rule"."""
        selection = self({**ROOT, **files}, bundle)
        return {c.file.path: ("+" if c.kept else "-") + c.rule for c in selection.choices if c.file.path in files}


def test_production_dependencies_stay_and_say_how_they_came_in(choose: Chooser) -> None:
    selection = choose({**ROOT, **A, **DEV})

    reasons = {choice.file.path: choice.reason for choice in selection.kept}
    assert reasons["node_modules/b/index.js"] == "a > b"
    assert reasons["node_modules/a/index.js"] == "a"
    assert [choice.rule for choice in selection.why("node_modules/dev")] == ["unreachable", "unreachable"]


def test_what_no_run_needs(choose: Chooser) -> None:
    files = {
        ".git/HEAD": "", ".gitignore": "", "src/.DS_Store": "", "node_modules/.bin/x": "", "node_modules/.cache/x": "",
        "node_modules/.package-lock.json": "", "npm-debug.log.1": "", "src/__pycache__/a.pyc": "", "engine.tmp1234": "",
        "node_modules/a/.git/HEAD": "", ".vscode/settings.json": "",
    }  # fmt: skip

    assert set(choose.rules({**files, **A}).items()) >= {(path, "-leftover") for path in files}


def test_what_only_building_needs_at_the_top_only(choose: Chooser) -> None:
    built = ("package-lock.json", "packager.yaml", "tsconfig.json", "Dockerfile", "README.md", "serverless.yml")
    deep = ("src/Dockerfile", "src/README.md")

    rules = choose.rules(dict.fromkeys((*built, *deep), ""))

    assert rules == {**dict.fromkeys(built, "-build-file"), **dict.fromkeys(deep, "+project")}


def test_include_patterns_are_about_the_projects_own_files(choose: Chooser) -> None:
    bundle = make_bundle(include=("src/**", "!**/*.test.js"))

    rules = choose.rules({"src/a.js": "", "src/a.test.js": "", "lib/b.js": "", **A}, bundle)

    assert rules["src/a.js"] == "+include"
    assert rules["src/a.test.js"] == "-include"
    assert rules["lib/b.js"] == "-include"
    assert rules["node_modules/a/index.js"] == "+dependency"


def test_package_json_stays_although_no_pattern_names_it(choose: Chooser) -> None:
    selection = choose(ROOT, make_bundle(include=("src/**",)))
    assert selection.choices[0].kept

    selection = choose(ROOT, make_bundle(include=("!package.json",)))
    assert not selection.choices[0].kept


def test_an_exclusion_reaches_into_packages_and_so_does_a_pattern_that_names_them(choose: Chooser) -> None:
    files = {**A, **DEV, "node_modules/a/docs/x.md": ""}

    rules = choose.rules(files, make_bundle(include=("!**/*.md", "node_modules/dev/**")))

    assert rules["node_modules/a/docs/x.md"] == "-include"
    assert rules["node_modules/dev/cli.js"] == "+include"
    assert rules["node_modules/a/index.js"] == "+dependency"


@pytest.mark.parametrize("wider", ["**", "*", "**/*"])
def test_a_wider_pattern_after_a_narrow_one_takes_nothing_back(choose: Chooser, wider: str) -> None:
    named = ("README.md", "config.pem", "node_modules/dev/**")
    files = {"README.md": "", "config.pem": "", **A, **DEV}

    rules = choose.rules(files, make_bundle(include=(*named, wider)))

    assert {path: rules[path] for path in ("README.md", "config.pem", "node_modules/dev/cli.js")} == {
        "README.md": "+include",
        "config.pem": "+secret",
        "node_modules/dev/cli.js": "+include",
    }


def test_secrets_stay_out_of_layers_even_if_named(choose: Chooser) -> None:
    layer = make_bundle(target="aws-lambda-layer", packages=("a",), include=(".npmrc",))

    assert choose.rules({".npmrc": "", **A}, layer)[".npmrc"] == "-secret"
    assert choose.rules({".npmrc": "", **A}, make_bundle(include=(".npmrc",)))[".npmrc"] == "+secret"


def test_a_layer_carries_its_packages_with_all_they_need(choose: Chooser) -> None:
    files = {**A, "node_modules/c/package.json": package_json("c"), "node_modules/c/c.js": "", "src/x.js": ""}
    root = {"package.json": package_json(dependencies={"a": "1", "c": "1"})}

    selection = choose({**root, **files}, make_bundle(target="aws-lambda-layer", packages=("a",)))

    assert {choice.file.path for choice in selection.kept} == set(A)


def test_what_a_layer_beneath_carries_is_left_out_whole(choose: Chooser) -> None:
    selection = choose({**ROOT, **A}, provided={"node_modules/b": "base"})

    assert {c.file.path for c in selection.dropped if c.rule == "layer"} == {
        "node_modules/b/index.js",
        "node_modules/b/package.json",
    }


def test_build_only_packages_go_with_all_that_only_they_need(choose: Chooser) -> None:
    engine = Engine("e", "E", ("a",), "", build_only=("a",))
    bundle = make_bundle(job=make_job(engines=(engine,)))

    assert {rule for path, rule in choose.rules(A, bundle).items()} == {"-unreachable"}


def test_an_engines_rules_are_about_its_own_package(choose: Chooser) -> None:
    rule = EngineRule("a", drop=("**/*.dat", "docs"), keep=("keep.dat",), reason="data")
    engine = Engine("e", "E", ("a",), "", rules=(rule,))
    bundle = make_bundle(job=make_job(engines=(engine,)))
    files = {
        **A,
        "node_modules/a/x.dat": "",
        "node_modules/a/keep.dat": "",
        "node_modules/b/y.dat": "",
        "src/z.dat": "",
    }

    rules = choose.rules(files, bundle)

    assert rules["node_modules/a/x.dat"] == "-engine:e"
    assert rules["node_modules/a/keep.dat"] == rules["node_modules/b/y.dat"] == "+dependency"
    assert rules["src/z.dat"] == "+project"


def test_foreign_binaries_go_where_the_targets_own_is_packed_too(choose: Chooser) -> None:
    ours, theirs = write_elf(needed=("libc.so.6",)), write_elf(machine=183, needed=("libc.so.6",))
    files: dict[str, Content] = {
        **A,
        "node_modules/a/prebuilds/linux-x64/a.node": ours,
        "node_modules/a/prebuilds/linux-arm64/a.node": theirs,
    }

    rules = choose.rules(files)

    assert rules["node_modules/a/prebuilds/linux-x64/a.node"] == "+dependency"
    assert rules["node_modules/a/prebuilds/linux-arm64/a.node"] == "-platform"


def test_a_twin_that_is_not_packed_justifies_nothing(choose: Chooser) -> None:
    files: dict[str, Content] = {
        **A,
        **DEV,
        "node_modules/dev/prebuilds/linux-x64/a.node": write_elf(),
        "node_modules/a/prebuilds/linux-arm64/a.node": write_elf(machine=183),
    }

    assert choose.rules(files)["node_modules/a/prebuilds/linux-arm64/a.node"] == "+dependency"


def test_python_packages_are_kept_with_their_certificates(choose: Chooser) -> None:
    """grpc and others read roots.pem at run time; pip's packages have no folder that tells them from the project."""
    files = {
        ".packager-python/grpc/_credentials/roots.pem": "", ".packager-python/numpy/__init__.py": "",
        ".packager-python/numpy/__pycache__/x.pyc": "", ".packager-python/x/.pypirc": "", "key.pem": "",
    }  # fmt: skip

    rules = choose.rules(files, make_bundle(runtime="python3.12"))

    assert rules == {
        ".packager-python/grpc/_credentials/roots.pem": "+dependency",
        ".packager-python/numpy/__init__.py": "+dependency",
        ".packager-python/numpy/__pycache__/x.pyc": "-leftover",
        ".packager-python/x/.pypirc": "-secret",
        "key.pem": "-secret",
    }


def test_savings_are_counted_per_rule(choose: Chooser) -> None:
    selection = choose({**ROOT, **A, **DEV, "npm-debug.log": "12345"})

    assert selection.savings() == {"unreachable": len(DEV["node_modules/dev/package.json"]), "leftover": 5}
    assert [choice.file.path for choice in selection.why("node_modules/dev/")] == sorted(DEV)
    assert selection.why("node_modules/de") == ()
