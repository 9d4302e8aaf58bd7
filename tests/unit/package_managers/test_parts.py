"""Which parts for the target's system a lock file lacks."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from packager.core.errors import ConfigError
from packager.package_managers.parts import Suited, missing_parts, suited
from packager.package_managers.registry import PACKAGE_MANAGERS
from packager.planning.lock_parts import check_parts
from tests.support.jobs import make_job, write_project

if TYPE_CHECKING:
    from pathlib import Path

    from packager.model.package_managers import MissingPart
    from packager.model.plan import Job

PARTS = ["darwin-arm64", "darwin-x64", "linux-arm64-gnu", "linux-arm64-musl", "linux-x64-gnu", "linux-x64-musl"]
NAPI = [f"@x/y-{part}" for part in (*PARTS, "win32-x64-msvc", "wasm32-wasi")]


def lacking(optional: list[str], locked: set[str], **job: Any) -> list[str]:
    """Return the parts that a package misses."""
    found = missing_parts("y@1", optional, locked.__contains__, make_job(None, **job), required=True)  # type: ignore[arg-type]
    return [part.part for part in found]


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("@node-rs/crc32-linux-x64-gnu", Suited("@node-rs/crc32", "linux", "x86_64", "glibc")),
        ("@esbuild/linux-x64", Suited("@esbuild/", "linux", "x86_64")),
        ("@img/sharp-libvips-linuxmusl-arm64", Suited("@img/sharp-libvips", "linux", "arm64", "musl")),
        ("@libsql/linux-x64-gnu", Suited("@libsql/", "linux", "x86_64", "glibc")),
        ("@swc/core-win32-ia32-msvc", Suited("@swc/core", "win32", "ia32")),
        ("lightningcss-linux-arm-gnueabihf", Suited("lightningcss", "linux", "arm", "glibc")),
        ("fsevents", None),
        ("linux-release-info", None),
        ("arm64", None),
    ],
)
def test_a_name_says_what_it_is_for(name: str, found: Suited | None) -> None:
    assert suited(name) == found


def test_a_lock_of_a_mac_lacks_the_part_for_linux() -> None:
    mac = {"@x/y-darwin-arm64"}
    assert lacking(NAPI, mac) == ["@x/y-linux-x64-gnu"]
    assert lacking(NAPI, mac, arch="arm64") == ["@x/y-linux-arm64-gnu"]
    assert lacking(NAPI, mac, libc="musl") == ["@x/y-linux-x64-musl"]


@pytest.mark.parametrize(
    ("optional", "locked"),
    [
        (NAPI, {*NAPI}),
        (NAPI, {"@x/y-darwin-arm64", "@x/y-linux-x64-gnu"}),
        (NAPI, set()),
        (["@x/y-darwin-arm64", "@x/y-darwin-x64"], {"@x/y-darwin-arm64"}),
        (["@x/linux-x64", "@x/darwin-arm64"], {"@x/linux-x64", "@x/darwin-arm64"}),
        (["fsevents", "bufferutil"], {"fsevents"}),
        (["@next/swc-linux-x64-gnu", "@next/swc-darwin-arm64"], {"@next/swc-darwin-arm64"}),
        (["@x/y-linux-x64", "@x/y-linux-x64-musl", "@x/y-darwin-x64"], {"@x/y-linux-x64", "@x/y-darwin-x64"}),
    ],
    ids=["all", "its own", "none at all", "none for it", "without libc", "no parts", "of a build", "any libc"],
)
def test_nothing_is_missed_where_it_is_there_or_was_never_made(optional: list[str], locked: set[str]) -> None:
    assert lacking(optional, locked) == []


def test_a_libc_of_the_other_kind_is_no_part() -> None:
    assert lacking(NAPI, {"@x/y-linux-x64-musl", "@x/y-darwin-x64"}) == ["@x/y-linux-x64-gnu"]


def test_each_family_of_parts_counts_for_itself() -> None:
    optional = [f"@img/sharp{kind}-{part}" for kind in ("", "-libvips") for part in ("darwin-arm64", "linux-x64")]
    locked = {"@img/sharp-darwin-arm64", "@img/sharp-linux-x64", "@img/sharp-libvips-darwin-arm64"}
    assert lacking(optional, locked) == ["@img/sharp-libvips-linux-x64"]


def npm_lock(*locked: str, **facts: Any) -> dict[str, Any]:
    y = {"version": "1.0.0", "optionalDependencies": dict.fromkeys(NAPI, "1.0.0"), **facts}
    packages: dict[str, Any] = {"": {"dependencies": {"y": "1"}}, "node_modules/y": y}
    packages |= {f"node_modules/@x/y-{part}": {"version": "1.0.0", "optional": True} for part in locked}
    return {"lockfileVersion": 3, "packages": packages}


def npm_job(root: Path, lock: dict[str, Any]) -> Job:
    write_project(root, {"package-lock.json": lock, "package.json": {"dependencies": {"y": "1"}}})
    return make_job(root, manager="npm", lock_file="package-lock.json")


def test_the_plan_is_refused_with_lock_package_part_and_command(tmp_path: Path) -> None:
    job = npm_job(tmp_path, npm_lock("darwin-arm64", "win32-x64-msvc"))
    with pytest.raises(ConfigError) as caught:
        check_parts([job])
    assert caught.value.where == "package-lock.json"
    assert "lacks @x/y-linux-x64-gnu, the part of y@1.0.0 for linux x86_64 glibc" in caught.value.message
    assert "npm install" in caught.value.fix
    assert check_parts([npm_job(tmp_path, npm_lock("darwin-arm64", "linux-x64-gnu"))]) == ()


@pytest.mark.parametrize("facts", [{"optional": True}, {"devOptional": True}, {"hasInstallScript": True}])
def test_what_a_package_may_do_without_is_a_note(tmp_path: Path, facts: dict[str, Any]) -> None:
    (note,) = check_parts([npm_job(tmp_path, npm_lock("darwin-arm64", **facts))])
    assert "package-lock.json: lacks @x/y-linux-x64-gnu" in note


def test_what_only_development_needs_is_not_asked_for(tmp_path: Path) -> None:
    lock = npm_lock("darwin-arm64", dev=True)
    lock["packages"][""] = {"devDependencies": {"y": "1"}}
    assert check_parts([npm_job(tmp_path, lock)]) == ()


def test_the_part_counts_wherever_the_lock_has_it(tmp_path: Path) -> None:
    lock = npm_lock("darwin-arm64")
    lock["packages"]["node_modules/y/node_modules/@x/y-linux-x64-gnu"] = {"version": "1.0.0"}
    assert check_parts([npm_job(tmp_path, lock)]) == ()


def of_manager(root: Path, manager: Any, lock_file: str) -> tuple[MissingPart, ...]:
    return PACKAGE_MANAGERS[manager].missing_parts(make_job(root, manager=manager, lock_file=lock_file))


def pnpm_lock(*locked: str) -> str:
    packages: dict[str, Any] = {"y@1.0.0": {}, **{f"@x/y-{part}@1.0.0": {} for part in locked}}
    snapshots: dict[str, Any] = {key: {} for key in packages}
    snapshots["y@1.0.0"] = {"optionalDependencies": dict.fromkeys(NAPI, "1.0.0")}
    importers = {".": {"dependencies": {"y": {"specifier": "1", "version": "1.0.0"}}}}
    return json.dumps({"lockfileVersion": "9.0", "importers": importers, "packages": packages, "snapshots": snapshots})


def test_pnpms_lock_is_asked_the_same(tmp_path: Path) -> None:
    write_project(tmp_path, {"pnpm-lock.yaml": pnpm_lock("darwin-arm64")})
    (part,) = of_manager(tmp_path, "pnpm", "pnpm-lock.yaml")
    assert (part.package, part.part, part.required) == ("y@1.0.0", "@x/y-linux-x64-gnu", True)
    write_project(tmp_path, {"pnpm-lock.yaml": pnpm_lock("darwin-arm64", "linux-x64-gnu")})
    assert of_manager(tmp_path, "pnpm", "pnpm-lock.yaml") == ()


def yarn_lock(*locked: str) -> str:
    optional = "".join(f'    "{name}" "1.0.0"\n' for name in NAPI)
    text = f'# yarn lockfile v1\n\n\ny@1:\n  version "1.0.0"\n  optionalDependencies:\n{optional}'
    return text + "".join(f'\n"@x/y-{part}@1.0.0":\n  version "1.0.0"\n' for part in locked)


def test_yarns_lock_is_asked_the_same(tmp_path: Path) -> None:
    write_project(tmp_path, {"yarn.lock": yarn_lock("darwin-arm64"), "package.json": {"dependencies": {"y": "1"}}})
    (part,) = of_manager(tmp_path, "yarn", "yarn.lock")
    assert (part.package, part.part, part.required) == ("y@1.0.0", "@x/y-linux-x64-gnu", True)
    write_project(tmp_path, {"yarn.lock": yarn_lock("darwin-arm64", "linux-x64-gnu")})
    assert of_manager(tmp_path, "yarn", "yarn.lock") == ()
    write_project(tmp_path, {"yarn.lock": yarn_lock("darwin-arm64"), "package.json": {"devDependencies": {"y": "1"}}})
    assert of_manager(tmp_path, "yarn", "yarn.lock") == ()
