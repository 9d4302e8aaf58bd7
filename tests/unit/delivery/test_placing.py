"""Finished files appear complete or not at all."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from packager.core.errors import EnvironmentFault
from packager.delivery.placing import check_writable, place_files, remove_others
from tests.support.trees import snapshot, write_tree


def test_files_and_texts_are_placed(tmp_path: Path) -> None:
    source = tmp_path / "scratch.zip"
    source.write_bytes(b"zip")

    place_files({"api.zip": source, "api.manifest.json": "ä\n"}, tmp_path / "new/dist")

    assert snapshot(tmp_path / "new/dist") == {"api.zip": b"zip", "api.manifest.json": "ä\n".encode()}
    assert source.exists()


def test_what_is_there_already_is_left_as_it_is(tmp_path: Path) -> None:
    source, out = tmp_path / "scratch.zip", tmp_path / "dist"
    source.write_bytes(b"zip")
    place_files({"api.zip": source, "a.json": "same", "b.json": "old", "c.json": "c"}, out)
    (out / "c.json").chmod(0o600)
    before = {path.name: (path.stat().st_ino, path.stat().st_mtime_ns) for path in out.iterdir()}
    place_files({"api.zip": source, "a.json": "same", "b.json": "new", "c.json": "c"}, out)
    after = {path.name: (path.stat().st_ino, path.stat().st_mtime_ns) for path in out.iterdir()}

    assert {name for name in after if after[name] == before[name]} == {"api.zip", "a.json"}
    assert (out / "b.json").read_text() == "new"
    assert (out / "c.json").stat().st_mode & 0o777 == 0o644


def test_another_content_of_the_same_size_and_time_is_seen(tmp_path: Path) -> None:
    source, out = tmp_path / "scratch.zip", tmp_path / "dist"
    for content in (b"one", b"two", b"six"):
        source.write_bytes(content)
        os.utime(source, (1e9, 1e9))
        place_files({"api.zip": source}, out)
        os.utime(out / "api.zip", (1e9, 1e9))

        assert (out / "api.zip").read_bytes() == content


def test_a_link_is_replaced_even_where_it_leads_to_the_same(tmp_path: Path) -> None:
    write_tree(tmp_path, {"elsewhere": "x", "dist/b": "b"})
    (tmp_path / "dist" / "a").symlink_to("../elsewhere")
    place_files({"a": "x"}, tmp_path / "dist")

    assert not (tmp_path / "dist" / "a").is_symlink()


def test_files_are_readable_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        place_files({"a": "x"}, tmp_path)
    finally:
        os.umask(before)

    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o644


def test_a_file_that_cannot_be_read_leaves_everything_as_it_was(tmp_path: Path) -> None:
    write_tree(tmp_path / "dist", {"api.zip": "old"})

    with pytest.raises(EnvironmentFault):
        place_files({"api.zip": "new", "web.zip": tmp_path / "absent"}, tmp_path / "dist")

    assert snapshot(tmp_path / "dist") == {"api.zip": b"old"}


@pytest.mark.parametrize(
    ("number", "message"),
    [(errno.ENOSPC, "the disk is full"), (errno.EDQUOT, "quota"), (errno.EIO, "Input/output error")],
)
def test_a_failing_disk_is_named_and_nothing_half_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, message: str
) -> None:
    write_tree(tmp_path, {"api.zip": "old"})

    def full(_: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", full)

    with pytest.raises(EnvironmentFault, match=message) as caught:
        place_files({"api.zip": "new"}, tmp_path)

    assert str(tmp_path) in caught.value.where
    assert "--out" in caught.value.fix
    assert snapshot(tmp_path) == {"api.zip": b"old"}


def test_an_interrupt_between_two_files_leaves_no_temporary_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_tree(tmp_path, {"a": "old", "b": "old"})
    really_replace = Path.replace

    def replace(self: Path, target: Path) -> Path:
        if Path(target).name == "b":
            raise KeyboardInterrupt
        return really_replace(self, target)

    monkeypatch.setattr(Path, "replace", replace)

    with pytest.raises(KeyboardInterrupt):
        place_files({"a": "new", "b": "new"}, tmp_path)

    assert snapshot(tmp_path) == {"a": b"new", "b": b"old"}


def test_a_folder_in_the_place_of_a_file_is_named(tmp_path: Path) -> None:
    write_tree(tmp_path, {"api.zip/inside": ""})

    with pytest.raises(EnvironmentFault, match=r"is a folder"):
        place_files({"api.zip": "new"}, tmp_path)

    assert snapshot(tmp_path) == {"api.zip/inside": b""}


def test_writability_is_tried_before_the_long_work(tmp_path: Path) -> None:
    check_writable(tmp_path / "made/on/the/way")
    assert list((tmp_path / "made/on/the/way").iterdir()) == []

    write_tree(tmp_path, {"file": ""})
    for out in (tmp_path / "file", tmp_path / "file/below"):
        with pytest.raises(EnvironmentFault, match="is a file, not a folder"):
            check_writable(out)


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="needs a file system that refuses new files")
def test_a_folder_that_takes_no_files_is_named() -> None:
    with pytest.raises(EnvironmentFault) as caught:
        check_writable(Path("/proc"))

    assert caught.value.where == "output folder /proc"


def test_what_a_killed_run_left_is_removed_by_a_later_one(tmp_path: Path) -> None:
    write_tree(
        tmp_path, {".api.zip.x1.partial": "old", ".api.zip.x2.partial": "new", ".web.zip.x.partial": "", ".env": ""}
    )
    for name in (".api.zip.x1.partial", ".web.zip.x.partial", ".env"):
        os.utime(tmp_path / name, (0, 0))

    place_files({"api.zip": "zip"}, tmp_path)

    assert sorted(snapshot(tmp_path)) == [".api.zip.x2.partial", ".env", ".web.zip.x.partial", "api.zip"]


def test_what_an_earlier_build_put_beside_goes_and_what_this_one_did_stays(tmp_path: Path) -> None:
    files = {"api.maps/new.js.map": "", "api.maps/old/a.js.map": "", "api.maps/old.js.map": "", "api.cdx.json": ""}
    own = ("api.maps", "api.cdx.json", "api.gone")
    write_tree(tmp_path, {**files, "web.cdx.json": "", "aside/x": ""}, {"api.maps/link": "../aside"})

    remove_others(tmp_path, own, ["api.maps/new.js.map", "api.zip"])
    assert snapshot(tmp_path) == {"api.maps/new.js.map": b"", "aside/x": b"", "web.cdx.json": b""}

    remove_others(tmp_path, own, ["api.zip"])
    assert snapshot(tmp_path) == {"aside/x": b"", "web.cdx.json": b""}
    assert not (tmp_path / "api.maps").exists()
