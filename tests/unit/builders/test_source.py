"""What goes into a build: everything but what the build makes itself; links only within the project."""

from __future__ import annotations

import io
import os
import socket
import tarfile
from typing import TYPE_CHECKING

import pytest

from packager.builders.source import copy_source, link_target, source_files, source_tar
from packager.core.errors import ArtifactError, ConfigError
from tests.support.jobs import make_job, write_project

if TYPE_CHECKING:
    from pathlib import Path


def names(source: Path, **changes: object) -> list[str]:
    return [name for name, _ in source_files(make_job(source, **changes))]


def test_everything_but_leftovers_goes_in(tmp_path: Path) -> None:
    kept = [".env", ".npmrc", "-dash.js", "cache/a.js", "src/a b.js", "src/ünï.js", "venv-notes/readme"]
    left_out = [
        "node_modules/a/index.js",
        "packages/a/node_modules/b/index.js",
        ".git/HEAD",
        ".next/cache/x",
        "src/__pycache__/a.pyc",
        "env/pyvenv.cfg",
        "env/bin/python",
        "engine.so.node.tmp",
        ".packager-python/a.py",
        "out/api.zip",
    ]
    write_project(tmp_path, dict.fromkeys([*kept, *left_out], "x"))
    assert sorted(names(tmp_path, ignore=("out",))) == sorted(kept)


def test_packages_in_the_output_of_a_framework_are_the_users(tmp_path: Path) -> None:
    kept = [".next/standalone/node_modules/a/i.js", ".output/server/node_modules/b/i.js", "dist/node_modules/c/i.js"]
    write_project(tmp_path, dict.fromkeys([*kept, "packages/dist/node_modules/d/i.js", "node_modules/e/dist/i.js"], ""))
    assert names(tmp_path) == kept
    assert names(tmp_path, ignore=("dist",)) == kept[:2]


def test_an_ignored_path_is_a_path_and_not_a_name(tmp_path: Path) -> None:
    write_project(tmp_path, {"dist/a": "", "src/dist/b": ""})
    assert names(tmp_path, ignore=("dist/",)) == ["src/dist/b"]


def test_sockets_are_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # the address of a socket may be 108 bytes long at most
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("s")
        write_project(tmp_path, {"a.js": ""})
        assert names(tmp_path) == ["a.js"]


def test_no_folder_is_a_configuration_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such folder"):
        names(tmp_path / "absent")


def test_links_inside_stay_links_and_absolute_ones_become_relative(tmp_path: Path) -> None:
    project = write_project(tmp_path / "p", {"lib/a.js": "a"})
    (project / "b.js").symlink_to("lib/a.js")
    (project / "lib/c.js").symlink_to(project / "lib/a.js")
    (project / "lib/up").symlink_to("..")
    job = make_job(project)
    assert [link_target(job, name) for name in ("b.js", "lib/c.js", "lib/up")] == ["lib/a.js", "a.js", ".."]
    copy_source(job, tmp_path)
    assert (tmp_path / "lib/c.js").read_text() == "a"
    assert (tmp_path / "lib/up").is_symlink()


def test_a_project_reached_through_a_link_is_the_same_project(tmp_path: Path) -> None:
    project = write_project(tmp_path / "real", {"a.js": "a"})
    (tmp_path / "alias").symlink_to("real")
    (project / "b.js").symlink_to(tmp_path / "alias" / "a.js")
    assert link_target(make_job(tmp_path / "alias"), "b.js") == "a.js"


def test_a_link_into_what_is_left_out_may_lead_nowhere_yet(tmp_path: Path) -> None:
    (tmp_path / "tool").symlink_to("node_modules/.bin/tool")
    assert link_target(make_job(tmp_path), "tool") == "node_modules/.bin/tool"


@pytest.mark.parametrize(
    ("links", "name", "says"),
    [
        pytest.param({"a": "../secret"}, "a", "outside the project", id="outside"),
        pytest.param({"a": "/etc/hostname"}, "a", "outside the project", id="outside, absolute"),
        pytest.param({"a": "gone.js"}, "a", "does not exist", id="broken"),
        pytest.param({"a": "b", "b": "a"}, "a", "leads back to itself", id="circle"),
        pytest.param({"a": "b", "b": "../secret"}, "a", "outside the project", id="outside by way of another"),
    ],
)
def test_bad_links_are_named(tmp_path: Path, links: dict[str, str], name: str, says: str) -> None:
    (tmp_path / "secret").write_text("s")
    project = tmp_path / "p"
    project.mkdir()
    for link, target in links.items():
        (project / link).symlink_to(target)
    with pytest.raises(ArtifactError, match=says) as caught:
        copy_source(make_job(project), tmp_path / "copy")
    assert caught.value.where == name
    assert links[name] in caught.value.message
    assert caught.value.fix


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_unreadable_files_are_named(tmp_path: Path) -> None:
    write_project(tmp_path / "p", {"locked.js": ""})
    (tmp_path / "p/locked.js").chmod(0)
    with pytest.raises(ArtifactError, match="locked"):
        list(source_tar(make_job(tmp_path / "p")))


def test_the_tar_stream_is_a_tar_and_says_nothing_of_this_machine(tmp_path: Path) -> None:
    contents: dict[str, str | bytes] = {
        "run.sh": "#!/bin/sh\n",
        "big": bytes(3_000_001),
        "empty": "",
        "deep/" + "x" * 150 + "/ü": "u",
    }
    first = write_project(tmp_path / "a", contents)
    (first / "run.sh").chmod(0o700)
    (first / "link").symlink_to("big")
    stream = b"".join(source_tar(make_job(first)))
    with tarfile.open(fileobj=io.BytesIO(stream)) as tar:
        members = {member.name: member for member in tar}
        read = {name: tar.extractfile(member) for name, member in members.items() if member.isfile()}
        assert {name: file.read() for name, file in read.items() if file} == {
            name: content.encode() if isinstance(content, str) else content for name, content in contents.items()
        }
    assert members["run.sh"].mode == 0o755
    assert members["empty"].mode == 0o644
    assert members["link"].linkname == "big"

    second = write_project(tmp_path / "b", dict(sorted(contents.items(), reverse=True)))
    (second / "link").symlink_to(second / "big")
    (second / "run.sh").chmod(0o755)
    (second / "empty").chmod(0o666)
    assert b"".join(source_tar(make_job(second))) == stream


def test_the_copy_has_plain_modes_whatever_the_umask(tmp_path: Path) -> None:
    project = write_project(tmp_path / "p", {"a": "", "b": ""})
    (project / "a").chmod(0o711)
    (project / "b").chmod(0o606)
    (tmp_path / "copy").mkdir()
    before = os.umask(0o077)
    try:
        assert copy_source(make_job(project), tmp_path / "copy") == 2
    finally:
        os.umask(before)
    assert [(tmp_path / "copy" / name).stat().st_mode & 0o777 for name in "ab"] == [0o755, 0o644]
