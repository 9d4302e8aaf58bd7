"""Which lock file counts, and whether it may be used: every refusal names what is wrong and what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from packager.core.errors import ConfigError
from packager.package_managers.choose import check_lock
from packager.package_managers.lockfiles import entries, read_lock, read_pnpm_lock
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
    "bun": ({"package.json": PACKAGE, "bun.lockb": b"\0"}, "is a lock file of bun.*npm, pnpm"),
    "old pnpm": (
        {"package.json": PACKAGE, "pnpm-lock.yaml": "lockfileVersion: 5.4\n"},
        "5.4, but only 9.0 is supported",
    ),
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
        ConfigError, match=r"package\.json: dependencies: is not an object whose values are texts\n  fix: write it like"
    ):
        check_lock(tmp_path)


@pytest.mark.parametrize("nothing", [None, [], {}])
def test_no_dependencies_in_any_spelling(tmp_path: Path, nothing: object) -> None:
    write_project(tmp_path, {"package.json": {**PACKAGE, "devDependencies": nothing}, "package-lock.json": LOCK})

    assert check_lock(tmp_path).packages == (("a", "1.2.3"), ("b", "2.0.0"))


OUTSIDE = {
    "climbs out": "node_modules/../../../../victim",
    "climbs out from above": "../victim/node_modules/y",
    "absolute": "/home/x/other/node_modules/y",
    "only climbs": "..",
    "current folder": ".",
    "not normalised": "node_modules/./a",
    "two slashes": "node_modules//a",
    "slash at the end": "node_modules/a/",
    "backslash": "node_modules/..\\..\\victim",
    "drive": "C:/victim/node_modules/y",
    "NUL": "node_modules/a\0b",
    "line break": "node_modules/a\nb",
    "no text": "node_modules/\udcff",
}
"""Keys that no npm writes: each would name a folder other than the one it seems to, or none."""


@pytest.mark.parametrize("key", OUTSIDE.values(), ids=OUTSIDE)
@pytest.mark.parametrize("version", [2, 3])
def test_a_key_that_is_no_path_inside_is_refused_by_lock_file_and_key(tmp_path: Path, key: str, version: int) -> None:
    lock = {**LOCK, "lockfileVersion": version, "packages": {**LOCK["packages"], key: {"dev": True}}}
    write_project(tmp_path, {"package.json": PACKAGE, "npm-shrinkwrap.json": lock})
    for read in (lambda: check_lock(tmp_path), lambda: read_lock(tmp_path / "npm-shrinkwrap.json")):
        with pytest.raises(ConfigError) as caught:
            read()
        assert caught.value.where == f"npm-shrinkwrap.json: packages: {key!a}"
        assert caught.value.fix


@pytest.mark.parametrize("name", ["../../victim", "..", "", "/a", "a/../../../victim", "a\\b"])
@pytest.mark.parametrize("depth", [0, 1])
def test_a_name_of_version_1_that_is_no_name_is_refused(tmp_path: Path, name: str, depth: int) -> None:
    tree = {name: {"version": "1.0.0", "dev": True}}
    lock = {"lockfileVersion": 1, "dependencies": {"a": {"version": "1", "dependencies": tree}} if depth else tree}
    write_project(tmp_path, {"package-lock.json": lock})
    with pytest.raises(ConfigError, match=r"package-lock\.json: dependencies: "):
        read_lock(tmp_path / "package-lock.json")


@pytest.mark.parametrize("target", ["/home/x/s", "packages/../../s", "a\\..\\s", "file:/s", 7, "packages/s/"])
def test_a_link_to_no_path_inside_is_refused(tmp_path: Path, target: object) -> None:
    packages = {**LOCK["packages"], "node_modules/s": {"resolved": target, "link": True}}
    write_project(tmp_path, {"package.json": PACKAGE, "package-lock.json": {**LOCK, "packages": packages}})
    with pytest.raises(ConfigError, match=r"package-lock\.json: packages: 'node_modules/s'"):
        check_lock(tmp_path)


@pytest.mark.parametrize("version", ["file:../s", "file:/home/x/s"])
def test_a_folder_outside_is_refused_in_version_1_too(tmp_path: Path, version: str) -> None:
    lock = {"lockfileVersion": 1, "dependencies": {"a": {"version": "1.2.3"}, "s": {"version": version}}}
    write_project(tmp_path, {"package.json": changed(a="^1.0.0", s="file:../s"), "package-lock.json": lock})
    with pytest.raises(ConfigError, match=r"s is the folder .*, outside the project"):
        check_lock(tmp_path)


def test_the_keys_that_npm_writes_for_workspaces_and_folders_are_read(tmp_path: Path) -> None:
    more = {
        "apps/api": {"name": "@x/api", "version": "1.0.0"},
        "apps/api/node_modules/a": {"version": "0.9.0"},
        "node_modules/@x/api": {"resolved": "apps/api", "link": True},
        "node_modules/me": {"resolved": "", "link": True},
        # Left by npm when a dependency on a folder outside is gone: nothing links to it, nothing of it is installed.
        "../shared": {"version": "1.0.0", "extraneous": True},
    }
    lock = {**LOCK, "packages": {**LOCK["packages"], **more}}
    write_project(tmp_path, {"package.json": PACKAGE, "package-lock.json": lock})
    facts = check_lock(tmp_path)
    assert {path for path, _ in entries(read_lock(tmp_path / "package-lock.json"))} >= more.keys()
    assert ("a", "1.2.3") in facts.packages


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "packages": ({"lockfileVersion": 3, "packages": ["a"]}, "packages"),
    "entry": ({"lockfileVersion": 3, "packages": {"node_modules/a": 1}}, "packages: 'node_modules/a'"),
    "dependencies": ({"lockfileVersion": 3, "packages": {"": {"dependencies": ["a"]}}}, "packages: '': dependencies"),
    "peers": (
        {"lockfileVersion": 3, "packages": {"node_modules/a": {"peerDependencies": "b"}}},
        "packages: 'node_modules/a': peerDependencies",
    ),
    "peers' facts": (
        {"lockfileVersion": 3, "packages": {"node_modules/a": {"peerDependenciesMeta": {"b": 1}}}},
        "packages: 'node_modules/a': peerDependenciesMeta: 'b'",
    ),
    "version 1": ({"lockfileVersion": 1, "dependencies": "a"}, "dependencies"),
    "version 1's entry": ({"lockfileVersion": 1, "dependencies": {"a": [1]}}, "dependencies: 'node_modules/a'"),
    "version 1's tree": (
        {"lockfileVersion": 1, "dependencies": {"a": {"dependencies": 3}}},
        "dependencies: 'node_modules/a': dependencies",
    ),
    "version": ({"lockfileVersion": [3]}, ""),
}


@pytest.mark.parametrize(("lock", "where"), WRONG.values(), ids=WRONG)
def test_a_wrong_type_in_a_lock_is_named(tmp_path: Path, lock: dict[str, Any], where: str) -> None:
    write_project(tmp_path, {"package-lock.json": lock})
    with pytest.raises(ConfigError) as caught:
        read_lock(tmp_path / "package-lock.json")
    assert caught.value.where == f"package-lock.json: {where}".removesuffix(": ")


def test_a_lock_nested_without_end_is_refused(tmp_path: Path) -> None:
    tree: dict[str, Any] = {}
    for _ in range(300):
        tree = {"a": {"dependencies": tree}}
    write_project(tmp_path, {"package-lock.json": {"lockfileVersion": 1, "dependencies": tree}})
    with pytest.raises(ConfigError, match="nested"):
        read_lock(tmp_path / "package-lock.json")


WRONG_PNPM: dict[str, tuple[str, str]] = {
    "importers": ("importers: [a]", "importers"),
    "importer": ("importers: {.: 3}", "importers: '.'"),
    "importer's table": ("importers: {.: {dependencies: [a]}}", "importers: '.': dependencies"),
    "importer's entry": ("importers: {.: {dependencies: {a: [1]}}}", "importers: '.': dependencies: 'a'"),
    "no version": ("importers: {.: {dependencies: {a: {}}}}", "importers: '.': dependencies: 'a'"),
    "packages": ("packages: a", "packages"),
    "package": ("packages: {a@1: x}", "packages: 'a@1'"),
    "peers": ("packages: {a@1: {peerDependenciesMeta: [b]}}", "packages: 'a@1': peerDependenciesMeta"),
    "snapshots": ("snapshots: 1", "snapshots"),
    "snapshot": ("snapshots: {a@1: [x]}", "snapshots: 'a@1'"),
    "snapshot's table": ("snapshots: {a@1: {dependencies: x}}", "snapshots: 'a@1': dependencies"),
    "importer outside": ("importers: {../../x: {}}", "importers: '../../x'"),
    "importer is absolute": ("importers: {/home/x: {}}", "importers: '/home/x'"),
    "importer climbs": ("importers: {a/../../x: {}}", "importers: 'a/../../x'"),
    "link outside": (
        "importers: {packages/a: {dependencies: {s: {version: 'link:../../../s'}}}}",
        "importers: 'packages/a': dependencies: 's'",
    ),
    "absolute link": (
        "importers: {.: {optionalDependencies: {s: {version: 'link:/home/x/s'}}}}",
        "importers: '.': optionalDependencies: 's'",
    ),
}


@pytest.mark.parametrize(("lock", "where"), WRONG_PNPM.values(), ids=WRONG_PNPM)
def test_what_cannot_be_in_a_pnpm_lock_is_named(tmp_path: Path, lock: str, where: str) -> None:
    write_project(tmp_path, {"pnpm-lock.yaml": f"lockfileVersion: '9.0'\n{lock}\n"})
    with pytest.raises(ConfigError) as caught:
        read_pnpm_lock(tmp_path / "pnpm-lock.yaml")
    assert caught.value.where == f"pnpm-lock.yaml: {where}"
    assert caught.value.fix


def test_links_between_members_of_a_pnpm_workspace_are_read(tmp_path: Path) -> None:
    lock = "importers: {.: {}, packages/a: {dependencies: {b: {version: 'link:../b'}, r: {version: 'link:../..'}}}}"
    write_project(tmp_path, {"pnpm-lock.yaml": f"lockfileVersion: '9.0'\n{lock}\nsnapshots: {{a@1.0.0: }}\n"})
    assert sorted(read_pnpm_lock(tmp_path / "pnpm-lock.yaml")["importers"]) == [".", "packages/a"]
