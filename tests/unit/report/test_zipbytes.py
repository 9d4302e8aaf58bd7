"""Why two zips of the same files are not the same, whichever tool wrote them."""

from __future__ import annotations

import random
import zipfile
from typing import TYPE_CHECKING

import pytest

from packager.report.zipbytes import first_difference

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FILES = {"a.js": b"a" * 500, "b.js": b"b" * 700}


def _zip(
    path: Path, edit: Callable[[zipfile.ZipInfo], None] | None = None, *, names: str = "ab", level: int = 6
) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=level) as archive:
        for name in names:
            info = zipfile.ZipInfo(f"{name}.js", (1980, 1, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o100644 << 16
            if edit and name == "b":
                edit(info)
            archive.writestr(info, FILES[f"{name}.js"])
    return path


def _date(info: zipfile.ZipInfo) -> None:
    info.date_time = (2024, 2, 29, 13, 37, 42)


def _mode(info: zipfile.ZipInfo) -> None:
    info.external_attr = 0o100755 << 16


def _method(info: zipfile.ZipInfo) -> None:
    info.compress_type = zipfile.ZIP_STORED


def _extra(info: zipfile.ZipInfo) -> None:
    info.extra = b"\xfe\xca\x02\x00ab"


def _system(info: zipfile.ZipInfo) -> None:
    info.create_system = 0


def test_the_same_bytes_have_no_difference(tmp_path: Path) -> None:
    assert first_difference(_zip(tmp_path / "one.zip"), _zip(tmp_path / "two.zip")) is None


@pytest.mark.parametrize(
    ("edit", "kind", "place", "before", "after"),
    [
        (_date, "date", "date in the header of b.js", "1980-01-01 00:00:00", "2024-02-29 13:37:42"),
        (_mode, "mode", "mode in the directory's record of b.js", "100644", "100755"),
        (_method, "method", "method in the header of b.js", "deflated", "stored"),
        (_extra, "extra", "length of the extra fields in the header of b.js", "0 and 0", "6 and 6"),
        (_system, "system", "system of the writer in the directory's record of b.js", "3", "0"),
    ],
)
def test_each_habit_is_placed_and_named(
    tmp_path: Path, edit: Callable[[zipfile.ZipInfo], None], kind: str, place: str, before: str, after: str
) -> None:
    found = first_difference(_zip(tmp_path / "one.zip"), _zip(tmp_path / "two.zip", edit))

    assert found is not None
    assert found.place == place
    habit = next(habit for habit in found.habits if habit.kind == kind)
    assert (habit.members, habit.example) == (1, "b.js")
    assert habit.before.startswith(before)
    assert habit.after.startswith(after)


def test_order(tmp_path: Path) -> None:
    found = first_difference(_zip(tmp_path / "one.zip"), _zip(tmp_path / "two.zip", names="ba"))

    assert found is not None
    assert [(habit.kind, habit.members, habit.before, habit.after) for habit in found.habits] == [
        ("order", 2, "a.js", "b.js")
    ]


def test_level(tmp_path: Path) -> None:
    words = random.Random(5).choices([b"alpha ", b"beta ", b"gamma ", b"delta "], k=4000)
    for name, level in (("one", 1), ("two", 9)):
        with zipfile.ZipFile(tmp_path / f"{name}.zip", "w") as archive:
            archive.writestr(zipfile.ZipInfo("a"), b"".join(words), zipfile.ZIP_DEFLATED, level)
    found = first_difference(tmp_path / "one.zip", tmp_path / "two.zip")

    assert found is not None
    assert found.place == "compressed size in the header of a"
    assert [habit.kind for habit in found.habits] == ["stream"]


def test_comment_and_prefix(tmp_path: Path) -> None:
    plain = _zip(tmp_path / "one.zip")
    with zipfile.ZipFile(_zip(tmp_path / "two.zip"), "a") as archive:
        archive.comment = b"made on a Friday"
    found = first_difference(plain, tmp_path / "two.zip")
    assert found is not None
    assert found.place == "the end of the directory"
    assert [(habit.kind, habit.after) for habit in found.habits] == [("comment", "made on a Friday")]

    (tmp_path / "three.zip").write_bytes(b"#!/bin/sh\n" + plain.read_bytes())
    found = first_difference(tmp_path / "three.zip", plain)
    assert found is not None
    assert (found.offset, found.place) == (0, "what stands before the archive")
    assert "prefix" in {habit.kind for habit in found.habits}
