from __future__ import annotations

import ast
import json
import zipfile
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

import packager.audit
from packager.audit.judge import audit, audit_archive
from packager.catalog.finding_codes.registry import CODES, explain
from packager.core.errors import ArtifactError
from tests.support.elfs import write_elf
from tests.support.mounts import MACHO, mounted, target

ADDON = write_elf(needed=["libc.so.6", "libx.so.1"])
LIBRARY = write_elf(soname="libx.so.1", needed=["libc.so.6"])
TOO_NEW = write_elf(needed=["libc.so.6"], versions={"libc.so.6": ["GLIBC_2.38"]})


def write_zip(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            info = zipfile.ZipInfo(name)
            info.external_attr = 0o100644 << 16  # zipfile's own default, 0600, is a finding
            archive.writestr(info, data, zipfile.ZIP_DEFLATED, compresslevel=1)
    return path


def test_a_function_with_its_layer(tmp_path: Path) -> None:
    function = write_zip(tmp_path / "f.zip", {"index.js": b"", "a.node": ADDON})
    layer = write_zip(tmp_path / "l.zip", {"lib/libx.so.1": LIBRARY, "nodejs/node_modules/bad/bad.node": MACHO})
    assert audit_archive(function, [layer], target()) == []
    (alone,) = audit_archive(function, [], target())
    assert (alone.code, alone.subject) == ("LIB001", f"{function}!a.node")
    # The layer's own fault is found where the layer is audited.
    (own,) = audit_archive(layer, [], target(name="aws-lambda-layer"))
    assert (own.code, own.subject) == ("ABI007", f"{layer}!nodejs/node_modules/bad/bad.node")


def test_a_folder_and_a_single_file_get_the_same_verdict(tmp_path: Path) -> None:
    folder = tmp_path / "app"
    (folder / "node_modules/x").mkdir(parents=True)
    (folder / "node_modules/x/package.json").write_text(json.dumps({"name": "x", "version": "1.2.3"}))
    (folder / "node_modules/x/x.node").write_bytes(TOO_NEW)
    (found,) = audit_archive(folder, [], target())
    assert (found.code, found.package) == ("ABI002", "x@1.2.3")
    (single,) = audit_archive(folder / "node_modules/x/x.node", [], target())
    assert (single.code, single.message) == (found.code, found.message)


def test_errors_come_first_and_the_order_is_stable() -> None:
    files = {
        "z.node": TOO_NEW,
        "a.so": write_elf(needed=["libc.so.6"], executable_stack=True),
        "b.node": MACHO,
        "node_modules/x/prebuilds/linux-x64/x.node": write_elf(needed=["libc.so.6"]),
        "node_modules/x/prebuilds/darwin-x64/x.node": MACHO,
    }
    found = audit([mounted(files)], target())
    assert [(each.severity, each.subject) for each in found] == [
        ("error", "b.node"),
        ("error", "z.node"),
        ("warning", "a.so"),
        ("note", "node_modules/x/prebuilds/darwin-x64/x.node"),
    ]


def test_names_that_differ_only_in_case() -> None:
    (found,) = audit([mounted({"lib/Readme.md": b"a", "lib/README.md": b"b"})], target())
    assert (found.severity, found.code) == ("warning", "ZIP001")


def test_sizes_are_part_of_the_verdict(tmp_path: Path) -> None:
    # All zeros, so it looks like a bomb; what it is is too big.
    big = write_zip(tmp_path / "big.zip", {f"{n}.bin": bytes(27_000_000) for n in range(10)})
    (found,) = audit_archive(big, [], target())
    assert found.code == "SIZE002"
    folder = tmp_path / "big"
    folder.mkdir()
    (folder / "model.bin").write_bytes(bytes(1001))
    small = target()
    small = replace(small, budget=msgspec.structs.replace(small.budget, unzipped=1000))
    (found,) = audit_archive(folder, [], small)
    assert found.code == "SIZE002"
    assert "model.bin" in found.fix


def test_what_is_no_archive_is_an_error_and_not_a_finding(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError):
        audit_archive(tmp_path / "missing.zip", [], target())
    (tmp_path / "broken.zip").write_bytes(b"PK\x03\x04 and nothing more")
    with pytest.raises(ArtifactError):
        audit_archive(tmp_path / "broken.zip", [], target())


def test_every_code_that_checks_use_is_in_the_table_and_explains_itself() -> None:
    used = {
        node.value
        for path in Path(packager.audit.__path__[0]).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and node.value[:-3] in ("ABI", "LIB", "SIZE", "ZIP")
        and node.value[-3:].isdigit()
    }
    assert used
    assert used <= set(CODES)
    for row in CODES.values():
        assert row.meaning.endswith(".")
        assert row.fix.endswith(".")
    assert explain("abi002") is CODES["ABI002"]
    assert explain("NOPE1") is None
