"""Where the bytes go: packages, copies, and what a manifest beside the zip adds."""

from __future__ import annotations

import json
import zipfile
from typing import TYPE_CHECKING

import pytest

from packager.archive.pack import pack
from packager.core.errors import ArtifactError
from packager.report.contents import read_contents
from packager.report.difference import compare
from packager.report.summary import duplicates_of, packages_of
from tests.support.trees import package_json, write_tree

if TYPE_CHECKING:
    from pathlib import Path

APP = {
    "index.js": "exports.handler = 1\n" * 50,
    "node_modules/a/package.json": package_json("a", "1.2.3"),
    "node_modules/a/index.js": "a" * 4000,
    "node_modules/a/node_modules/b/package.json": package_json("b", "1.0.0"),
    "node_modules/a/node_modules/b/x.js": "x" * 900,
    "node_modules/b/package.json": package_json("b", "2.0.0"),
    "node_modules/b/x.js": "x" * 900,
    "node_modules/@scope/c/package.json": package_json("@scope/c", "0.1.0"),
    "empty.txt": "",
    "other-empty.txt": "",
}


def test_zip_and_folder_hold_the_same(tmp_path: Path) -> None:
    root = write_tree(tmp_path / "in", APP)
    artifact = pack(root, tmp_path / "api.zip")
    zipped, folder = read_contents(artifact.path), read_contents(root)

    assert [item.path for item in zipped.items] == sorted(APP)
    assert compare(zipped, folder).same
    assert (zipped.zipped_bytes, folder.zipped_bytes) == (artifact.zipped_bytes, 0)
    assert zipped.size_bytes == folder.size_bytes == artifact.unzipped_bytes
    assert [item.compressed_bytes for item in zipped.items] == [member.compressed_bytes for member in artifact.members]


def test_shares_of_packages_tell_copies_apart(tmp_path: Path) -> None:
    shares = packages_of(read_contents(write_tree(tmp_path / "in", APP)))

    assert [(share.name, share.version, share.folder, share.files) for share in shares] == [
        ("a", "1.2.3", "node_modules/a", 2),
        ("", "", "", 3),
        ("b", "1.0.0", "node_modules/a/node_modules/b", 2),
        ("b", "2.0.0", "node_modules/b", 2),
        ("@scope/c", "0.1.0", "node_modules/@scope/c", 1),
    ]


def test_copies_of_one_content_are_found_and_empty_files_are_none(tmp_path: Path) -> None:
    found = duplicates_of(read_contents(write_tree(tmp_path / "in", APP)))

    assert [[item.path for item in items] for items in found] == [
        ["node_modules/a/node_modules/b/x.js", "node_modules/b/x.js"]
    ]


def test_the_manifest_beside_a_zip_gives_reasons_and_findings(tmp_path: Path) -> None:
    pack(write_tree(tmp_path / "in", APP), tmp_path / "api.zip")
    finding = {"code": "ABI001", "severity": "error", "subject": "x.node", "message": "is for arm64", "fix": ""}
    manifest = {
        "version": 1, "target": "aws-lambda", "runtime": "nodejs22.x", "findings": [finding, "edited by hand"],
        "files": [{"path": "node_modules/a/index.js", "reason": "a"}],
        "proof": {"status": "passed", "detail": "loaded in 80 ms"},
    }  # fmt: skip
    (tmp_path / "api.manifest.json").write_text(json.dumps(manifest))
    contents = read_contents(tmp_path / "api.zip")

    assert {share.reason for share in packages_of(contents) if share.name == "a"} == {"a"}
    assert contents.findings == (finding,)
    assert dict(contents.facts) == {
        "target": "aws-lambda", "runtime": "nodejs22.x", "proof": "passed: loaded in 80 ms"
    }  # fmt: skip


@pytest.mark.parametrize("text", ["", "[]", '{"version": 7}', '{"version": 1, "files": 3, "proof": []}', "\x00"])
def test_a_strange_manifest_says_nothing(tmp_path: Path, text: str) -> None:
    pack(write_tree(tmp_path / "in", APP), tmp_path / "api.zip")
    (tmp_path / "api.manifest.json").write_text(text)
    contents = read_contents(tmp_path / "api.zip")

    assert (contents.facts, contents.findings) == ({}, ())


def test_what_is_no_zip_is_named(tmp_path: Path) -> None:
    (tmp_path / "x.zip").write_bytes(b"nothing of the kind")

    with pytest.raises(ArtifactError):
        read_contents(tmp_path / "x.zip")


def test_added_removed_changed_and_versions(tmp_path: Path) -> None:
    before = read_contents(write_tree(tmp_path / "before", APP))
    after = read_contents(
        write_tree(
            tmp_path / "after",
            {
                **{path: text for path, text in APP.items() if not path.startswith("node_modules/b/")},
                "index.js": "exports.handler = 2\n" * 50,
                "node_modules/a/package.json": package_json("a", "1.3.0"),
                "new.js": "new",
            },
        )
    )
    difference = compare(before, after)

    assert [item.path for item in difference.added] == ["new.js"]
    assert [item.path for item in difference.removed] == ["node_modules/b/package.json", "node_modules/b/x.js"]
    assert [new.path for _, new in difference.changed] == ["index.js", "node_modules/a/package.json"]
    assert [(change.folder, change.before, change.after) for change in difference.packages] == [
        ("node_modules/b", "2.0.0", ""),
        ("node_modules/a", "1.2.3", "1.3.0"),
    ]


def test_archives_of_others_can_be_read(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as archive:
        archive.mkdir("folder") if hasattr(archive, "mkdir") else archive.writestr("folder/", b"")
        archive.writestr("folder/a.txt", b"a")

    assert [item.path for item in read_contents(tmp_path / "other.zip").items] == ["folder/a.txt"]
