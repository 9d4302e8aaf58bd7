from __future__ import annotations

import pytest

from packager.audit.judge import audit
from packager.audit.platform_variants import family_of
from tests.support.elfs import EM_386, EM_AARCH64, write_elf
from tests.support.mounts import MACHO, PE, findings, mounted, target, verdict

GLIBC = write_elf(needed=["libc.so.6"], versions={"libc.so.6": ["GLIBC_2.17"]})
MUSL = write_elf(needed=["libc.so"])
ARM = write_elf(machine=EM_AARCH64, needed=["libc.so.6"])
BCRYPT = "node_modules/bcrypt/prebuilds"


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("node_modules/@libsql/linux-x64-gnu/index.node", "node_modules/@libsql/linux-arm64-musl/index.node"),
        (
            "node_modules/@img/sharp-linuxmusl-x64/lib/sharp-linuxmusl-x64-0.35.5.node",
            "node_modules/@img/sharp-darwin-arm64/lib/sharp-darwin-arm64-0.35.5.node",
        ),
        (f"{BCRYPT}/linux-x64/bcrypt.glibc.node", f"{BCRYPT}/win32-arm64/bcrypt.node"),
        (f"{BCRYPT}/darwin-x64+arm64/bcrypt.node", f"{BCRYPT}/linux-arm/bcrypt.armv7.node"),
        (
            "node_modules/onnxruntime-node/bin/napi-v6/linux/x64/libonnxruntime.so.1",
            "node_modules/onnxruntime-node/bin/napi-v6/darwin/arm64/libonnxruntime.1.30.0.dylib",
        ),
        (
            "node_modules/sqlite3/lib/binding/napi-v6-linux-glibc-x64/node_sqlite3.node",
            "node_modules/sqlite3/lib/binding/napi-v6-darwin-unknown-arm64/node_sqlite3.node",
        ),
        ("node_modules/esbuild-linux-64/bin/esbuild", "node_modules/esbuild-darwin-64/bin/esbuild"),
        ("node_modules/x/x.linux-x64-gnu.node", "node_modules/x/x.darwin-arm64.node"),
        (
            "node_modules/.prisma/client/libquery_engine-rhel-openssl-3.0.x.so.node",
            "node_modules/.prisma/client/libquery_engine-darwin-arm64.dylib.node",
        ),
        (
            "node_modules/.prisma/client/libquery_engine-linux-musl-arm64-openssl-3.0.x.so.node",
            "node_modules/.prisma/client/query_engine-windows.dll.node",
        ),
        ("x/_y.cpython-312-darwin.so", "x/_y.cpython-312-x86_64-linux-gnu.so"),
    ],
)
def test_variants_of_one_thing(first: str, second: str) -> None:
    assert family_of(first) == family_of(second) != ""


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("node_modules/@img/sharp-linux-x64/lib/x.node", "node_modules/@img/sharp-libvips-linux-x64/lib/y.so"),
        ("node_modules/@libsql/linux-x64-gnu/index.node", "node_modules/@neon/linux-x64-gnu/index.node"),
        ("x/_y.cpython-312-darwin.so", "x/_z.cpython-312-darwin.so"),
        ("apps/win-api/node_modules/a/a.node", "apps/win-api/node_modules/b/b.node"),
    ],
)
def test_different_things(first: str, second: str) -> None:
    assert family_of(first) != family_of(second) or not family_of(first)


@pytest.mark.parametrize(
    "path",
    ["node_modules/bcrypt/build/Release/bcrypt_lib.node", "node_modules/win-ca/lib/x.node", "a.node", "lib/libz.so.1"],
)
def test_no_variant(path: str) -> None:
    assert family_of(path) == ""


def test_foreign_prebuilds_beside_the_right_one_are_one_note() -> None:
    files = {
        f"{BCRYPT}/linux-x64/bcrypt.glibc.node": GLIBC,
        f"{BCRYPT}/linux-x64/bcrypt.musl.node": MUSL,
        f"{BCRYPT}/linux-arm64/bcrypt.glibc.node": ARM,
        f"{BCRYPT}/darwin-arm64/bcrypt.node": MACHO,
        f"{BCRYPT}/win32-x64/bcrypt.node": PE,
    }
    (found,) = findings(files)
    assert (found.severity, found.code, found.package) == ("note", "ABI010", "bcrypt@1.0.0")
    assert "3 other variants" in found.message
    assert "linux x86_64 (musl)" in found.message


