"""What keeps code from starting although every library is there: modes, interpreters, languages, layouts, handlers."""

from __future__ import annotations

import json
import zipfile
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from packager.audit.judge import audit, audit_archive
from packager.model.findings import Mounted
from packager.model.inventory import Inventory, Package
from tests.support.elfs import ET_EXEC, write_elf
from tests.support.mounts import findings, mounted, target

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from packager.model.findings import Finding
    from packager.model.inventory import File
    from packager.model.targets import Target

PROGRAM = write_elf(type=ET_EXEC)
OWN = target("provided.al2023")
NODE = target("nodejs22.x")
PYTHON = target("python3.12")
LAYER = target("nodejs22.x", name="aws-lambda-layer")


def zipped(
    path: Path, files: Mapping[str, bytes | str], modes: Mapping[str, int] | None = None, system: int = 3
) -> Path:
    """Write an archive: files are 0644 unless `modes` says otherwise; `system` 0 keeps none, as on Windows."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            info = zipfile.ZipInfo(name)
            info.create_system = system
            info.external_attr = (0o100000 | (modes or {}).get(name, 0o644)) << 16 if system else 0
            archive.writestr(info, data)
    return path


def codes(found: list[Finding]) -> list[tuple[str, str]]:
    """Return (severity, code) of findings."""
    return [(each.severity, each.code) for each in found]


def verdict(
    tmp_path: Path, files: Mapping[str, bytes | str], on: Target, handler: str = "", **more: int
) -> list[Finding]:
    """Return the findings about an archive of these files; keywords are modes by name."""
    path = zipped(tmp_path / "x.zip", files, {name.replace("_", "/"): mode for name, mode in more.items()})
    return audit_archive(path, [], on, handler=handler)


# --- custom runtimes, execute bits and interpreters


def test_a_custom_runtime_starts_its_bootstrap(tmp_path: Path) -> None:
    assert codes(verdict(tmp_path, {"bootstrap": PROGRAM}, OWN, bootstrap=0o755)) == []
    assert codes(verdict(tmp_path, {"bootstrap": "#!/bin/sh\n"}, OWN, bootstrap=0o755)) == []
    (lacking,) = verdict(tmp_path, {"app/Bootstrap": PROGRAM}, OWN, app_Bootstrap=0o755)
    assert (lacking.severity, lacking.code) == ("error", "HND004")
    assert "there is app/Bootstrap" in lacking.message
    (text,) = verdict(tmp_path, {"bootstrap": "exec node\n"}, OWN, bootstrap=0o755)
    assert text.code == "HND004"


def test_a_layer_may_hold_the_bootstrap(tmp_path: Path) -> None:
    layer = zipped(tmp_path / "layer.zip", {"bootstrap": PROGRAM}, {"bootstrap": 0o755})
    function = zipped(tmp_path / "x.zip", {"index.js": ""})
    assert audit_archive(function, [layer], OWN) == []


@pytest.mark.parametrize("mode", [0o644, 0o744, 0o754])
def test_programs_have_to_be_executable_for_everybody(tmp_path: Path, mode: int) -> None:
    assert ("error", "EXE001") in codes(verdict(tmp_path, {"bootstrap": PROGRAM}, OWN, bootstrap=mode))
    assert ("warning", "EXE001") in codes(verdict(tmp_path, {"bin/tool": PROGRAM}, NODE, bin_tool=mode))


def test_archives_of_windows_keep_no_execute_bit(tmp_path: Path) -> None:
    path = zipped(tmp_path / "x.zip", {"bootstrap": PROGRAM}, system=0)
    assert codes(audit_archive(path, [], OWN)) == [("error", "EXE001"), ("warning", "ZIP009")]


def test_libraries_need_no_execute_bit(tmp_path: Path) -> None:
    assert verdict(tmp_path, {"lib/x.so": write_elf(needed=["libc.so.6"]), "a.node": write_elf()}, NODE) == []


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("#!/bin/sh", ""),
        ("#!/bin/bash -e", ""),
        ("#!/usr/bin/env bash", ""),
        ("#!/var/task/tool", ""),
        ("#!/bin/sh\r", "Windows line ends"),
        ("#!/usr/bin/env python3", "python3"),
        ("#!/home/me/venv/bin/python", "/home/me/venv"),
        ("#!/usr/bin/perl", "perl"),
    ],
)
def test_interpreters(tmp_path: Path, line: str, words: str) -> None:
    files: dict[str, bytes | str] = {"bootstrap": f"{line}\nexit 0\n", "tool": PROGRAM}
    found = verdict(tmp_path, files, OWN, bootstrap=0o755, tool=0o755)
    assert codes(found) == ([("error", "EXE002")] if words else [])
    assert all(words in each.message for each in found)


def test_the_runtimes_own_language_is_an_interpreter(tmp_path: Path) -> None:
    scripts = {"a": "#!/usr/bin/env node\n", "b": "#!/usr/bin/env python3\n"}
    assert [each.subject[-1] for each in verdict(tmp_path, scripts, NODE, a=0o755, b=0o755)] == ["b"]
    assert [each.subject[-1] for each in verdict(tmp_path, scripts, PYTHON, a=0o755, b=0o755)] == ["a"]


# --- Node and Python


def with_facts(file: File, **facts: Any) -> File:
    """Return a file whose ELF facts are changed."""
    assert file.elf is not None
    return replace(file, elf=replace(file.elf, **facts))


@pytest.mark.parametrize(
    ("runtime", "facts", "expected"),
    [
        ("nodejs22.x", {"node_api": 9}, []),
        ("nodejs22.x", {"node_api": 10}, []),
        ("nodejs20.x", {"node_api": 10}, [("error", "ABI012")]),
        ("nodejs22.x", {"node_api": 11}, [("error", "ABI012")]),
        ("nodejs24.x", {"node_api": 11}, []),
        ("nodejs22.x", {"node_modules": 127}, []),
        ("nodejs22.x", {"node_modules": 115}, [("error", "ABI013")]),
        ("nodejs20.x", {"node_modules": 115}, []),
        ("nodejs22.x", {"node_modules": 115, "node_api": 8}, []),
        ("provided.al2023", {"node_modules": 115}, []),
    ],
)
def test_addons_and_releases_of_node(runtime: str, facts: dict[str, int], expected: list[tuple[str, str]]) -> None:
    (file,) = mounted({"a.node": write_elf(needed=["libc.so.6"])}).inventory.files
    mount = Mounted("/var/task", Inventory((with_facts(file, **facts),)), "")
    assert codes(audit([mount], target(runtime))) == expected


def test_python_looks_only_at_its_own_tag() -> None:
    elf = write_elf(needed=["libc.so.6"])
    other = "p/_x.cpython-311-x86_64-linux-gnu.so"
    (found,) = findings({other: elf}, PYTHON)
    assert (found.severity, found.code) == ("error", "ABI014")
    assert "Python 3.11" in found.message
    for fine in ("p/_x.cpython-312-x86_64-linux-gnu.so", "p/_x.abi3.so", "p/_x.so"):
        assert findings({fine: elf}, PYTHON) == []
        assert findings({fine: elf, other: elf}, PYTHON) == []
    (free,) = findings({"p/_x.cpython-312t-x86_64-linux-gnu.so": elf}, PYTHON)
    assert "without the GIL" in free.message
    assert findings({other: elf}, NODE) == []


@pytest.mark.parametrize(
    ("tags", "matches"),
    [
        (("cp312-cp312-manylinux_2_17_x86_64", "cp312-cp312-manylinux2014_x86_64"), True),
        (("cp39-abi3-manylinux_2_17_x86_64",), True),
        (("cp313-abi3-manylinux_2_17_x86_64",), False),
        (("py3-none-manylinux_2_17_x86_64",), True),
        (("cp312-cp312-manylinux_2_17_aarch64",), False),
        (("cp312-cp312-macosx_11_0_arm64",), False),
        (("cp312-cp312-win_amd64",), False),
        (("cp311-cp311-manylinux_2_17_x86_64",), False),
        ((), True),
    ],
)
def test_wheels_say_what_they_are_for(tags: tuple[str, ...], matches: bool) -> None:
    (file,) = mounted({"p/x.so": write_elf(needed=["libc.so.6"])}).inventory.files
    owned = replace(file, package=Package("p", "1.0", "p-1.0.dist-info", tags=tags))
    found = audit([Mounted("/var/task", Inventory((owned,)), "")], PYTHON)
    assert codes(found) == ([] if matches else [("error", "ABI015")])


def test_tags_are_read_from_the_wheels_own_metadata(tmp_path: Path) -> None:
    files: dict[str, bytes | str] = {
        "p/x.so": write_elf(needed=["libc.so.6"]),
        "p-1.0.dist-info/METADATA": "Name: p\n",
        "p-1.0.dist-info/RECORD": "p/x.so,,\n",
        "p-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nTag: cp311-cp311-manylinux2014_x86_64\n",
    }
    (found,) = verdict(tmp_path, files, PYTHON)
    assert (found.code, found.package) == ("ABI015", "p@1.0")
    assert "--python-version 3.12" in found.fix


# --- layers


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (["nodejs/node_modules/a/index.js"], []),
        (["nodejs/node22/node_modules/a/index.js"], []),
        (["bin/tool"], []),
        (["lib/x.txt"], []),
        (["node_modules/a/index.js"], [("error", "LAY001")]),
        (["nodejs/a/index.js"], [("error", "LAY001")]),
        (["nodejs/node18/node_modules/a/index.js"], [("error", "LAY002")]),
        (["nodejs/node_modules/a/a.js", "nodejs/node18/node_modules/b/b.js"], [("warning", "LAY002")]),
        (["nodejs/node_modules/a/a.js", "assets/logo.svg"], [("warning", "LAY001")]),
        (["README.md", "nodejs/node_modules/a/a.js"], [("warning", "LAY001")]),
        (["python/a.py"], [("error", "LAY001")]),
    ],
)
def test_layers_of_node(tmp_path: Path, files: list[str], expected: list[tuple[str, str]]) -> None:
    assert codes(verdict(tmp_path, dict.fromkeys(files, "x"), LAYER)) == expected


def test_layers_of_python(tmp_path: Path) -> None:
    layer = target("python3.12", name="aws-lambda-layer")
    for path, expected in (
        ("python/a/__init__.py", []),
        ("python/lib/python3.12/site-packages/a.py", []),
        ("python/lib/python3.11/site-packages/a.py", [("error", "LAY002")]),
        ("site-packages/a.py", [("error", "LAY001")]),
    ):
        assert codes(verdict(tmp_path, {path: "x"}, layer)) == expected, path


# --- handlers

CJS = "exports.handler = async () => 1\n"
ESM = "export const handler = async () => 1\n"


@pytest.mark.parametrize(
    ("files", "handler", "expected", "words"),
    [
        ({"index.js": CJS}, "index.handler", [], ""),
        ({"src/a/index.js": CJS}, "src/a/index.handler", [], ""),
        ({"index.mjs": ESM}, "index.handler", [], ""),
        ({"index.js": ESM, "package.json": {"type": "module"}}, "index.handler", [], ""),
        ({"src/index.js": ESM, "package.json": {"type": "module"}}, "src/index.handler", [], ""),
        ({"index.js": "module.exports = require('./other')"}, "index.handler", [], ""),
        ({"index.js": CJS}, "index", ["HND001"], "FILE.EXPORT"),
        ({"index.ts": CJS}, "index.handler", ["HND001"], "not been compiled"),
        ({"Index.js": CJS}, "index.handler", ["HND001"], "upper and lower case"),
        ({"app/index.js": CJS}, "index.handler", ["HND001"], "folder app/ around everything"),
        ({"other.js": CJS}, "index.handler", ["HND001"], "is not in it"),
        ({"index.cjs": ESM}, "index.handler", ["HND002"], ".cjs makes it CommonJS"),
        ({"index.js": ESM, "package.json": {"type": "commonjs"}}, "index.handler", ["HND002"], "commonjs"),
        ({"index.mjs": CJS}, "index.handler", ["HND002"], ".mjs makes it an ES module"),
        ({"index.js": CJS, "package.json": {"type": "module"}}, "index.handler", ["HND002"], "package.json"),
        ({"index.js": CJS}, "index.main", ["HND003"], "'main'"),
    ],
)  # fmt: skip
def test_handlers_of_node(
    tmp_path: Path, files: dict[str, object], handler: str, expected: list[str], words: str
) -> None:
    texts = {name: data if isinstance(data, str) else json.dumps(data) for name, data in files.items()}
    found = verdict(tmp_path, texts, NODE, handler)
    assert [each.code for each in found] == expected
    assert all(words in each.message for each in found)


def test_hosts_that_serve_files_ask_for_the_file_alone(tmp_path: Path) -> None:
    server, module = target(name="up"), target(name="vercel")
    assert verdict(tmp_path, {"app.js": "require('http').createServer()"}, server, "app") == []
    assert codes(verdict(tmp_path, {"other.js": ""}, server, "app")) == [("error", "HND001")]
    assert verdict(tmp_path, {"index.js": "module.exports = (req, res) => res.end()"}, module, "index.default") == []


def test_a_module_of_no_declared_kind_is_for_newer_nodes_to_find_out_where_the_host_lets_them(tmp_path: Path) -> None:
    def said(runtime: str) -> list[tuple[str, str]]:
        return codes(verdict(tmp_path, {"index.js": ESM}, target(runtime), "index.handler"))

    assert said("nodejs18.x") == [("error", "HND002")]
    assert said("nodejs22.x") == [("error", "HND002")], "Lambda switches that off"
    assert said("nodejs24.x") == [("warning", "HND002")], "not known: the proof decides"


@pytest.mark.parametrize(
    ("files", "handler", "expected"),
    [
        ({"app.py": "def handler(event, context): ..."}, "app.handler", []),
        ({"src/app.py": "def handler(event, context): ..."}, "src/app.handler", []),
        ({"src/app.py": "def handler(event, context): ..."}, "src.app.handler", []),
        ({"app/__init__.py": "def handler(event, context): ..."}, "app.handler", []),
        ({"app.py": "def main(event, context): ..."}, "app.handler", [("warning", "HND003")]),
        ({"main.py": ""}, "app.handler", [("error", "HND001")]),
    ],
)
def test_handlers_of_python(
    tmp_path: Path, files: dict[str, str], handler: str, expected: list[tuple[str, str]]
) -> None:
    assert codes(verdict(tmp_path, files, PYTHON, handler)) == expected


def test_without_a_handler_nothing_is_said_of_it(tmp_path: Path) -> None:
    assert verdict(tmp_path, {"readme.txt": "x"}, NODE) == []
