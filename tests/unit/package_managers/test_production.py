"""Which packages only development needs, by Node's resolution rule over lock files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from packager.core.errors import ConfigError
from packager.package_managers.production import development_packages, development_specs
from tests.support.jobs import write_project

if TYPE_CHECKING:
    from pathlib import Path


def unneeded(root: Path, packages: dict[str, Any], version: int = 3) -> tuple[str, ...]:
    lock = {"lockfileVersion": version, ("packages" if version > 1 else "dependencies"): packages}
    return development_packages(write_project(root, {"package-lock.json": lock}), "package-lock.json")


def test_optional_peers_keep_nothing_and_required_ones_do(tmp_path: Path) -> None:
    packages = {
        "": {"dependencies": {"client": "1"}, "devDependencies": {"cli": "1", "typescript": "5"}},
        "node_modules/client": {
            "peerDependencies": {"cli": "*", "typescript": "*", "needed": "*"},
            "peerDependenciesMeta": {"cli": {"optional": True}, "typescript": {"optional": True}},
            "optionalDependencies": {"native-x64": "1", "not-locked": "1"},
        },
        "node_modules/cli": {"dependencies": {"heavy": "1"}, "devOptional": True},
        "node_modules/heavy": {"devOptional": True},
        "node_modules/needed": {"peer": True},
        "node_modules/native-x64": {"optional": True},
        "node_modules/typescript": {"devOptional": True},
    }
    assert unneeded(tmp_path, packages) == ("node_modules/cli", "node_modules/heavy", "node_modules/typescript")


def test_the_nearest_copy_is_the_one_that_is_needed(tmp_path: Path) -> None:
    packages = {
        "": {"dependencies": {"a": "1"}, "devDependencies": {"b": "2", "@s/d": "1"}},
        "node_modules/a": {"dependencies": {"b": "1"}},
        "node_modules/a/node_modules/b": {"dependencies": {"c": "1"}},
        "node_modules/b": {"dev": True},
        "node_modules/c": {},
        "node_modules/@s/d": {"dev": True},
        "node_modules/@s/d/node_modules/e": {"dev": True},
    }
    # e lies within d and goes with it.
    assert unneeded(tmp_path, packages) == ("node_modules/@s/d", "node_modules/b")


def test_workspaces_keep_their_own_production_dependencies(tmp_path: Path) -> None:
    packages = {
        "": {"workspaces": ["packages/*"], "devDependencies": {"lint": "1"}},
        "packages/api": {"dependencies": {"lib": "*", "x": "1"}, "devDependencies": {"y": "1"}},
        "packages/lib": {"dependencies": {"z": "1"}},
        "packages/lib/node_modules/z": {},
        "node_modules/api": {"resolved": "packages/api", "link": True},
        "node_modules/lib": {"resolved": "packages/lib", "link": True},
        "node_modules/lint": {"dev": True},
        "node_modules/x": {},
        "node_modules/y": {"dev": True},
        "node_modules/z": {"dev": True},
    }
    assert unneeded(tmp_path, packages) == ("node_modules/lint", "node_modules/y", "node_modules/z")


def test_version_1_locks_say_it_themselves(tmp_path: Path) -> None:
    packages = {"a": {"version": "1", "dependencies": {"c": {"version": "1"}}}, "b": {"version": "1", "dev": True}}
    assert unneeded(tmp_path, packages, version=1) == ("node_modules/b",)


def test_a_circle_of_dependencies_ends(tmp_path: Path) -> None:
    packages = {
        "": {"dependencies": {"a": "1"}},
        "node_modules/a": {"dependencies": {"b": "1"}},
        "node_modules/b": {"dependencies": {"a": "1"}},
    }
    assert unneeded(tmp_path, packages) == ()


def test_pnpm_follows_snapshots_aliases_and_workspaces_but_not_optional_peers(tmp_path: Path) -> None:
    lock = """\
lockfileVersion: '9.0'
importers:
  .:
    dependencies:
      '@s/client': {specifier: '1', version: 1.0.0(cli@1.0.0)}
    devDependencies:
      cli: {specifier: '1', version: 1.0.0}
  packages/api:
    dependencies:
      root: {specifier: 'workspace:*', version: 'link:../..'}
      other: {specifier: '1', version: 3.0.0}
packages:
  '@s/client@1.0.0':
    peerDependencies: {cli: '*'}
    peerDependenciesMeta: {cli: {optional: true}}
  aliased@2.0.0: {}
  cli@1.0.0: {}
  heavy@1.0.0: {}
  other@3.0.0: {}
snapshots:
  '@s/client@1.0.0(cli@1.0.0)':
    dependencies: {nickname: aliased@2.0.0}
    optionalDependencies: {cli: 1.0.0}
  aliased@2.0.0: {}
  cli@1.0.0: {dependencies: {heavy: 1.0.0}}
  heavy@1.0.0: {}
  other@3.0.0: {}
"""
    write_project(tmp_path, {"pnpm-lock.yaml": lock})
    assert development_specs(tmp_path, "pnpm-lock.yaml") == ("cli@1.0.0", "heavy@1.0.0")


@pytest.mark.parametrize("key", ["node_modules/../../../../victim", "/home/x/other/node_modules/y"])
@pytest.mark.parametrize("version", [1, 2, 3])
def test_a_folder_outside_is_never_among_what_will_be_removed(tmp_path: Path, key: str, version: int) -> None:
    key = key.removeprefix("node_modules/") if version == 1 else key
    with pytest.raises(ConfigError, match=r"package-lock\.json: (packages|dependencies): "):
        unneeded(tmp_path, {key: {"version": "1.0.0", "dev": True}}, version)


def test_what_is_left_of_a_folder_outside_is_read_but_not_removed(tmp_path: Path) -> None:
    packages = {"": {}, "../shared": {"version": "1", "dev": True, "extraneous": True}, "node_modules/a": {"dev": True}}
    assert unneeded(tmp_path, packages) == ("node_modules/a",)


@pytest.mark.parametrize("packages", [{}, {"node_modules/a": {"version": "1.0.0"}}])
def test_a_lock_without_the_project_itself_is_refused(tmp_path: Path, packages: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=r"package-lock\.json: packages: has no entry for the project itself"):
        unneeded(tmp_path, packages)
