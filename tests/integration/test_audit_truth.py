"""The verdict on real packages, fetched when the test runs: what was read and tried of them by hand must come out.

Two files of one verdict each would do; these are the ones that have set traps. A row names the lowest version known to
behave so and takes its newest patch.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from packager.audit.judge import audit_archive
from tests.support.mounts import target
from tests.support.registry import npm_package, unpacked, wheel

if TYPE_CHECKING:
    from pathlib import Path

    from packager.model.targets import Arch

pytestmark = pytest.mark.network
YES = ""


@dataclass(frozen=True)
class Row:
    """One row of the table: where it comes from, and the code of what says no ("" for yes) on each system."""

    packages: tuple[str, ...]
    """npm specs, or one wheel as ``pip SPEC PLATFORM PYTHON``."""
    al2: str
    al2023: str
    arch: Arch = "x86_64"
    file: str = ""
    """A glob of one file to judge alone; empty: the packages as they lie."""
    words: str = ""
    """What the finding for the stricter system (AL2 if it says no) must name."""
    heavy: bool = False


ROWS = {
    "libsql": Row(("@libsql/linux-x64-gnu@~0.5.29",), YES, YES),
    "libsql-arm64": Row(("@libsql/linux-arm64-gnu@~0.5.29",), "ABI001", "ABI001", words="arm64"),
    "libsql-arm64-there": Row(("@libsql/linux-arm64-gnu@~0.5.29",), YES, YES, "arm64"),
    "libsql-musl": Row(("@libsql/linux-x64-musl@~0.5.29",), "ABI003", "ABI003", words="musl"),
    "bcrypt": Row(("bcrypt@~6.0.0",), YES, YES),
    "bcrypt-glibc": Row(("bcrypt@~6.0.0",), YES, YES, file="prebuilds/linux-x64/bcrypt.glibc.node"),
    "bcrypt-musl": Row(("bcrypt@~6.0.0",), "ABI003", "ABI003", file="prebuilds/linux-x64/bcrypt.musl.node"),
    "bcrypt-arm64-musl": Row(
        ("bcrypt@~6.0.0",), "ABI003", "ABI003", "arm64", "prebuilds/linux-arm64/bcrypt.musl.node", words="musl"
    ),
    "argon2": Row(("argon2@~0.45.1",), "ABI002", YES, words="GLIBC_2.34"),
    "argon2-freebsd": Row(
        ("argon2@~0.45.1",), "ABI005", "ABI005", file="**/freebsd-x64/argon2.glibc.node", words="FreeBSD"
    ),
    "node-rs-argon2": Row(("@node-rs/argon2-linux-x64-gnu@~2.2.1",), YES, YES),
    "sharp": Row(
        ("@img/sharp-linux-x64@~0.35.5", "@img/sharp-libvips-linux-x64@~1.3.4"), "ABI002", YES, words="GLIBC_2.28"
    ),
    "sharp-alone": Row(("@img/sharp-linux-x64@~0.35.5",), "LIB001", "LIB001", words="libvips-cpp.so"),
    "sharp-libvips": Row(("@img/sharp-libvips-linux-x64@~1.3.4",), "ABI002", YES, words="GLIBC_2.28"),
    "napi-rs-canvas": Row(("@napi-rs/canvas-linux-x64-gnu@~1.1.1",), YES, YES),
    "parcel-watcher": Row(("@parcel/watcher-linux-x64-glibc@~2.6.0",), YES, YES),
    "esbuild": Row(("@esbuild/linux-x64@~0.28.2",), YES, YES),
    "better-sqlite3": Row(("better-sqlite3@~12.11.1",), YES, YES),
    "canvas": Row(("canvas@~3.2.3",), YES, YES),
    "bcrypt-5": Row(("bcrypt@~5.1.1",), YES, YES),
    "cryptography-43": Row(("pip cryptography~=43.0.3 manylinux_2_17_x86_64 3.11",), YES, YES),
    "cryptography-50": Row(("pip cryptography~=50.0.2 manylinux_2_28_x86_64 3.12",), "ABI002", YES, words="GLIBC_2.28"),
    "numpy-1": Row(("pip numpy~=1.26.4 manylinux_2_17_x86_64 3.9",), YES, YES),
    "numpy-2": Row(("pip numpy~=2.5.5 manylinux_2_28_x86_64 3.12",), "ABI002", YES, words="GLIBC_2.27"),
    "numpy-2-arm64": Row(("pip numpy~=2.5.5 manylinux_2_28_aarch64 3.12",), "ABI002", YES, "arm64", words="GLIBC_2.27"),
    "psycopg2": Row(("pip psycopg2-binary~=2.9.13 manylinux2014_x86_64 3.12",), YES, YES),
    "psycopg2-musl": Row(("pip psycopg2-binary~=2.9.13 musllinux_1_2_x86_64 3.12",), "ABI003", "ABI003", words="musl"),
    "pydantic-core": Row(("pip pydantic_core~=2.50.4 manylinux2014_x86_64 3.12",), YES, YES),
    "awslambdaric": Row(("pip awslambdaric~=4.2.2 manylinux2014_x86_64 3.11",), YES, YES),
    "duckdb": Row(("duckdb-lambda-x86@~1.4.1",), YES, YES, heavy=True),
    "onnxruntime": Row(
        ("onnxruntime-node@~1.30.0",), "ABI002", YES, file="bin/napi-v*/linux/x64", words="GLIBC_2.28", heavy=True
    ),
    "onnxruntime-arm64": Row(
        ("onnxruntime-node@~1.30.0",), "ABI002", YES, "arm64", "bin/napi-v*/linux/arm64", "GLIBC_2.28", heavy=True
    ),
    # It also asks 2.30, but weakly: an older loader goes on, so 2.29 is what keeps it off Amazon Linux 2.
    "next-swc": Row(("@next/swc-linux-x64-gnu@~16.4.6",), "ABI002", YES, words="GLIBC_2.29", heavy=True),
    "next-swc-musl": Row(("@next/swc-linux-x64-musl@~16.4.6",), "ABI003", "ABI003", words="musl", heavy=True),
    "libphp-al2": Row(("@libphp/amazon-linux-2-v83@~0.0.14",), "LIB001", "LIB001", words="libsystemd.so.0", heavy=True),
    "libphp-al2023": Row(("@libphp/amazon-linux-2023-v84@~0.0.8",), "ABI002", "LIB001", words="GLIBC_2.34", heavy=True),
}


def lay_out(row: Row, into: Path) -> Path:
    """Return what to audit: a folder with the packages, or the one file (or folder) named."""
    folder = into
    for spec in row.packages:
        if spec.startswith("pip "):
            _, name, platform, python = spec.split()
            unpacked(wheel(name, platform, python), into)
        else:
            folder = npm_package(spec, into)
    if not row.file:
        return into
    (found,) = folder.glob(row.file)
    alone = into / "alone"
    alone.mkdir()
    return found.rename(alone / found.name)


@pytest.mark.parametrize(
    "row",
    [pytest.param(row, id=name, marks=[pytest.mark.heavy] if row.heavy else []) for name, row in ROWS.items()],
)
def test_verdict(row: Row, tmp_path: Path) -> None:
    path = lay_out(row, tmp_path / "app")
    for runtime, expected in (("provided.al2", row.al2), ("provided.al2023", row.al2023)):
        found = [
            each
            for each in audit_archive(path, [], target(runtime, row.arch))
            if each.severity == "error" and each.code.startswith(("ABI", "LIB"))
        ]
        assert expected in ({each.code for each in found} or {""}), (runtime, found)
        if not expected:
            assert not found
        elif row.words and expected == (row.al2 or row.al2023):
            assert any(row.words in each.message for each in found), (runtime, found)


def test_an_addon_that_crashes_an_older_node_is_told_apart(tmp_path: Path) -> None:
    """argon2 0.45 satisfies the loader, and ends Node 20 with a segmentation fault: it declares Node-API 10."""
    npm_package("argon2@~0.45.1", tmp_path)
    codes = {
        runtime: {each.code for each in audit_archive(tmp_path, [], target(runtime)) if each.severity == "error"}
        for runtime in ("nodejs20.x", "nodejs22.x")
    }
    assert codes == {"nodejs20.x": {"ABI012"}, "nodejs22.x": set()}