def test_without_the_right_one_the_nearest_stands_for_the_fault() -> None:
    files = {
        f"{BCRYPT}/linux-x64/bcrypt.musl.node": MUSL,
        f"{BCRYPT}/linux-arm64/bcrypt.glibc.node": ARM,
        f"{BCRYPT}/darwin-arm64/bcrypt.node": MACHO,
    }
    assert verdict(files) == [
        ("error", "ABI003", f"{BCRYPT}/linux-x64/bcrypt.musl.node"),
        ("note", "ABI010", f"{BCRYPT}/darwin-arm64/bcrypt.node"),
    ]


def test_a_darwin_install_is_an_error_for_each_package() -> None:
    files = {
        "node_modules/@img/sharp-darwin-arm64/lib/sharp-darwin-arm64.node": MACHO,
        "node_modules/@img/sharp-libvips-darwin-arm64/lib/libvips-cpp.dylib": MACHO,
    }
    found = audit(
        [mounted(files, os={"@img/sharp-darwin-arm64": ("darwin",), "@img/sharp-libvips-darwin-arm64": ("darwin",)})],
        target(),
    )
    assert [(each.severity, each.code) for each in found] == [("error", "ABI007")] * 2
    assert "npm install --os=linux --cpu=x64" in found[0].fix


def test_the_right_variant_keeps_its_own_fault() -> None:
    too_new = write_elf(needed=["libc.so.6"], versions={"libc.so.6": ["GLIBC_2.38"]})
    files = {"node_modules/@x/y-linux-x64-gnu/y.node": too_new, "node_modules/@x/y-linux-x64-musl/y.node": MUSL}
    assert verdict(files) == [
        ("error", "ABI002", "node_modules/@x/y-linux-x64-gnu/y.node"),
        ("note", "ABI010", "node_modules/@x/y-linux-x64-musl/y.node"),
    ]


def test_engines_for_another_openssl_are_idle_beside_the_right_one() -> None:
    folder = "node_modules/.prisma/client"
    files = {
        f"{folder}/libquery_engine-rhel-openssl-1.1.x.so.node": write_elf(needed=["libssl.so.1.1", "libc.so.6"]),
        f"{folder}/libquery_engine-rhel-openssl-3.0.x.so.node": write_elf(needed=["libssl.so.3", "libc.so.6"]),
    }
    assert verdict(files) == [("note", "ABI010", f"{folder}/libquery_engine-rhel-openssl-1.1.x.so.node")]
    del files[f"{folder}/libquery_engine-rhel-openssl-3.0.x.so.node"]
    assert verdict(files) == [("error", "LIB001", f"{folder}/libquery_engine-rhel-openssl-1.1.x.so.node")]


def test_a_package_compiled_here_does_not_need_its_prebuilds() -> None:
    files = {
        "node_modules/node-pty/prebuilds/darwin-arm64/pty.node": MACHO,
        "node_modules/node-pty/prebuilds/win32-x64/pty.node": PE,
        "node_modules/node-pty/build/Release/pty.node": GLIBC,
    }
    assert [(severity, code) for severity, code, _ in verdict(files)] == [("note", "ABI010")]
    del files["node_modules/node-pty/build/Release/pty.node"]
    assert "error" in [severity for severity, _, _ in verdict(files)]


def test_packages_for_other_systems_alone_are_no_fault() -> None:
    fsevents = {"node_modules/fsevents/fsevents.node": MACHO}
    (found,) = audit([mounted(fsevents, os={"fsevents": ("darwin",)})], target())
    assert (found.severity, found.code) == ("note", "ABI010")
    # The same file in a package for everybody was built on the wrong machine.
    assert verdict(fsevents) == [("error", "ABI007", "node_modules/fsevents/fsevents.node")]


def test_helpers_for_windows_are_no_fault() -> None:
    files = {"setuptools/cli-arm64.exe": PE, "setuptools/cli.exe": PE, "setuptools/gui-64.exe": PE}
    assert {(severity, code) for severity, code, _ in verdict(files, target("python3.12"))} == {("note", "ABI010")}


def test_a_foreign_binary_without_relatives_is_an_error() -> None:
    i386 = write_elf(machine=EM_386, bits=32, needed=["libc.so.6"])
    assert verdict({"bin/tool": i386}) == [("error", "ABI001", "bin/tool")]
