"""Walking a folder: links inside are followed, everything an archive cannot hold is named."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from packager.archive.fastpath import walk as tree_module
from packager.archive.tree import walk
from packager.core.errors import ArtifactError
from tests.unit.archive.zips import TREE, tree


def _walked(root: Path) -> dict[str, bytes]:
    return {name: source.read_bytes() for name, source in walk(root)}


def test_a_plain_tree_with_odd_names(tmp_path: Path) -> None:
    root = tree(tmp_path / "in", {**TREE, ".hidden/.env": b"x", " lead": b"", "a\nb": b"", "*": b"1"})
    (root / "empty" / "folder").mkdir(parents=True)

    assert _walked(root) == {**TREE, ".hidden/.env": b"x", " lead": b"", "a\nb": b"", "*": b"1"}


def test_links_inside_become_content(tmp_path: Path) -> None:
    """As pnpm lays packages out, each of them once in a store beside links to it."""
    root = tree(tmp_path / "in", {"node_modules/.pnpm/a@1/node_modules/a/index.js": b"a", "packages/lib/x.js": b"x"})
    modules = root / "node_modules"
    (modules / "a").symlink_to(".pnpm/a@1/node_modules/a")
    (modules / ".pnpm/b@1/node_modules").mkdir(parents=True)
    (modules / ".pnpm/b@1/node_modules/a").symlink_to("../../a@1/node_modules/a")
    (modules / "lib").symlink_to(root / "packages" / "lib")
    (root / "main.js").symlink_to("packages/lib/x.js")

    assert _walked(root) == {
        "main.js": b"x",
        "node_modules/.pnpm/a@1/node_modules/a/index.js": b"a",
        "node_modules/.pnpm/b@1/node_modules/a/index.js": b"a",
        "node_modules/a/index.js": b"a",
        "node_modules/lib/x.js": b"x",
        "packages/lib/x.js": b"x",
    }
    assert all(not source.is_symlink() for _, source in walk(root))


def test_the_root_itself_may_be_a_link(tmp_path: Path) -> None:
    tree(tmp_path / "real", {"a": b"1"})
    (tmp_path / "link").symlink_to("real")
    (tmp_path / "real" / "b").symlink_to("a")

    assert _walked(tmp_path / "link") == {"a": b"1", "b": b"1"}


def test_links_may_end_within_a_wider_folder(tmp_path: Path) -> None:
    root = tree(tmp_path, {"app/a": b"1", "packages/lib/x": b"2"}) / "app"
    (root / "lib").symlink_to("../packages/lib")

    with pytest.raises(ArtifactError, match="outside"):
        list(walk(root))
    assert sorted(name for name, _ in walk(root, within=tmp_path)) == ["a", "lib/x"]


@pytest.mark.parametrize("target", ["../outside/file", "../outside", "/", "../in-sibling"])
def test_a_link_to_outside_names_link_and_target(tmp_path: Path, target: str) -> None:
    tree(tmp_path, {"outside/file": b"secret", "in/a": b"", "in-sibling/b": b""})
    (tmp_path / "in" / "link").symlink_to(target)

    with pytest.raises(ArtifactError, match="outside") as caught:
        list(walk(tmp_path / "in"))

    assert caught.value.where == str(tmp_path / "in" / "link")
    assert str((tmp_path / "in" / target).resolve()) in caught.value.message


def test_a_dangling_link_names_its_target(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("nowhere")

    with pytest.raises(ArtifactError, match="nowhere, which does not exist") as caught:
        list(walk(tmp_path))

    assert caught.value.fix


def test_links_in_a_circle(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")

    with pytest.raises(ArtifactError, match="cannot be followed"):
        list(walk(tmp_path))


@pytest.mark.parametrize(
    ("link", "target"),
    [("self", "."), ("a/b/up", "../.."), ("a/b/up", ".."), ("a/b/here", ".")],
    ids=["root", "root from below", "parent", "own folder"],
)
def test_a_link_to_a_folder_around_it(tmp_path: Path, link: str, target: str) -> None:
    tree(tmp_path, {"a/b/c": b""})
    (tmp_path / link).symlink_to(target)

    with pytest.raises(ArtifactError, match="no end"):
        list(walk(tmp_path))


def test_two_folders_that_link_to_each_other(tmp_path: Path) -> None:
    """Each link alone is harmless; a workspace whose packages depend on each other looks like this."""
    tree(tmp_path, {"a/x": b"", "b/y": b""})
    (tmp_path / "a" / "to-b").symlink_to("../b")
    (tmp_path / "b" / "to-a").symlink_to("../a")

    with pytest.raises(ArtifactError, match="no end"):
        list(walk(tmp_path))


def test_two_links_to_one_folder_are_no_circle(tmp_path: Path) -> None:
    tree(tmp_path, {"a/x": b"1"})
    (tmp_path / "b").symlink_to("a")
    (tmp_path / "c").symlink_to("b")

    assert sorted(_walked(tmp_path)) == ["a/x", "b/x", "c/x"]


def test_links_that_multiply_a_tree_come_to_an_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tree_module, "MAX_FILES", 1000)
    for level in range(12):
        tree(tmp_path, {f"{level}/x": b""})
        if level:
            (tmp_path / f"{level}" / "one").symlink_to(f"../{level - 1}")
            (tmp_path / f"{level}" / "two").symlink_to(f"../{level - 1}")

    with pytest.raises(ArtifactError, match="more than 1,000 files"):
        list(walk(tmp_path))


def test_what_an_archive_cannot_hold(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ArtifactError, match="a named pipe"):
        list(walk(tmp_path))
    (tmp_path / "pipe").unlink()

    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "s"))
        with pytest.raises(ArtifactError, match="a socket"):
            list(walk(tmp_path))


def test_a_link_to_a_device_is_outside_or_special(tmp_path: Path) -> None:
    (tmp_path / "null").symlink_to("/dev/null")

    with pytest.raises(ArtifactError, match="outside"):
        list(walk(tmp_path))
    with pytest.raises(ArtifactError, match="a device"):
        list(walk(tmp_path, within=Path("/")))


def test_a_name_that_is_not_utf8(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"caf\xe9")).write_bytes(b"")

    with pytest.raises(ArtifactError, match="not valid UTF-8") as caught:
        list(walk(tmp_path))

    assert "caf\\xe9" in caught.value.where


def test_what_is_skipped_is_not_judged(tmp_path: Path) -> None:
    tree(tmp_path, {"a/x": b"", ".git/config": b"", "a/.git/config": b""})
    (tmp_path / "bad").symlink_to("/etc")

    names = [name for name, _ in walk(tmp_path, skip=lambda name: name in ("bad", ".git"))]

    assert sorted(names) == ["a/.git/config", "a/x"]


def test_a_very_deep_tree(tmp_path: Path) -> None:
    """Deeper than Python's stack; removed again by hand, because pytest's own clean-up recurses."""
    folders = [str(tmp_path)]
    try:
        for _ in range(1200):
            folders.append(folders[-1] + "/d")
            os.mkdir(folders[-1])  # noqa: PTH102 (Path.mkdir recurses)
        file = Path(folders[-1], "x")
        file.write_bytes(b"")

        assert [name for name, _ in walk(tmp_path)] == ["d/" * 1200 + "x"]
        file.unlink()
    finally:
        for folder in reversed(folders[1:]):
            os.rmdir(folder)  # noqa: PTH106


@pytest.mark.parametrize("name", ["missing", "file"])
def test_a_root_that_is_no_folder(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_bytes(b"")

    with pytest.raises(ArtifactError):
        list(walk(tmp_path / name))
