"""Members that are not held whole: the archive is what it should be, the same from bytes, files and the store."""

from __future__ import annotations

import hashlib
import random
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from packager.archive.cache import store as store_module
from packager.archive.cache.member_cache import open_cache
from packager.archive.pack import pack
from packager.archive.write import large_members as large_members_module
from packager.archive.write import members as members_module
from packager.archive.write.large_members import UnknownStreamError
from packager.archive.write.layout import make_layout
from packager.archive.write.sources import read_parts
from packager.archive.write.writer import write
from packager.core.errors import ArtifactError, EnvironmentFault
from tests.support.trees import write_tree

if TYPE_CHECKING:
    from collections.abc import Iterator

PART = 100_000
CONTENTS = {
    "text.txt": b"".join(b"line %d\n" % number for number in range(40_000)),
    "program": b"\x7fELF" + b"code" * 100_000,
    "noise.bin": random.Random(1).randbytes(350_000),
    "small.js": b"1",
}


@pytest.fixture(autouse=True)
def small_giants(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(members_module, "PART_BYTES", PART)
    for module in (members_module, store_module):
        monkeypatch.setattr(module, "GIANT_BYTES", 2 * PART)
    monkeypatch.setattr(store_module, "_READ_BYTES", 2 * PART)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_tree(tmp_path / "in", CONTENTS)


def _contents(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def test_giants_are_what_they_were(root: Path, tmp_path: Path) -> None:
    made = pack(root, tmp_path / "out.zip")

    assert _contents(made.path) == CONTENTS
    members = {member.path: member for member in made.members}
    assert {name: member.sha256 for name, member in members.items()} == {
        name: hashlib.sha256(data).hexdigest() for name, data in CONTENTS.items()
    }
    assert members["program"].executable
    assert members["noise.bin"].compressed_bytes == len(CONTENTS["noise.bin"])
    assert members["text.txt"].compressed_bytes < len(CONTENTS["text.txt"]) / 3
    assert [path.name for path in tmp_path.iterdir() if path.name != "in"] == ["out.zip"]


def test_bytes_files_and_the_store_give_the_same(root: Path, tmp_path: Path) -> None:
    cache = open_cache(tmp_path / "cache")
    plain = pack(root, tmp_path / "plain.zip").sha256

    assert write(make_layout(CONTENTS.items()), tmp_path / "bytes.zip").sha256 == plain
    assert pack(root, tmp_path / "cold.zip", cache=cache).sha256 == plain
    assert pack(root, tmp_path / "warm.zip", cache=cache).sha256 == plain
    assert pack(root, tmp_path / "one.zip", jobs=1).sha256 == plain


def test_a_giant_out_of_the_store_is_not_compressed_again(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = open_cache(tmp_path / "cache")
    first = pack(root, tmp_path / "cold.zip", cache=cache)
    monkeypatch.setattr(members_module, "lay_aside", None)

    assert pack(root, tmp_path / "warm.zip", cache=cache).sha256 == first.sha256


def test_a_giant_damaged_in_the_store_is_compressed_again(root: Path, tmp_path: Path) -> None:
    cache = open_cache(tmp_path / "cache")
    first = pack(root, tmp_path / "cold.zip", cache=cache)
    (packed,) = cache.folder.glob("members/*/*.pack")
    data = bytearray(packed.read_bytes())
    data[len(data) // 2] ^= 1
    packed.write_bytes(data)

    assert pack(root, tmp_path / "warm.zip", cache=cache).sha256 == first.sha256


def test_a_stream_that_cannot_be_made_in_parts_is_made_whole(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(*_: object) -> bytearray:
        raise UnknownStreamError

    monkeypatch.setattr(large_members_module, "compress_part", unknown)
    assert _contents(pack(root, tmp_path / "out.zip").path) == CONTENTS


@pytest.mark.parametrize("change", [b"", b"more"])
def test_a_giant_that_changes_meanwhile_is_named(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: bytes
) -> None:

    def late(*words: object) -> Iterator[bytes]:
        text = root / "text.txt"
        text.write_bytes(CONTENTS["text.txt"] + change if change else CONTENTS["text.txt"][:-1])
        return read_parts(*words)  # type: ignore[arg-type]

    monkeypatch.setattr(members_module, "read_parts", late)

    with pytest.raises(ArtifactError, match="changed while it was packed") as raised:
        pack(root, tmp_path / "out.zip")

    assert raised.value.where == str(root / "text.txt")
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


def test_a_full_disk_is_told(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: large_members_module.LaidAside, data: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(large_members_module.LaidAside, "append", full)

    with pytest.raises(EnvironmentFault, match="No space left"):
        pack(root, tmp_path / "out.zip")


_MEASURED = """
from pathlib import Path
from packager.cli import main

try:
    main()
finally:
    print(*[line.split()[1] for line in Path("/proc/self/status").read_text().splitlines() if "VmHWM" in line])
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="wants Linux")
@pytest.mark.parametrize("kind", ["noise", "text"])
@pytest.mark.parametrize("megabytes", [64, pytest.param(200, marks=pytest.mark.slow)])
def test_memory_does_not_grow_with_a_member(tmp_path: Path, kind: str, megabytes: int) -> None:
    """As many MB in one file, packed by a process of its own; 110 to 118 MB are in use, whatever the file's size."""
    source = tmp_path / "in"
    source.mkdir()
    chance = random.Random(1)
    with (source / "large").open("wb") as file:
        for _ in range(megabytes):
            file.write(chance.randbytes(1 << 20) if kind == "noise" else chance.randbytes(1 << 15) * 32)
    words = ["pack", str(source), "-o", str(tmp_path / "out.zip"), "--cache", str(tmp_path / "cache")]
    command = [sys.executable, "-c", _MEASURED, *words, "--compress", "fast"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout

    # In kilobytes: proc(5). What getrusage tells includes the parent, before the program was loaded.
    assert int(said.split()[-1]) < 140_000
