"""Links in an archive: followed as the host's file system does once they are unpacked, and what is wrong with them."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

import pytest

from packager.audit.judge import audit_archive
from packager.inventory.archive import scan
from packager.inventory.links import real_path
from tests.support.elfs import write_elf
from tests.support.mounts import target
from tests.support.trees import package_json, write_tree

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

SHARP = ".pnpm/@img+sharp-linux-x64@0.33.5/node_modules/@img"
VIPS = ".pnpm/@img+sharp-libvips-linux-x64@1.0.4/node_modules/@img/sharp-libvips-linux-x64"
MUSL = ".pnpm/@img+sharp-linuxmusl-x64@0.33.5/node_modules/@img/sharp-linuxmusl-x64"
FILES = {
    "index.js": b"require('sharp')",
    f"node_modules/{SHARP}/sharp-linux-x64/package.json": package_json("@img/sharp-linux-x64").encode(),
    f"node_modules/{SHARP}/sharp-linux-x64/lib/sharp-linux-x64.node": write_elf(
        needed=["libvips-cpp.so.42", "libc.so.6"], runpath="$ORIGIN/../../sharp-libvips-linux-x64/lib"
    ),
    f"node_modules/{VIPS}/package.json": package_json("@img/sharp-libvips-linux-x64").encode(),
    f"node_modules/{VIPS}/lib/libvips-cpp.so.42": write_elf(soname="libvips-cpp.so.42", needed=["libc.so.6"]),
    f"node_modules/{MUSL}/package.json": package_json("@img/sharp-linuxmusl-x64").encode(),
    f"node_modules/{MUSL}/lib/sharp-linuxmusl-x64.node": write_elf(needed=["libc.so"]),
}
LINKS = {
    "node_modules/@img/sharp-linux-x64": f"../{SHARP}/sharp-linux-x64",
    f"node_modules/{SHARP}/sharp-libvips-linux-x64": f"../../../../{VIPS}",
}


def zipped(path: Path, files: Mapping[str, bytes], links: Mapping[str, str]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in {**files, **{name: text.encode() for name, text in links.items()}}.items():
            member = zipfile.ZipInfo(name)
            member.create_system = 3
            member.external_attr = (0o120777 if name in links else 0o100644) << 16
            archive.writestr(member, data)
    return path


def said(path: Path, handler: str = "") -> list[tuple[str, str, str]]:
    found = audit_archive(path, [], target("nodejs22.x"), name="a.zip", handler=handler)
    return [(each.severity, each.code, each.subject.partition("!")[2]) for each in found]


def test_a_library_behind_a_linked_folder_is_found_and_other_systems_are_idle(tmp_path: Path) -> None:
    note = [("note", "ABI010", f"node_modules/{MUSL}/lib/sharp-linuxmusl-x64.node")]

    assert said(zipped(tmp_path / "a.zip", FILES, LINKS), "index.handler") == note
    # The folder that was zipped.
    assert said(write_tree(tmp_path / "in", FILES, LINKS), "index.handler") == note


def test_without_the_link_the_library_is_not_found(tmp_path: Path) -> None:
    links = {key: value for key, value in LINKS.items() if "libvips" not in key}

    assert ("error", "LIB001") in [each[:2] for each in said(zipped(tmp_path / "a.zip", FILES, links))]


def test_versions_of_one_package_in_a_store_are_not_twins(tmp_path: Path) -> None:
    other = {name.replace("@0.33.5", "@0.32.0"): data for name, data in FILES.items() if "linuxmusl" in name}
    files = {name: data for name, data in FILES.items() if "linuxmusl" not in name}

    assert ("error", "ABI003") in [each[:2] for each in said(zipped(tmp_path / "a.zip", {**files, **other}, LINKS))]


def test_a_handler_in_a_linked_package_is_there(tmp_path: Path) -> None:
    files = {"node_modules/.pnpm/w@1/node_modules/w/handler.js": b"exports.handler = 1"}
    path = zipped(tmp_path / "a.zip", files, {"node_modules/w": ".pnpm/w@1/node_modules/w"})

    assert said(path, "node_modules/w/handler.handler") == []
    assert ("error", "HND001", "") in said(path, "node_modules/v/handler.handler")


@pytest.mark.parametrize(
    ("links", "code", "severity"),
    [
        ({"node_modules/gone": ".pnpm/gone@1/node_modules/gone"}, "ZIP016", "warning"),
        ({"gone.js": "lib/gone.js"}, "ZIP016", "warning"),
        ({"a": "b", "b": "a"}, "ZIP017", "error"),
        ({"self": "self"}, "ZIP017", "error"),
        ({"self/x": "../self/x/y"}, "ZIP017", "error"),
        ({"out": "../outside"}, "ZIP011", "error"),
        ({"out": "/etc/passwd"}, "ZIP011", "error"),
        # Lexically inside, in truth not: `up` leads to the root, and from there it goes on.
        ({"lib/up": "..", "lib/deep/out": "../up/../outside"}, "ZIP011", "error"),
    ],
)
def test_links_that_lead_nowhere(tmp_path: Path, links: dict[str, str], code: str, severity: str) -> None:
    found = said(zipped(tmp_path / "a.zip", {"index.js": b"", "lib/x.js": b""}, links))

    wrong = list(links)[-1]
    assert (severity, code, wrong) in found
    assert {each[1] for each in found} == {code}


def test_links_that_are_right_are_no_finding_and_cost_what_they_hold(tmp_path: Path) -> None:
    files = {"index.js": b"", "lib/x.js": b"x" * 1000}
    path = zipped(tmp_path / "a.zip", files, {"x.js": "lib/x.js", "l": "lib", "ll": "l", "y.js": "ll/x.js", "dot": "."})

    assert said(path) == []
    inventory = scan(path)
    assert inventory.size_bytes == 1000 + len("lib/x.jsliblll/x.js.")
    assert inventory.links["y.js"] == "lib/x.js"


def test_every_part_of_a_path_may_be_a_link() -> None:
    pointers = {"a": "b", "b": "c/../d", "d/e": "../f"}
    assert real_path("a/e/x", pointers) == "f/x"
