"""Several builds of one addon: what the files say of themselves, and which of them are idle here."""

from __future__ import annotations

import io
import shutil
import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from packager.audit.judge import audit
from packager.inventory.builds import idle_builds, unserved_builds
from packager.inventory.elf import read_elf
from packager.model.findings import Mounted
from packager.model.inventory import File, Inventory, Package
from packager.model.packages import package_folder
from packager.prove.running.natives import native_files
from packager.select.trim.platforms import foreign_files
from tests.support.elfs import EM_AARCH64, write_elf
from tests.support.mounts import target

if TYPE_CHECKING:
    from pathlib import Path

NODE22 = target("nodejs22.x")
OLD = "node_modules/deasync/bin/linux-x64-node-9/deasync.node"
RIGHT = "node_modules/deasync/bin/linux-x64-node-22/deasync.node"


def addon(path: str, modules: int = 0, glibc: str = "GLIBC_2.17", machine: int = 62) -> File:
    """Return an addon of the C++ interface (`modules`), or of Node-API."""
    data = write_elf(machine=machine, needed=["libc.so.6"], versions={"libc.so.6": [glibc]})
    elf = replace(read_elf(io.BytesIO(data)), node_modules=modules, node_api=0 if modules else 8)
    folder = package_folder(path)
    package = Package(folder.rpartition("node_modules/")[2], "1.0.0", folder) if folder else None
    return File(path, len(data), "elf", elf, package=package)


def said(*files: File) -> list[tuple[str, str, str]]:
    found = audit([Mounted("/var/task", Inventory(tuple(sorted(files, key=lambda file: file.path))), "")], NODE22)
    return [(each.severity, each.code, each.subject) for each in found]


@pytest.mark.parametrize(
    ("idle", "right"),
    [
        (addon(OLD, 59), addon(RIGHT)),
        (addon(OLD, 59), addon("node_modules/deasync/build/Release/deasync.node", 127)),
        (
            addon("node_modules/p/prebuilds/linux-x64/p.node.abi108.node", 108),
            addon("node_modules/p/prebuilds/linux-x64/p.node.abi127.node", 127),
        ),
        (addon("node_modules/uws/uws_linux_57.node", 57), addon("node_modules/uws/uws_linux_127.node", 127)),
        (addon("node_modules/f/bin/linux-x64-83-glibc/f.node", 83), addon("node_modules/f/build/Release/f.node", 127)),
        (
            addon("node_modules/s/lib/binding/node-v57-linux-x64/s.node", 57),
            addon("node_modules/s/lib/binding/node-v127-linux-x64/s.node", 127),
        ),
        (
            addon("node_modules/e/prebuilds/linux-x64/electron.abi89.node", 89),
            addon("node_modules/e/prebuilds/linux-x64/node.napi.node"),
        ),
        (
            addon("node_modules/@l/l-linux-x64/node.abi108.uv1.node", 108),
            addon("node_modules/@l/l-linux-x64/node.abi127.uv1.node", 127),
        ),
        (
            addon("node_modules/@l/l-linux-x64-abi108/l.node", 108),
            addon("node_modules/@l/l-linux-x64-abi127/l.node", 127),
        ),
        (
            addon("node_modules/z/build/linux/x64/node/glibc-147-Release/addon.node", 0, "GLIBC_2.38"),
            addon("node_modules/z/build/linux/x64/node/127/addon.node"),
        ),
        (
            addon("node_modules/z/build/linux/x64/node/glibc-127-Release/addon.node", 0, "GLIBC_2.38"),
            addon("node_modules/z/build/linux/x64/node/115/addon.node"),
        ),
    ],
    ids=lambda file: file.path.partition("/")[2],
)
def test_what_fails_beside_what_serves_is_idle(idle: File, right: File) -> None:
    assert list(idle_builds([idle, right], NODE22)) == [idle.path]
    assert "the target's" in foreign_files([idle, right], NODE22)[idle.path]
    assert said(idle, right) == [("note", "ABI010", idle.path)]


