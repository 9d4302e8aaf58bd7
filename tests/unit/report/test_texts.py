"""What `packager diff` says of two contents."""

from __future__ import annotations

from packager.report.difference import compare
from packager.report.summary import ArtifactContents, PackedFile
from packager.report.texts import SHOWN, diff_json, diff_lines
from packager.report.zipbytes import ByteDifference, Habit
from tests.support.documents import check


def _file(path: str, size: int, crc: int = 1, package: str = "") -> PackedFile:
    return PackedFile(
        path, size, size // 2, crc, package, f"node_modules/{package.partition('@')[0]}" if package else ""
    )


BEFORE = ArtifactContents("a.zip", 4096, (_file("a.js", 100), _file("node_modules/p/x.js", 2000, 1, "p@1.0.0")))
AFTER = ArtifactContents(
    "b.zip", 8192, (_file("a.js", 200, 2), _file("b.js", 50), _file("node_modules/p/x.js", 4048, 2, "p@2.0.0"))
)
IN_BYTES = ByteDifference(
    14, "a.js, checksum", (Habit("content", 2, "a.js", "1", "2"), Habit("date", 3, "a.js", "1980-01-01", "2026-01-01"))
)


def test_files_and_packages_that_changed() -> None:
    difference = compare(BEFORE, AFTER)
    lines = list(diff_lines(BEFORE, AFTER, difference, IN_BYTES))

    assert lines[0].startswith("2 → 3 files, ")
    assert lines[1].startswith("zipped 4.00 KB → 8.00 KB (+4.00 KB)")
    assert "package node_modules/p: 1.0.0 → 2.0.0, +2.00 KB" in lines
    assert [line for line in lines if line[0] in "+-~"] == [
        "+ b.js  +50 B",
        "~ node_modules/p/x.js  +2.00 KB",
        "~ a.js  +100 B",
    ]
    assert lines[-2] == "the files part at byte 14: a.js, checksum"
    assert lines[-1] == "  dates: a.js and 2 more: 1980-01-01 → 2026-01-01", "contents were listed already"


def test_the_same_contents_in_other_bytes() -> None:
    lines = list(diff_lines(BEFORE, BEFORE, compare(BEFORE, BEFORE), IN_BYTES))

    assert lines[0] == "the same 2 files with the same contents"
    assert len(lines) == 4


def test_of_many_files_the_largest_are_listed() -> None:
    many = ArtifactContents("c.zip", 0, tuple(_file(f"{number:03}.js", number) for number in range(1, SHOWN + 6)))
    lines = list(
        diff_lines(many, ArtifactContents("d.zip", 0, ()), compare(many, ArtifactContents("d.zip", 0, ())), None)
    )

    assert len(lines) == 1 + SHOWN + 1
    assert lines[1].startswith("- 025.js")
    assert lines[-1] == "- 5 more files  -15 B"


def test_the_document() -> None:
    data = diff_json(BEFORE, AFTER, compare(BEFORE, AFTER), IN_BYTES, identical=False)
    check("diff", data)

    assert data["changed"][0] == {"path": "a.js", "before": 100, "after": 200}
    assert data["bytes"]["causes"][1]["kind"] == "date"
    assert diff_json(BEFORE, BEFORE, compare(BEFORE, BEFORE), None, identical=True)["bytes"] is None
