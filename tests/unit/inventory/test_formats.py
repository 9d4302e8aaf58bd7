from __future__ import annotations

import pytest

from packager.inventory.formats import impostor, sniff
from tests.support.elfs import write_elf

DOS_HEADER = b"MZ" + bytes(58) + (128).to_bytes(4, "little") + b"more"


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        pytest.param(write_elf()[:64], "elf", id="elf"),
        pytest.param(b"\xcf\xfa\xed\xfe\x0c\x00\x00\x01", "macho", id="macho-arm64"),
        pytest.param(b"\xfe\xed\xfa\xce\x00\x00\x00\x07", "macho", id="macho-big-endian"),
        pytest.param(b"\xca\xfe\xba\xbe\x00\x00\x00\x02", "macho", id="universal"),
        pytest.param(b"\xca\xfe\xba\xbe\x00\x00\x00\x34", "other", id="java-class"),
        pytest.param(DOS_HEADER, "pe", id="pe"),
        pytest.param(b"MZ is how this text begins, and it goes on for long enough to be seen.", "pe", id="mz-text"),
        pytest.param(b"MZ", "other", id="mz-short"),
        pytest.param(b"#!/usr/bin/env node\n", "script", id="script"),
        pytest.param(b"", "other", id="empty"),
        pytest.param(b"\x7fEL", "other", id="cut"),
    ],
)
def test_sniff(head: bytes, expected: str) -> None:
    assert sniff(head) == expected


@pytest.mark.parametrize(
    ("path", "head", "expected"),
    [
        ("a/b.node", b"module.exports = 1\n", "text"),
        ("a/b.node", b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "LFS"),
        ("a/libz.so.1.2", b"", "empty"),
        ("a/b.so", b"\x00\x01\x02\x03", "unknown first bytes 00 01 02 03"),
        ("a/libm.so", b"/* GNU ld script\n*/ GROUP ( /lib64/libm.so.6 )", ""),
        ("a/libm.so", b"INPUT(libx.so.2)", ""),
        ("a/b.node", write_elf()[:64], ""),
        ("a/b.so.js", b"module.exports = 1\n", ""),
        ("a/b.so", b"\xcf\xfa\xed\xfe\x0c", ""),
    ],
)
def test_impostor(path: str, head: bytes, expected: str) -> None:
    found = impostor(path, head)
    assert (expected in found) if expected else not found
