"""The scratch folder's path leaves every text, however it is spelled; binaries stay as they are and are named."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from packager.builders.normalise import normalise

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(params=["plain", 'a "quoted" ü b'])
def root(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    folder = tmp_path / str(request.param) / "packager-0123456789abcdef"
    folder.mkdir(parents=True)
    return folder


def test_every_spelling_becomes_the_working_directory(root: Path) -> None:
    inside = f"{root}/src/a.js"
    texts = {
        "plain.js": (f"require('{inside}')", "require('/var/task/src/a.js')"),
        "json.json": (json.dumps({"_where": inside}), json.dumps({"_where": "/var/task/src/a.js"})),
        "utf8.json": (json.dumps(inside, ensure_ascii=False), '"/var/task/src/a.js"'),
        "url.mjs": ((root / "src/a.js").as_uri(), "file:///var/task/src/a.js"),
        "slashes.js": (json.dumps(inside).replace("/", "\\/"), '"\\/var\\/task\\/src\\/a.js"'),
        "nested.js": (json.dumps(json.dumps(inside)), json.dumps('"/var/task/src/a.js"')),
        "twice.txt": (f"{root}:{root}", "/var/task:/var/task"),
    }
    for name, (before, _) in texts.items():
        (root / name).write_text(before, encoding="utf-8")
    (root / "other.js").write_text("nothing to see")
    (root / "empty.js").write_text("")
    done = normalise(root, [str(root)])
    assert {name: (root / name).read_text(encoding="utf-8") for name in texts} == {
        name: after for name, (_, after) in texts.items()
    }
    assert done.changed == tuple(sorted(texts))
    assert done.left == ()


def test_the_longer_of_two_spellings_goes_first(tmp_path: Path) -> None:
    root = tmp_path / "packager-1"
    root.mkdir()
    (root / "a").write_text(f"/private{root}/x and {root}/y")
    normalise(root, [str(root), f"/private{root}"])
    assert (root / "a").read_text() == "/var/task/x and /var/task/y"


def test_binaries_are_reported_and_not_changed(root: Path) -> None:
    content = b"\x7fELF\0" + str(root).encode() + b"\0"
    (root / "addon.node").write_bytes(content)
    done = normalise(root, [str(root)])
    assert (done.changed, done.left) == ((), ("addon.node",))
    assert (root / "addon.node").read_bytes() == content


def test_a_text_with_another_spelling_is_reported(root: Path) -> None:
    (root / "relative.js").write_text(f"require('../../{root.name}/a')")
    assert normalise(root, [str(root)]).left == ("relative.js",)


def test_modes_stay_and_hard_links_to_a_cache_are_cut(root: Path, tmp_path: Path) -> None:
    cached = tmp_path / "cached"
    cached.write_text(f"#!/bin/sh\n{root}\n")
    cached.chmod(0o755)
    (root / "tool").hardlink_to(cached)
    normalise(root, [str(root)])
    assert (root / "tool").stat().st_mode & 0o777 == 0o755
    assert str(root) in cached.read_text()


def test_absolute_links_become_relative(root: Path) -> None:
    (root / "lib").mkdir()
    (root / "lib/a.js").write_text("a")
    (root / "lib/b.js").symlink_to(root / "lib/a.js")
    (root / "folder").symlink_to(root / "lib")
    (root / "kept").symlink_to("lib/a.js")
    assert normalise(root, [str(root)]).changed == ("folder", "lib/b.js")
    assert [str((root / name).readlink()) for name in ("lib/b.js", "folder", "kept")] == ["a.js", "lib", "lib/a.js"]


def test_rewriting_a_file_writes_through_no_link_and_over_no_other_file(root: Path) -> None:
    victim = root.parent / "victim.txt"
    victim.write_text("as it was")
    (root / "a.js").write_text(f"{root}/x")
    (root / "a.js.packager").symlink_to(victim)
    (root / "b.js").write_text(f"{root}/x")
    (root / "b.js.packager").write_text("the project's own")

    normalise(root, [str(root)])

    assert victim.read_text() == "as it was"
    assert sorted(path.name for path in root.iterdir()) == ["a.js", "a.js.packager", "b.js", "b.js.packager"]
    assert (root / "b.js.packager").read_text() == "the project's own"
    assert (root / "a.js").read_text() == (root / "b.js").read_text() == "/var/task/x"
