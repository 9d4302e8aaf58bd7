"""Native files of other systems go where the target's own twin is there, and only there."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest

from packager.inventory.elf import read_elf
from packager.model.inventory import File, Package
from packager.select.trim.platforms import family, foreign_files, foreign_packages, suits
from tests.support.elfs import write_elf
from tests.support.fakes import make_bundle

if TYPE_CHECKING:
    from packager.model.inventory import BinaryFormat
    from packager.model.targets import Target

X64, ARM64 = 62, 183
TARGET: Target = make_bundle().target
ARM: Target = make_bundle(arch="arm64").target


def elf(path: str, machine: int = X64, needed: tuple[str, ...] = ("libc.so.6",), **changes: object) -> File:
    data = write_elf(machine=machine, needed=needed, **changes)
    return File(path, len(data), "elf", read_elf(io.BytesIO(data)), package=_package(path))


def other(path: str, kind: BinaryFormat) -> File:
    return File(path, 1, kind, package=_package(path))


def _package(path: str) -> Package | None:
    parts = path.split("/")
    if parts[0] != "node_modules":
        return None
    folder = "/".join(parts[: 3 if parts[1].startswith("@") else 2])
    return Package(folder.removeprefix("node_modules/"), "1.0.0", folder)


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("node_modules/@libsql/linux-x64-gnu/index.node", "node_modules/@libsql/linux-x64-musl/index.node"),
        ("node_modules/@libsql/linux-x64-gnu/index.node", "node_modules/@libsql/darwin-arm64/index.node"),
        ("node_modules/@img/sharp-linux-x64/lib/sharp-linux-x64.node",
         "node_modules/@img/sharp-linuxmusl-arm64/lib/sharp-linuxmusl-arm64.node"),
        ("prebuilds/linux-x64/bcrypt.glibc.node", "prebuilds/linux-x64/bcrypt.musl.node"),
        ("prebuilds/linux-x64/bcrypt.glibc.node", "prebuilds/win32-x64/bcrypt.node"),
        ("prebuilds/linux-x64/node.napi.node", "prebuilds/darwin-x64+arm64/node.napi.node"),
        ("node_modules/bare-fs/prebuilds/linux-x64/bare-fs.bare",
         "node_modules/bare-fs/prebuilds/ios-arm64-simulator/bare-fs.bare"),
        ("node_modules/@esbuild/linux-x64/bin/esbuild", "node_modules/@esbuild/darwin-arm64/bin/esbuild"),
        ("node_modules/x/query-engine-debian-openssl-1.1.x", "node_modules/x/query-engine-rhel-openssl-1.0.x"),
        ("node_modules/x/libquery_engine-debian-openssl-3.0.x.so.node",
         "node_modules/x/libquery_engine-darwin-arm64.dylib.node"),
    ],
)  # fmt: skip
def test_twins_have_one_family(one: str, two: str) -> None:
    assert family(one) == family(two)


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("node_modules/a/build/Release/a.node", "node_modules/b/build/Release/b.node"),
        ("node_modules/x/query-engine-debian-openssl-1.1.x", "node_modules/x/schema-engine-debian-openssl-1.1.x"),
        ("lib/libvips.so.42", "lib/libvips-cpp.so.42"),
        ("a/charm.node", "a/ch.node"),
        ("linuxbrew/a.node", "brew/a.node"),
    ],
)
def test_strangers_have_none_in_common(one: str, two: str) -> None:
    assert family(one) != family(two)


@pytest.mark.parametrize(
    ("file", "fits"),
    [
        (elf("a.node"), True),
        (elf("a.node", ARM64), False),
        (elf("a.node", needed=("libc.musl-x86_64.so.1",)), False),
        (elf("a.node", needed=("libc.so",)), False),
        (elf("a", needed=(), interpreter="/lib/ld-musl-x86_64.so.1"), False),
        (elf("a", interpreter="/lib64/ld-linux-x86-64.so.2"), True),
        (elf("static", needed=()), True),
        (elf("a.node", needed=("libc.so.7",)), False),
        (elf("a.node", os_abi=9), False),
        (other("a.node", "macho"), False),
        (other("a.dll", "pe"), False),
        (other("a.js", "other"), True),
        (other("run.sh", "script"), True),
    ],
)
def test_what_suits_glibc_on_x86_64(file: File, fits: bool) -> None:
    assert suits(file, TARGET) is fits


def test_the_other_architecture_wants_the_other_file() -> None:
    assert suits(elf("a.node", ARM64), ARM)
    assert not suits(elf("a.node"), ARM)


def test_a_foreign_twin_goes_and_names_the_one_that_stays() -> None:
    files = [
        elf("node_modules/b/prebuilds/linux-x64/b.glibc.node"),
        elf("node_modules/b/prebuilds/linux-x64/b.musl.node", needed=("libc.musl-x86_64.so.1",)),
        elf("node_modules/b/prebuilds/linux-arm64/b.node", ARM64),
        other("node_modules/b/prebuilds/darwin-arm64/b.node", "macho"),
    ]

    foreign = foreign_files(files, TARGET)

    assert sorted(foreign) == sorted(file.path for file in files[1:])
    assert files[0].path in foreign[files[1].path]


def test_the_only_binary_stays_although_it_is_foreign_so_that_the_audit_sees_it() -> None:
    assert foreign_files([other("node_modules/b/build/Release/b.node", "macho")], TARGET) == {}
    assert foreign_files([elf("node_modules/b/b.node", ARM64)], TARGET) == {}


def test_a_package_made_for_another_system_goes_as_a_whole() -> None:
    files = [
        elf("node_modules/@libsql/linux-x64-gnu/index.node"),
        elf("node_modules/@libsql/linux-x64-musl/index.node", needed=("libc.musl-x86_64.so.1",)),
        other("node_modules/@libsql/linux-x64-musl/README.md", "other"),
    ]

    assert list(foreign_packages(files, TARGET)) == ["node_modules/@libsql/linux-x64-musl"]


def test_a_package_with_prebuilds_of_many_systems_keeps_its_own_code() -> None:
    files = [
        elf("node_modules/bcrypt/prebuilds/linux-x64/bcrypt.node"),
        other("node_modules/bcrypt/prebuilds/darwin-x64/bcrypt.node", "macho"),
    ]

    assert foreign_packages(files, TARGET) == {}


def test_a_helper_program_of_the_same_name_in_another_package_is_no_twin() -> None:
    files = [elf("node_modules/a/bin/run"), elf("node_modules/b/bin/run", ARM64)]

    assert foreign_files(files, TARGET) == {}
