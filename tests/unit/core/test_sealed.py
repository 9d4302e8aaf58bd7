"""Documents with a checksum: read back as they were written, or not at all."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from packager.core.sealed import read_plain, seal, unseal
from tests.support.bits import flipped

if TYPE_CHECKING:
    from pathlib import Path

DOCUMENTS = [[], {}, "", 0, False, [1, 2.5, "é\udcff\n", {"a": ["b", None]}], {"sha256": "x", "content": []}]


@pytest.mark.parametrize("document", DOCUMENTS)
def test_what_is_sealed_comes_back(document: object) -> None:
    content = seal(document, "this")

    assert unseal(content, "this") == document
    assert json.loads(content)["content"] == document, "people and other tools can read it"


@pytest.mark.parametrize("document", DOCUMENTS)
def test_no_other_bytes_are_believed(document: object) -> None:
    content = seal(document, "this")

    for damaged in flipped(content):
        assert unseal(damaged, "this") is None
    for length in range(len(content)):
        assert unseal(content[:length], "this") is None
        assert unseal(content[length + 1 :], "this") is None
    for more in (b"\n", b" ", b"\0", content):
        assert unseal(content + more, "this") is None
        assert unseal(more + content, "this") is None


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b"null", b"\xff" * 99, b"[" * 99999, b'{"content": []}'])
def test_what_was_never_sealed_is_not_there(content: bytes) -> None:
    assert unseal(content, "this") is None


def test_a_document_about_something_else_is_not_believed() -> None:
    assert unseal(seal(["proved"], "one"), "another") is None


def test_only_a_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(seal([1], "this"))
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")

    said = {name: read_plain(tmp_path / name) for name in ("file", "folder", "pipe")}

    assert said == {"file": seal([1], "this"), "folder": None, "pipe": None}
    with pytest.raises(FileNotFoundError):
        read_plain(tmp_path / "missing")