@pytest.mark.parametrize(
    "files",
    [
        # What is called nothing but build/Release is what its package loads, whatever lies beside it.
        (addon("node_modules/b/build/Release/b.node", 115), addon("node_modules/b/prebuilds/linux-x64/node.napi.node")),
        (
            addon("node_modules/node-b/build/Release/b.node", 115),
            addon("node_modules/node-b/prebuilds/linux-x64/node.napi.node"),
        ),
        # Two addons of one package.
        (
            addon("node_modules/c/bin/linux-x64-115/read.node", 115),
            addon("node_modules/c/bin/linux-x64-127/w.node", 127),
        ),
        # Another package's.
        (addon("node_modules/d/bin/linux-x64-115/x.node", 115), addon("node_modules/e/bin/linux-x64-127/x.node", 127)),
        # node-gyp-build takes the build for exactly this Node, not that of Node-API.
        (
            addon("node_modules/g/prebuilds/linux-x64/node.abi127.node", 127, "GLIBC_2.38"),
            addon("node_modules/g/prebuilds/linux-x64/node.napi.node"),
        ),
        # What serves on another machine does not serve here.
        (addon(OLD, 59), addon("node_modules/deasync/bin/linux-arm64-node-22/deasync.node", 0, machine=EM_AARCH64)),
        # A build for another program than Node does not serve.
        (
            addon("node_modules/h/prebuilds/linux-x64/node.abi108.node", 108),
            addon("node_modules/h/prebuilds/linux-x64/electron.napi.node"),
        ),
    ],
    ids=["compiled", "compiled-in-node-b", "two-addons", "two-packages", "exact-name", "arm64", "electron"],
)
def test_what_nothing_right_stands_beside_stays_an_error(files: tuple[File, File]) -> None:
    wrong = files[0]
    assert wrong.path not in idle_builds(files, NODE22)
    assert wrong.path not in foreign_files(files, NODE22)
    assert [(severity, subject) for severity, _, subject in said(*files) if severity == "error"] == [
        ("error", wrong.path)
    ]


def test_of_many_builds_for_other_nodes_the_nearest_stands_for_the_fault() -> None:
    files = [addon(f"node_modules/deasync/bin/linux-x64-node-{n}/deasync.node", 40 + n) for n in (4, 8, 9)]

    assert sorted(unserved_builds(files, NODE22)) == [files[0].path, files[1].path]
    assert not foreign_files(files, NODE22)
    assert said(*files) == [("error", "ABI013", OLD), ("note", "ABI010", files[0].path)]


def test_a_proof_opens_what_serves_and_one_where_nothing_does(tmp_path: Path) -> None:
    data = {path: _registering(tmp_path, version) for path, version in ((OLD, 59), (RIGHT, 127))}
    for path, content in data.items():
        (tmp_path / "task" / path).parent.mkdir(parents=True)
        (tmp_path / "task" / path).write_bytes(content)
    older = tmp_path / "task" / OLD.replace("node-9", "node-8")
    older.parent.mkdir()
    older.write_bytes(_registering(tmp_path, 57))

    assert native_files(tmp_path / "task", "/var/task", NODE22) == (f"/var/task/{RIGHT}",)
    (tmp_path / "task" / RIGHT).unlink()
    assert native_files(tmp_path / "task", "/var/task", NODE22) == (f"/var/task/{OLD}",)


@pytest.mark.parametrize("version", [11, 46, 57, 127])
def test_the_version_an_addon_registers_is_read(tmp_path: Path, version: int) -> None:
    assert read_elf(io.BytesIO(_registering(tmp_path, version))).node_modules == version


def test_a_module_of_node_api_registers_no_version_of_node(tmp_path: Path) -> None:
    source = _SOURCE.replace("node_module_register", "napi_module_register")
    assert read_elf(io.BytesIO(_compiled(tmp_path, source))).node_modules == 0


# What NODE_MODULE makes in node.h of Node 4 to 24; and the record of Node 0.10, which is looked up by its name.
_SOURCE = """
extern void node_module_register(void *);
extern void _ZN2v87Isolate10GetCurrentEv(void);
static void start(void) { _ZN2v87Isolate10GetCurrentEv(); }
static struct { int version; unsigned flags; void *handle; const char *file; void (*a)(void); void (*b)(void);
                const char *name; void *priv; void *link; }
    module = { VERSION, 0, 0, "../src/deasync.cc", start, 0, "deasync", 0, 0 };
__attribute__((constructor)) static void registers(void) { node_module_register(&module); }
"""
_SOURCE_010 = """
extern void _ZN2v87Isolate10GetCurrentEv(void);
static void start(void) { _ZN2v87Isolate10GetCurrentEv(); }
struct { int version; void *handle; const char *file; void (*a)(void); const char *name; }
    deasync_module = { VERSION, 0, "../src/deasync.cc", start, "deasync" };
"""


def _registering(folder: Path, version: int) -> bytes:
    source = _SOURCE_010 if version < 12 else _SOURCE
    return _compiled(folder, source.replace("VERSION", str(version)))


def _compiled(folder: Path, source: str) -> bytes:
    if shutil.which("gcc") is None:
        pytest.skip("there is no compiler here")
    (folder / "addon.c").write_text(source.replace("VERSION", "1"), encoding="utf-8")
    subprocess.run(["gcc", "-shared", "-fPIC", "-o", folder / "addon.so", folder / "addon.c"], check=True)
    return (folder / "addon.so").read_bytes()
