"""Archives as no tool should make them: each has its finding, or is refused as unreadable; none stops the audit."""

from __future__ import annotations

import io
import resource
import stat
import struct
import subprocess
import sys
import zipfile
from typing import TYPE_CHECKING

import pytest

from packager.audit.judge import audit_archive
from packager.core.errors import ArtifactError
from tests.support.elfs import write_elf
from tests.support.mounts import target
from tests.unit.archive.zips import Record, compressed, handmade

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from packager.model.findings import Finding

GOOD = Record(b"index.js", b"exports.handler = 1\n")
LINK = stat.S_IFLNK | 0o777
DOS = 20

# name: (members, more arguments, code expected, words of its message)
MEMBERS: dict[str, tuple[tuple[Record, ...], dict[str, bytes], str, str]] = {
    "deflate64": ((Record(b"a.txt", b"a" * 999, method=9),), {}, "ZIP002", "Deflate64"),
    "bzip2": ((Record(b"a", b"a", method=12, stream=b"BZh9"),), {}, "ZIP002", "bzip2"),
    "lzma": ((Record(b"a", b"a", method=14, stream=b"\x09\x14"),), {}, "ZIP002", "LZMA"),
    "zstd": ((Record(b"a", b"a", method=93, stream=b"\x28\xb5\x2f\xfd"),), {}, "ZIP002", "zstd"),
    "unknown-method": ((Record(b"a", b"a", method=77, stream=b"x"),), {}, "ZIP002", "77"),
    "encrypted": ((Record(b"a", b"secret", flags=1),), {}, "ZIP003", "password"),
    "zip64-member": (
        (Record(b"a", b"hello", size=0xFFFFFFFF, extra=struct.pack("<2HQ", 1, 8, 5)),), {}, "ZIP004", "zip64",
    ),
    "stored-with-descriptor": (
        (Record(b"a", b"hello", flags=8, stream=b"hello" + b"PK\7\x08" + bytes(12), compressed=5),),
        {}, "ZIP005", "stored members",
    ),
    "backslash": ((Record(b"lib\\a.js", b"1", made_by=DOS),), {}, "ZIP006", "backslash"),
    "absolute": ((Record(b"/etc/cron.d/x", b"1"),), {}, "ZIP007", "is absolute"),
    "drive": ((Record(b"C:/x.js", b"1"),), {}, "ZIP007", "is absolute"),
    "dot-dot": ((Record(b"../../x.js", b"1"),), {}, "ZIP007", ".. segment"),
    "dot-dot-inside": ((Record(b"a/../../x.js", b"1"),), {}, "ZIP007", ".. segment"),
    "empty-name": ((Record(b"", b"1"),), {}, "ZIP007", "is empty"),
    "nul": ((Record(b"a\0.js", b"1"),), {}, "ZIP007", "NUL"),
    "no-utf-8": ((Record(b"\xff\xfe.js", b"1", flags=0x800),), {}, "ZIP007", "UTF-8"),
    "duplicate": ((Record(b"a.js", b"1"), Record(b"a.js", b"2")), {}, "ZIP008", "more than once"),
    "file-and-folder": ((Record(b"a", b"1"), Record(b"a/", b"")), {}, "ZIP008", "more than once"),
    "dos": ((Record(b"a.js", b"1", made_by=DOS),), {}, "ZIP009", "2 members, such as a.js"),
    "unreadable-mode": ((Record(b"a.js", b"1", mode=0o100600),), {}, "ZIP010", "0600"),
    "link-out": ((Record(b"a", b"../outside", mode=LINK),), {}, "ZIP011", "../outside"),
    "link-absolute": ((Record(b"a", b"/etc/passwd", mode=LINK),), {}, "ZIP011", "/etc/passwd"),
    "wrong-checksum": ((Record(b"a", b"hello", crc=1),), {}, "ZIP012", "checksum"),
    "wrong-checksum-of-a-large-text": ((Record(b"a", b"hello\n" * 99_999, method=8, crc=1),), {}, "ZIP012", "checksum"),
    "longer-than-claimed": ((Record(b"a", b"hello" * 99, method=8, size=5),), {}, "ZIP012", "more than the 5 bytes"),
    "shorter-than-claimed": ((Record(b"a", b"hello", method=8, size=500),), {}, "ZIP012", "its header gives 500"),
    "broken-stream": ((Record(b"a", b"hello", method=8, stream=b"\xff\xff\xff"),), {}, "ZIP012", "damaged"),
    "cut-stream": ((Record(b"a", b"h" * 99, method=8, stream=compressed(b"h" * 99, 8)[:-2]),), {}, "ZIP012", "damaged"),
    "no-local-header": ((Record(b"a", b"hello", offset=3),), {}, "ZIP012", "not where the directory says"),
    "offset-past-the-end": ((Record(b"a", b"hello", offset=1 << 30),), {}, "ZIP012", "not where"),
    "local-name": ((Record(b"a.js", b"1", local_name=b"b.js"),), {}, "ZIP013", "name"),
    "local-method": ((Record(b"a.js", b"1", local_method=8),), {}, "ZIP013", "method"),
    "data-under-a-folder": ((Record(b"folder/", b"content"),), {}, "ZIP014", "folder"),
    "bytes-before": ((GOOD,), {"prefix": b"#!/bin/sh\nexec something\n"}, "ZIP014", "25 bytes before"),
    "bytes-behind": ((GOOD,), {"tail": b"appended"}, "ZIP014", "8 bytes behind the end record"),
    "bytes-between": ((Record(b"a", b"1", stream=b"1HIDDEN", compressed=1),), {}, "ZIP014", "between a and index.js"),
    "bytes-behind-the-last": (
        (GOOD, Record(b"z", b"1", stream=b"1HIDDEN", compressed=1)), {}, "ZIP014", "behind the last member",
    ),
    "overlap": ((Record(b"a", b"x" * 50), Record(b"a", b"x" * 50, offset=0)), {}, "ZIP015", "shares"),
}  # fmt: skip


