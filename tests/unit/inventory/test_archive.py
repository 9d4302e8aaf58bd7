from __future__ import annotations

import json
import stat
import zipfile
from typing import TYPE_CHECKING

import pytest

from packager.core.errors import ArtifactError
from packager.inventory.archive import scan, scan_archive, scan_folder
from packager.model.inventory import Package
from tests.support.elfs import write_elf
from tests.support.mounts import MACHO, PE

if TYPE_CHECKING:
    from pathlib import Path

LIBRARY = write_elf(soname="libx.so.1", needed=["libc.so.6"])
FILES = {
    "index.js": b"exports.handler = 1\n",
    "bin/tool-without-extension": LIBRARY,
    "lib/notes.txt": LIBRARY,
    "node_modules/a/package.json": json.dumps({"name": "a", "version": "1.2.3", "os": ["linux"]}).encode(),
    "node_modules/a/build/a.node": LIBRARY,
    "node_modules/a/node_modules/@s/b/package.json": json.dumps({"version": "0.1.0"}).encode(),
    "node_modules/a/node_modules/@s/b/b.node": MACHO,
    "node_modules/broken/package.json": b"{",
    "node_modules/broken/x.node": PE,
    "python/_cffi.so": LIBRARY,
    "python/cffi/api.py": b"",
    "python/cffi-1.17.1.dist-info/METADATA": b"Name: cffi\n",
    "python/cffi-1.17.1.dist-info/RECORD": b"_cffi.so,sha256=x,1\ncffi/api.py,,\n",
    "python/my_pkg/m.so": LIBRARY,
    "python/my_pkg.libs/libz-1234.so.1": LIBRARY,
    "python/my_pkg-2.0.dist-info/METADATA": b"Name: my-pkg\n",
    "run.sh": b"#!/bin/sh\n",
    "src/data.node": b"text\n",
}


def as_zip(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo("empty/"), b"")
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def as_folder(path: Path, files: dict[str, bytes]) -> Path:
    for name, data in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(data)
    return path


@pytest.mark.parametrize("make", [as_zip, as_folder])
def test_files_with_facts_and_packages(tmp_path: Path, make: object) -> None:
    inventory = scan(make(tmp_path / "artifact.d", FILES))  # type: ignore[operator]
    assert [file.path for file in inventory.files] == sorted(FILES)
    by = inventory.by_path
    assert inventory.size_bytes == sum(map(len, FILES.values()))
    # By content, whatever the name.
    for path in ("bin/tool-without-extension", "lib/notes.txt", "node_modules/a/build/a.node"):
        elf = by[path].elf
        assert elf is not None
        assert elf.soname == "libx.so.1"
    assert by["node_modules/a/node_modules/@s/b/b.node"].format == "macho"
    assert by["node_modules/broken/x.node"].format == "pe"
    assert by["run.sh"].format == "script"
    assert "text" in by["src/data.node"].unreadable
    assert by["node_modules/a/build/a.node"].package == Package("a", "1.2.3", "node_modules/a", ("linux",))
    nested = "node_modules/a/node_modules/@s/b"
    assert by[f"{nested}/b.node"].package == Package("@s/b", "0.1.0", nested)
    assert by["node_modules/broken/x.node"].package == Package("broken", "", "node_modules/broken")
    assert by["index.js"].package is None
    cffi = Package("cffi", "1.17.1", "python/cffi-1.17.1.dist-info")
    assert by["python/_cffi.so"].package == by["python/cffi/api.py"].package == cffi
    mine = Package("my-pkg", "2.0", "python/my_pkg-2.0.dist-info")
    assert by["python/my_pkg/m.so"].package == by["python/my_pkg.libs/libz-1234.so.1"].package == mine


def test_links_in_an_archive_are_followed_inside_it(tmp_path: Path) -> None:
    path = as_zip(tmp_path / "a.zip", {"lib/libx.so.1.2": LIBRARY})
    with zipfile.ZipFile(path, "a") as archive:
        for name, pointer in (
            ("lib/libx.so.1", "libx.so.1.2"),
            ("lib/libx.so", "../lib/libx.so.1"),
            ("lib/lost.so", "../../outside.so"),
            ("lib/round.so", "round.so"),
            ("lib/lost.txt", "nowhere"),
        ):
            info = zipfile.ZipInfo(name)
            info.create_system = 3
            info.external_attr = (stat.S_IFLNK | 0o777) << 16
            archive.writestr(info, pointer)
    by = scan_archive(path).by_path
    assert by["lib/libx.so"].elf == by["lib/libx.so.1"].elf == by["lib/libx.so.1.2"].elf is not None
    assert by["lib/libx.so"].size_bytes == len("../lib/libx.so.1")
    assert "not in the archive" in by["lib/lost.so"].unreadable
    assert "not in the archive" in by["lib/round.so"].unreadable
    assert not by["lib/lost.txt"].unreadable


def test_a_damaged_member_is_a_fact_about_that_member(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.node", LIBRARY)
        archive.writestr("b.js", b"good")
    data = bytearray(path.read_bytes())
    data[200] ^= 0xFF
    path.write_bytes(data)
    by = scan_archive(path).by_path
    assert "damaged" in by["a.node"].unreadable
    assert not by["b.js"].unreadable


def test_a_binary_larger_than_memory_allows_is_read_from_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("packager.inventory.archive._IN_MEMORY_BYTES", 100)
    by = scan_archive(as_zip(tmp_path / "a.zip", {"a.node": LIBRARY})).by_path
    assert by["a.node"].elf is not None


def test_unreadable_inputs(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError):
        scan(tmp_path / "missing")
    (tmp_path / "x.zip").write_bytes(b"no zip")
    with pytest.raises(ArtifactError):
        scan(tmp_path / "x.zip")
    folder = as_folder(tmp_path / "f", {"a.js": b""})
    (folder / "out").symlink_to("/etc/hostname")
    with pytest.raises(ArtifactError):
        scan_folder(folder)
