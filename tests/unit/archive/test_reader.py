"""Reading archives of every origin, and refusing what is broken, hostile or beyond the limits."""

from __future__ import annotations

import hashlib
import shutil
import struct
import zipfile
from pathlib import Path

import pytest

from packager.archive.read.inflate import inflater
from packager.archive.read.reader import ReadLimits, open_archive
from packager.archive.write.layout import make_layout
from packager.archive.write.writer import write
from packager.core.errors import ArtifactError
from tests.unit.archive.zips import TREE, Record, compressed, handmade

TEXT = b"the quick brown fox " * 9000


def _read(path: Path) -> dict[str, bytes]:
    with open_archive(path) as archive:
        return {member.path: archive.read(member) for member in archive.members}


def test_our_own_archives(tmp_path: Path) -> None:
    artifact = write(make_layout(TREE.items()), tmp_path / "a.zip")

    assert _read(artifact.path) == TREE
    with open_archive(artifact.path) as archive:
        facts = [(member.path, member.size_bytes, member.compressed_bytes) for member in archive.members]
        assert facts == [(member.path, member.size_bytes, member.compressed_bytes) for member in artifact.members]
        assert {member.mode for member in archive.members} == {0o100644, 0o100755}
        assert archive.size_bytes == artifact.unzipped_bytes


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_zipfiles_archives(tmp_path: Path, method: int) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, content in TREE.items():
            archive.writestr(name, content)
        archive.writestr(zipfile.ZipInfo("folder/"), b"")
        archive.comment = b"said PK\5\6 nothing"

    assert _read(path) == {**TREE, "folder/": b""}