def findings(path: Path) -> list[Finding]:
    """Return what is said of an archive that stays readable as a whole."""
    return audit_archive(path, [], target())


@pytest.mark.parametrize("name", MEMBERS)
def test_a_malformed_archive_has_its_finding(name: str, tmp_path: Path) -> None:
    records, more, code, words = MEMBERS[name]
    members = records if GOOD in records else (*records, GOOD)
    if name == "dos":
        members = (*records, Record(b"b.js", b"1", made_by=DOS))
        words = "2 of 2 members, such as a.js"
    found = findings(handmade(tmp_path / "x.zip", *members, **more))
    assert any(each.code == code and words in each.message for each in found), found
    # The intact member stays without a finding.
    assert not any(each.subject.endswith("!index.js") for each in found)


def archive(*changes: tuple[int, bytes]) -> bytes:
    """Return a good archive with bytes replaced; negative places count from its end."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as file:
        file.writestr("a", b"a" * 20)
        file.writestr("b", b"b" * 20)
    data = bytearray(stream.getvalue())
    for place, new in changes:
        start = place if place >= 0 else len(data) + place
        data[start : start + len(new)] = new
    return bytes(data)


UNREADABLE: dict[str, bytes] = {
    "empty": b"",
    "text": b"hello",
    "html": b"<html><body>404 Not Found</body></html>",
    "first-half": archive()[:60],
    "no-end-record": archive()[:-22],
    "half-an-end-record": archive()[:-5],
    "directory-past-the-end": archive((-6, b"\xff\xff\xff\x7f")),
    "directory-larger-than-the-file": archive((-10, b"\xff\xff\xff\x7f")),
    "wrong-count": archive((-14, b"\x09\0\x09\0")),
    "directory-signature": archive((-22 - 47, b"XXXX")),
    "gzip": b"\x1f\x8b\x08" + bytes(200),
    "only-an-end-record-that-lies": b"PK\5\6" + struct.pack("<4H2IH", 0, 0, 5, 5, 500, 0, 0),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_what_is_no_archive_is_named_unreadable(name: str, tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    path.write_bytes(UNREADABLE[name])
    with pytest.raises(ArtifactError, match=r"read|not a zip archive") as caught:
        findings(path)
    assert caught.value.where == str(path)


def test_the_list_is_as_long_as_promised() -> None:
    assert len(MEMBERS) + len(UNREADABLE) >= 30


def one_bomb(path: Path) -> Path:
    """Write a small archive that claims to hold 4 GB."""
    stream = compressed(bytes(1 << 26), 8)
    return handmade(path, Record(b"zeros", method=8, stream=stream, size=(4 << 30) - 2, crc=0))


def many_bombs(path: Path) -> Path:
    """Write an archive whose 64 members of 64 MB each are one and the same stream."""
    stream = compressed(bytes(64 << 20), 8)
    first = Record(b"0", method=8, stream=stream, size=64 << 20, crc=0)
    same = [
        Record(str(number).encode(), method=8, stream=b"", size=64 << 20, compressed=len(stream), crc=0, offset=0)
        for number in range(1, 64)
    ]
    return handmade(path, first, *same)


@pytest.mark.parametrize("make", [one_bomb, many_bombs])
def test_a_bomb_is_refused_at_once_and_in_little_memory(make: Callable[[Path], Path], tmp_path: Path) -> None:
    path = make(tmp_path / "bomb.zip")
    limit = 400 << 20  # of address space, of which an interpreter with threads takes half before it does anything
    command = [sys.executable, "-m", "packager", "audit", str(path), "--runtime", "nodejs22.x"]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit)),
    )
    assert done.returncode == 6, done.stderr
    assert "would unpack to" in done.stderr


def test_a_member_that_grows_without_end_is_left_at_its_claim(tmp_path: Path) -> None:
    path = handmade(tmp_path / "x.zip", Record(b"a", method=8, stream=compressed(bytes(1 << 26), 8), size=10, crc=0))
    assert [each.code for each in findings(path)] == ["ZIP012"]


def test_one_finding_per_fault_not_per_reader(tmp_path: Path) -> None:
    """A member that cannot be decoded is not called damaged as well, and a broken binary is not judged twice."""
    path = handmade(tmp_path / "x.zip", Record(b"a.node", write_elf(), method=9), Record(b"b.node", write_elf(), crc=1))
    assert [(each.code, each.subject.rpartition("!")[2]) for each in findings(path)] == [
        ("ZIP002", "a.node"),
        ("ZIP012", "b.node"),
    ]


def test_many_of_a_kind_are_three_findings_that_say_so(tmp_path: Path) -> None:
    records = [Record(f"{number}.js".encode(), b"1", mode=0o100600) for number in range(9)]
    found = findings(handmade(tmp_path / "x.zip", *records))
    assert [each.code for each in found] == ["ZIP010"] * 3
    assert "and so 6 more" in found[-1].message


@pytest.mark.parametrize("strict", [False, True])
def test_archives_of_ordinary_tools_are_fine(strict: bool, tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, strict_timestamps=strict) as file:
        for name in ("a.js", "b/c.js", "b/d é.js"):
            info = zipfile.ZipInfo(name)
            info.external_attr = 0o100644 << 16
            file.writestr(info, b"x" * 5000, zipfile.ZIP_DEFLATED)
    assert findings(path) == []
