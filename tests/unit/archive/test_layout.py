"""Names proved, sorted and distinct."""

from __future__ import annotations

import pytest

from packager.archive.write.layout import MAX_ENTRIES, case_collisions, make_layout, prove_name
from packager.core.errors import ArtifactError


@pytest.mark.parametrize(
    "name",
    ["a", "-rf", "a b/c", "…/é", ".env", "a/..b", "..a", "a/.hidden/b.", "...", "x" * 255, "C:", "new\nline"],
)
def test_odd_but_safe_names_pass(name: str) -> None:
    assert prove_name(name) == name.encode()


@pytest.mark.parametrize(
    "name",
    [
        "", "/", "/etc/passwd", ".", "..", "./a", "a/.", "../a", "a/..", "a/../b", "a//b", "a/", "a\\b", "..\\a",
        "a\0b", "a\udcff", "x" * 256, "é" * 128, "/".join(["x" * 200] * 25),
    ],
)  # fmt: skip
def test_unsafe_names_are_refused(name: str) -> None:
    with pytest.raises(ArtifactError, match="unsafe name"):
        make_layout([(name, b"")])


def test_entries_are_sorted_by_bytes_not_by_locale() -> None:
    names = ["b", "a/z", "a.txt", "B", "é", "a-b", "\U0001f600", "\ufb00"]

    layout = make_layout((name, b"") for name in names)

    assert [entry.path for entry in layout.entries] == sorted(names, key=str.encode)


def test_a_name_given_twice_is_named() -> None:
    with pytest.raises(ArtifactError, match="two sources") as caught:
        make_layout([("a/x", b"1"), ("b", b""), ("a/x", b"2")])

    assert caught.value.where == "a/x"


@pytest.mark.parametrize("names", [["lib", "lib/a"], ["lib/a/b/c", "lib/a"], ["lib", "lib-x", "lib/a"]])
def test_a_file_that_must_be_a_folder_is_named(names: list[str]) -> None:
    with pytest.raises(ArtifactError, match="file and a folder"):
        make_layout((name, b"") for name in names)


def test_entry_count_stops_where_zip64_would_begin() -> None:
    assert len(make_layout((str(number), b"") for number in range(MAX_ENTRIES)).entries) == MAX_ENTRIES
    with pytest.raises(ArtifactError, match="at most 65,535"):
        make_layout((str(number), b"") for number in range(MAX_ENTRIES + 1))


def test_case_collisions_are_reported_not_refused() -> None:
    names = ["a/Index.js", "a/index.js", "a/INDEX.js", "Straße", "STRASSE", "e\u0301", "\u00e9", "b"]

    make_layout((name, b"") for name in names)

    assert case_collisions(names) == [
        ("STRASSE", "Straße"),
        ("a/INDEX.js", "a/Index.js"),
        ("a/INDEX.js", "a/index.js"),
        ("e\u0301", "\u00e9"),
    ]