def test_archives_streamed_with_data_descriptors(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"

    class Pipe:
        """A file that cannot seek: zipfile then writes sizes after the data."""

        def __init__(self) -> None:
            self.file = path.open("wb")

        def write(self, data: bytes) -> int:
            return self.file.write(data)

        def flush(self) -> None:
            self.file.flush()

    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:  # type: ignore[call-overload]
        archive.writestr("a", TEXT)
    pipe.file.close()

    assert _read(path) == {"a": TEXT}
    with open_archive(path) as opened:
        assert opened.members[0].flags & 8


def test_zip64_records_are_read(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("a", "w", force_zip64=True) as member,
    ):
        member.write(TEXT)
    assert _read(path) == {"a": TEXT}

    extra = struct.pack("<2H3Q", 1, 24, 3, 3, 0)
    record = Record(b"a", b"abc", size=0xFFFFFFFF, compressed=0xFFFFFFFF, offset=0xFFFFFFFF, extra=extra)
    with open_archive(handmade(tmp_path / "b.zip", record)) as opened:
        member64 = opened.members[0]
        assert (member64.size_bytes, member64.compressed_bytes, member64.header_offset) == (3, 3, 0)
        assert member64.zip64
        assert opened.read(member64) == b"abc"


def test_streams_can_be_read_in_pieces(tmp_path: Path) -> None:
    path = handmade(tmp_path / "a.zip", Record(b"a", TEXT, method=8), Record(b"b", TEXT, method=0))
    with open_archive(path) as archive:
        first, second = (archive.open(member) for member in archive.members)
        digest = hashlib.sha256()
        while piece := first.read(777):
            assert second.read(len(piece)) == piece
            digest.update(piece)
    assert digest.digest() == hashlib.sha256(TEXT).digest()


def test_facts_of_a_windows_archive(tmp_path: Path) -> None:
    path = handmade(
        tmp_path / "a.zip", Record(b"dir\\a.txt", b"x", made_by=20, mode=0), Record(b"dir/", made_by=20, mode=0)
    )
    with open_archive(path) as archive:
        file, folder = archive.members
    assert (file.path, file.mode, file.create_system, file.is_dir) == ("dir\\a.txt", None, 0, False)
    assert (folder.is_dir, folder.is_symlink, folder.encrypted) == (True, False, False)


@pytest.mark.parametrize(
    ("record", "name"),
    [
        (Record("é".encode(), flags=0x800), "é"),
        (Record("é".encode()), "é"),
        (Record("é".encode(), made_by=20), "├⌐"),
        (Record(b"\x82", made_by=20), "é"),
        (Record(b"\x82"), "é"),
        (Record(b"\xff", flags=0x800), "\udcff"),
    ],
    ids=["flagged", "unflagged from Unix", "unflagged from DOS", "code page 437", "437 from Unix", "flag lies"],
)
def test_names_are_decoded_as_their_writer_meant(tmp_path: Path, record: Record, name: str) -> None:
    with open_archive(handmade(tmp_path / "a.zip", record)) as archive:
        assert archive.members[0].path == name


def test_bytes_before_and_after_are_known(tmp_path: Path) -> None:
    record = Record(b"a", b"abc")
    with open_archive(handmade(tmp_path / "a.zip", record, prefix=b"#!/bin/sh\n", comment=b"hello")) as archive:
        assert archive.directory.prefix_bytes == 10
        assert archive.directory.comment == b"hello"
        assert archive.read(archive.members[0]) == b"abc"
    assert _read(handmade(tmp_path / "b.zip", record, tail=b"appended")) == {"a": b"abc"}


BROKEN: dict[str, list[Record]] = {
    "encrypted": [Record(b"a", b"abc", flags=1)],
    "method 12": [Record(b"a", stream=b"BZh", method=12, size=3, crc=0)],
    "method 14": [Record(b"a", stream=b"abc", method=14, size=3, crc=0)],
    "method 93": [Record(b"a", stream=b"abc", method=93, size=3, crc=0)],
    "checksum": [Record(b"a", b"abc", crc=1)],
    "holds 3 bytes, but its header gives 4": [Record(b"a", b"abc", size=4)],
    "more than the 2 bytes": [Record(b"a", b"abc", size=2)],
    "described differently": [Record(b"a", b"abc", local_name=b"b")],
    "by the header before": [Record(b"a", b"abc", local_method=8)],
    "not where the directory says": [Record(b"a", b"abc", offset=1)],
    "data is not where": [Record(b"a", b"abc", offset=0xFFFFFFF0)],
    "damaged: ": [Record(b"a", TEXT, method=8, stream=b"\xff" * 50)],
    "ends too early": [Record(b"a", TEXT, method=8, stream=compressed(TEXT, 8)[:-9])],
    "cut off": [Record(b"a", b"abc", compressed=500, size=500)],
}


@pytest.mark.parametrize("message", BROKEN)
def test_a_broken_member_is_refused_and_named(tmp_path: Path, message: str) -> None:
    path = handmade(tmp_path / "a.zip", *BROKEN[message])
    with open_archive(path) as archive, pytest.raises(ArtifactError, match=message) as caught:
        archive.read(archive.members[0])

    assert caught.value.where == f"{path}!a"


def _damaged(path: Path, name: str) -> bytes:
    whole = handmade(path, Record(b"a", b"abc"), Record(b"b", b"def")).read_bytes()
    directory = whole.index(b"PK\1\2")
    return {
        "empty": b"",
        "no zip": b"\x7fELF" * 100,
        "cut in the middle": whole[: len(whole) // 2],
        "cut by one": whole[:-1],
        "only an end": whole[-22:],
        "count too high": whole[:-12] + b"\x09\0" + whole[-10:],
        "directory overwritten": whole[:directory] + b"XX" + whole[directory + 2 :],
        "name beyond the end": whole[: directory + 28] + b"\xff\xff" + whole[directory + 30 :],
        "directory too long": whole[:-10] + struct.pack("<I", 1 << 30) + whole[-6:],
        "zip64 field missing": whole[: directory + 20] + b"\xff" * 4 + whole[directory + 24 :],
        "zip64 locator alone": whole[:-22] + b"PK\6\7" + bytes(16) + whole[-22:],
        "tar": b"./a\0" + bytes(1020),
    }[name]


@pytest.mark.parametrize(
    "name",
    [
        "empty", "no zip", "cut in the middle", "cut by one", "only an end", "count too high", "directory overwritten",
        "name beyond the end", "directory too long", "zip64 field missing", "zip64 locator alone", "tar",
    ],
)  # fmt: skip
def test_a_file_without_a_readable_directory_is_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(_damaged(path, name))

    with pytest.raises(ArtifactError, match="cannot be read") as caught:
        open_archive(path)

    assert caught.value.where == str(path)
    assert caught.value.exit_code == 6


def test_a_missing_file_and_a_folder(tmp_path: Path) -> None:
    for path in (tmp_path / "missing.zip", tmp_path):
        with pytest.raises(ArtifactError):
            open_archive(path)


def test_a_bomb_by_total_is_refused_unread(tmp_path: Path) -> None:
    records = [Record(f"{number}".encode(), stream=b"x", method=8, size=1 << 30, crc=0) for number in range(4)]
    with (
        open_archive(handmade(tmp_path / "a.zip", *records)) as archive,
        pytest.raises(ArtifactError, match=r"would unpack to 4\.00 GB"),
    ):
        archive.open(archive.members[0])


def test_a_bomb_by_ratio_is_refused_unread(tmp_path: Path) -> None:
    record = Record(b"zeros", stream=b"x", method=8, size=100 << 20, crc=0)
    with (
        open_archive(handmade(tmp_path / "a.zip", record)) as archive,
        pytest.raises(ArtifactError, match="looks like a zip bomb"),
    ):
        archive.open(archive.members[0])


def test_a_bomb_that_lies_about_its_size_is_stopped(tmp_path: Path) -> None:
    record = Record(b"zeros", bytes(40 << 20), method=8, size=1000)
    with (
        open_archive(handmade(tmp_path / "a.zip", record), limits=ReadLimits(total_bytes=2000)) as archive,
        pytest.raises(ArtifactError, match="more than the 1,000 bytes"),
    ):
        archive.read(archive.members[0])


def test_pieces_stay_small(tmp_path: Path) -> None:
    pieces = [len(piece) for piece in inflater(8)([compressed(bytes(10 << 20), 8)])]

    assert sum(pieces) == 10 << 20
    assert max(pieces) <= 64 << 10


@pytest.mark.parametrize(("kind", "name"), [("gztar", "gzip"), ("bztar", "bzip2"), ("xztar", "xz")])
def test_archives_of_other_kinds_are_named(kind: str, name: str, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    other = Path(shutil.make_archive(str(tmp_path / "app"), kind, tmp_path / "in"))

    with pytest.raises(ArtifactError, match=f"is a {name} file, not a zip archive\n  fix: unpack it"):
        open_archive(other)


@pytest.mark.parametrize("begins", [b"7z\xbc\xaf\x27\x1c\x00\x04", b"\x28\xb5\x2f\xfd\x04", b"Rar!\x1a\x07\x01\x00"])
def test_so_are_those_python_does_not_write(begins: bytes, tmp_path: Path) -> None:
    (tmp_path / "app").write_bytes(begins + b"x" * 99)

    with pytest.raises(ArtifactError, match=r"app: is a (7z|zstd|RAR) file"):
        open_archive(tmp_path / "app")
