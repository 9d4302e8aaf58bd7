"""Which lock file counts, and whether it may be used: every refusal names what is wrong and what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from packager.core.errors import ConfigError
from packager.package_managers.lockfiles import check_lock
from tests.support.jobs import write_project

if TYPE_CHECKING:
    from pathlib import Path

PACKAGE: dict[str, Any] = {"name": "p", "version": "1.0.0", "dependencies": {"a": "^1.0.0"}}
LOCK: dict[str, Any] = {
    "name": "p",
    "lockfileVersion": 3,
    "packages": {
        "": PACKAGE,
        "node_modules/a": {"version": "1.2.3", "hasInstallScript": True},
        "node_modules/b": {"version": "2.0.0"},
        "node_modules/a/node_modules/b": {"version": "1.0.0", "hasInstallScript": True},
    },
}
PNPM = """\
lockfileVersion: '9.0'
importers:
  .:
    dependencies:
      a: {specifier: ^1.0.0, version: 1.2.3}
packages:
  a@1.2.3: {resolution: {integrity: x}}
  '@s/b@2.0.0': {resolution: {integrity: y}}
snapshots:
  a@1.2.3: {}
"""


def test_an_npm_lock_gives_versions_and_install_scripts(tmp_path: Path) -> None:
    facts = check_lock(write_project(tmp_path, {"package.json": PACKAGE, "package-lock.json": LOCK}))
    assert (facts.manager, facts.lock_file, facts.notes) == ("npm", "package-lock.json", ())
    assert facts.packages == (("a", "1.2.3"), ("b", "2.0.0"))
    assert facts.install_scripts == ("a", "b")


def test_a_version_1_lock_is_read_too(tmp_path: Path) -> None:
    lock = {"lockfileVersion": 1, "dependencies": {"a": {"version": "1.2.3", "dependencies": {"b": {"version": "1"}}}}}
    facts = check_lock(write_project(tmp_path, {"package.json": PACKAGE, "package-lock.json": lock}))
    assert facts.packages == (("a", "1.2.3"),)


def test_shrinkwrap_goes_before_package_lock_as_in_npm(tmp_path: Path) -> None:
    write_project(tmp_path, {"package.json": PACKAGE, "package-lock.json": "broken", "npm-shrinkwrap.json": LOCK})
    assert check_lock(tmp_path).lock_file == "npm-shrinkwrap.json"


def test_no_dependencies_need_no_lock(tmp_path: Path) -> None:
    assert check_lock(write_project(tmp_path, {"package.json": {"name": "p"}})).manager is None


def test_a_pnpm_lock_gives_versions(tmp_path: Path) -> None:
    facts = check_lock(write_project(tmp_path, {"package.json": PACKAGE, "pnpm-lock.yaml": PNPM}))
    assert (facts.manager, facts.packages) == ("pnpm", (("@s/b", "2.0.0"), ("a", "1.2.3")))


@pytest.mark.parametrize(
    ("manager", "expected"),
    [("pnpm@10.1.0", "pnpm-lock.yaml"), ("", "package-lock.json"), ("bun", "package-lock.json")],
)
def test_of_several_locks_package_json_chooses_else_npm(tmp_path: Path, manager: str, expected: str) -> None:
    package = {**PACKAGE, "packageManager": manager}
    facts = check_lock(
        write_project(tmp_path, {"package.json": package, "package-lock.json": LOCK, "pnpm-lock.yaml": PNPM})
    )
    assert facts.lock_file == expected
    assert "npm and pnpm" in facts.notes[0]
    assert expected in facts.notes[0]


def changed(**dependencies: str) -> dict[str, Any]:
    return {**PACKAGE, "dependencies": dependencies}


BAD: dict[str, tuple[dict[str, Any], str]] = {
    "no package.json": ({}, "there is no package.json"),
    "broken package.json": ({"package.json": '{"name": "p"\n"x": 1}'}, "line 2"),
    "package.json is a list": ({"package.json": "[]"}, "not a JSON object"),
    "package.json is not text": ({"package.json": b"\xff\xfe\x00"}, "not UTF-8"),
    "no lock": ({"package.json": PACKAGE}, "no lock file"),
    "broken lock": ({"package.json": PACKAGE, "package-lock.json": '{\n"a": 1\n<<<<<<< HEAD\n'}, "line 3"),
    "lock of the future": ({"package.json": PACKAGE, "package-lock.json": {"lockfileVersion": 9}}, "lockfileVersion 9"),
    "not locked": (
        {"package.json": changed(a="^1.0.0", zed="^3.0.0"), "package-lock.json": LOCK},
        r"zed \^3.0.0 is not",
    ),
    "other range": ({"package.json": changed(a="^2.0.0"), "package-lock.json": LOCK}, r"a is \^2.0.0 .* \^1.0.0 in"),
    "not wanted any more": ({"package.json": changed(), "package-lock.json": LOCK}, "a is locked, but not in"),
    "yarn": ({"package.json": PACKAGE, "yarn.lock": ""}, "is yarn's.*npm, pnpm"),
    "bun": ({"package.json": PACKAGE, "bun.lockb": b"\0"}, "is bun's.*npm, pnpm"),
    "old pnpm": ({"package.json": PACKAGE, "pnpm-lock.yaml": "lockfileVersion: 5.4\n"}, "5.4, supported is 9.0"),
    "broken pnpm": ({"package.json": PACKAGE, "pnpm-lock.yaml": "a: [\n"}, "not YAML"),
    "folder outside": (
        {
            "package.json": changed(s="file:../s"),
            "package-lock.json": {
                "lockfileVersion": 3,
                "packages": {"": changed(s="file:../s"), "node_modules/s": {"resolved": "../s", "link": True}},
            },
        },
        "s is the folder ../s, outside",
    ),
}


@pytest.mark.parametrize(("files", "says"), BAD.values(), ids=BAD)
def test_what_cannot_be_used_is_refused_with_a_cure(tmp_path: Path, files: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigError, match=says) as caught:
        check_lock(write_project(tmp_path, files))
    assert caught.value.exit_code == 3
    assert caught.value.where
    assert caught.value.fix or "UTF-8" in says or "object" in says


@pytest.mark.parametrize("marker", [{"package.json": {"workspaces": ["packages/*"]}}, {"pnpm-workspace.yaml": ""}])
def test_a_workspace_member_is_told_its_root(tmp_path: Path, marker: dict[str, Any]) -> None:
    write_project(tmp_path, {**marker, "package-lock.json": LOCK, "packages/api/package.json": PACKAGE})
    with pytest.raises(ConfigError, match="belongs to the workspace") as caught:
        check_lock(tmp_path / "packages/api")
    assert str(tmp_path) in caught.value.fix


def test_a_stray_lock_above_is_no_workspace(tmp_path: Path) -> None:
    write_project(tmp_path, {"package-lock.json": LOCK, "p/package.json": PACKAGE})
    with pytest.raises(ConfigError, match="there is no lock file"):
        check_lock(tmp_path / "p")


@pytest.mark.parametrize("table", [3, "a", ["a"], {"a": 1}, {"a": None}])
def test_dependencies_that_are_none_are_named(tmp_path: Path, table: object) -> None:
    write_project(tmp_path, {"package.json": {**PACKAGE, "dependencies": table}, "package-lock.json": LOCK})

    with pytest.raises(
        ConfigError, match=r"package\.json: dependencies: is not an object of texts\n  fix: write it like"
    ):
        check_lock(tmp_path)


@pytest.mark.parametrize("nothing", [None, [], {}])
def test_no_dependencies_in_any_spelling(tmp_path: Path, nothing: object) -> None:
    write_project(tmp_path, {"package.json": {**PACKAGE, "devDependencies": nothing}, "package-lock.json": LOCK})

    assert check_lock(tmp_path).packages == (("a", "1.2.3"), ("b", "2.0.0"))
