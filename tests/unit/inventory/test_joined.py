"""Joined code: what of it is an installed package's is told by its source map, and judged as a package's."""

from __future__ import annotations

import json
import zipfile
from typing import TYPE_CHECKING

import pytest

from packager.audit.judge import audit_joined
from packager.inventory.joined import JoinedCode
from packager.model.stages import AuditInputs
from tests.support.mounts import target

if TYPE_CHECKING:
    from pathlib import Path

BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
URL = "dotenv://:key_1234abcd@vault.dotenvx.com/vault/.env.vault"
KEY = "AKIA" + "QZ7P3LW5XK2MN6RT"


def vlq(value: int) -> str:
    rest = (-value << 1) | 1 if value < 0 else value << 1
    digits = ""
    while True:
        rest, digit = rest >> 5, rest & 31
        digits += BASE64[digit | (32 if rest else 0)]
        if not rest:
            return digits


def joined(*pieces: tuple[str, str]) -> tuple[bytes, bytes]:
    """Return text and source map of pieces (source, text), one behind the other; "" is the source of no file."""
    sources = sorted({source for source, _ in pieces if source})
    lines, last_source, last_column = [[""]], 0, 0
    column = 0
    for source, text in pieces:
        number = sources.index(source) if source else 0
        segment = vlq(column - last_column)
        last_column = column
        if source:
            segment += vlq(number - last_source) + vlq(0) + vlq(0)
            last_source = number
        lines[-1].append(segment)
        for letter in text:
            column += len(letter.encode("utf-16-le")) // 2
            if letter == "\n":
                column = last_column = 0
                lines.append([""])
                if source:  # as bundlers do: each line begins with a segment
                    lines[-1].append(vlq(0) + vlq(0) + vlq(0) + vlq(0))
    mappings = ";".join(",".join(part for part in line if part) for line in lines)
    text = "".join(text for _, text in pieces)
    return text.encode(), json.dumps({"version": 3, "sources": sources, "mappings": mappings}).encode()


OWN, PACKAGE = "../src/handler.js", "../node_modules/dotenv/lib/main.js"


def said(folder: Path, text: bytes, source_map: bytes | None) -> list[tuple[str, str]]:
    with zipfile.ZipFile(folder / "a.zip", "w") as archive:
        member = zipfile.ZipInfo("src/handler.js")
        member.create_system, member.external_attr = 3, 0o100644 << 16
        archive.writestr(member, text)
    maps = {"src/handler.js": source_map}
    inputs = AuditInputs("", (), target(), target().budget, "a.zip")
    found = audit_joined(folder / "a.zip", [], inputs, maps.get if source_map else None)
    return [(each.severity, each.code) for each in found if each.code.startswith("SEC")]


@pytest.mark.parametrize("before", ["", "x" * 400, "'ü😀';", "a\nb\n`c\nd`;"])
def test_what_a_package_says_is_no_secret_of_the_users(tmp_path: Path, before: str) -> None:
    pieces = ((OWN, f"{before}var a=1;"), (PACKAGE, f'throw Error("{URL}");'), (OWN, "export{a};"))

    assert said(tmp_path, *joined(*pieces)) == []
    assert said(tmp_path, joined(*pieces)[0], None) == [("error", "SEC002")]


@pytest.mark.parametrize("source", [OWN, "../src/node_modules.js", ""])
@pytest.mark.parametrize("before", ["", "'ü😀';", "a\nb\n"])
def test_what_own_code_says_still_is(tmp_path: Path, source: str, before: str) -> None:
    pieces = ((PACKAGE, f"{before}var a=1;"), (source, f'connect("{URL}");'), (PACKAGE, "f();"))

    assert said(tmp_path, *joined(*pieces)) == [("error", "SEC002")]


def test_a_token_in_the_code_of_a_package_is_a_warning_as_in_a_package(tmp_path: Path) -> None:
    assert said(tmp_path, *joined((OWN, "a();"), (PACKAGE, f'"{KEY}"'))) == [("warning", "SEC002")]
    assert said(tmp_path, *joined((PACKAGE, f'"{KEY}";'), (OWN, f'"{KEY}"'))) == [
        ("error", "SEC002"),
        ("warning", "SEC002"),
    ]


@pytest.mark.parametrize(
    "damaged", [b"", b"{", b"[]", b'{"mappings": 1}', b'{"sources": [null], "mappings": "AAAA,!!;"}']
)
def test_a_damaged_map_excuses_nothing(tmp_path: Path, damaged: bytes) -> None:
    text, _ = joined((PACKAGE, f'"{URL}"'))

    assert said(tmp_path, text, damaged) == [("error", "SEC002")]
    assert not JoinedCode(text, damaged).from_package(3)
