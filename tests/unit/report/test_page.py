"""The page: one file, needs no network, repeats byte for byte, and no name of a file becomes markup."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from packager.report.difference import compare
from packager.report.page import document, kind_of, page
from packager.report.summary import ArtifactContents, PackedFile

if TYPE_CHECKING:
    from pathlib import Path

HOSTILE = "</script><img src=x onerror=alert(1)>.js"
CONTENTS = ArtifactContents(
    "api.zip",
    500,
    (
        PackedFile("a/b/c.js", 300, 100, 1, "p@1.0.0", "a/b", "p"),
        PackedFile("a/d.so", 800, 200, 2),
        PackedFile(HOSTILE, 10, 10, 3),
    ),
)


def _data(text: str) -> Any:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.DOTALL)
    assert found
    return json.loads(found[1])


def test_the_page_holds_its_data_and_nothing_of_it_is_markup() -> None:
    text = page(CONTENTS)

    assert _data(text) == json.loads(json.dumps(document(CONTENTS, None, None)))
    assert "<img" not in text
    assert text.count("<script") == text.count("</script>") == 2


def test_the_page_asks_nobody() -> None:
    text = page(ArtifactContents("api.zip", 500, CONTENTS.items[:2]))

    assert "default-src 'none'" in text
    assert not re.search(r"https?://|\bsrc=|@import|url\(|fetch\(|XMLHttp", text)


def test_the_page_repeats() -> None:
    assert page(CONTENTS) == page(CONTENTS)


def test_the_tree_has_folders_and_files() -> None:
    tree = document(CONTENTS, None, None)["tree"]

    assert tree[0] == "api.zip"
    assert tree[1][0] == ["a", [["b", [["c.js", 300, 100, 1]]], ["d.so", 800, 200, 0]]]
    assert tree[1][1] == [
        "<",
        [[HOSTILE.removeprefix("</"), 10, 10, 1]],
    ]  # a slash is a folder, whatever it was meant for


def test_what_changed_against_another(tmp_path: Path) -> None:
    other = ArtifactContents("old.zip", 400, CONTENTS.items[:1])
    data = document(CONTENTS, compare(other, CONTENTS), other)["difference"]

    assert (data["name"], data["counts"]) == ("old.zip", [2, 0, 0])
    assert [row[:2] for row in data["files"]] == [("added", "a/d.so"), ("added", HOSTILE)]


def test_kinds() -> None:
    assert [kind_of(path) for path in ("x/libvips-cpp.so.42", "y.node", "z.mjs", "z.js.map", "LICENSE")] == [
        "native", "native", "code", "spare", "other",
    ]  # fmt: skip
