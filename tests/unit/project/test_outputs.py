"""What earlier runs left is not a source; what a compiler left beside it is."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from packager.project.outputs import own_outputs
from tests.support.trees import write_tree

if TYPE_CHECKING:
    from pathlib import Path

OURS = json.dumps({"version": 1, "tool": {"name": "packager", "version": "0.1.0"}})


def test_archives_with_our_manifest_are_ours_and_compiled_code_is_not(tmp_path: Path) -> None:
    write_tree(
        tmp_path,
        {
            "dist/api.zip": b"PK",
            "dist/api.manifest.json": OURS,
            "dist/handler.js": "",
            "dist/other.zip": b"PK",
            "dist/other.manifest.json": '{"version": 1}',
            "src/broken.manifest.json": "{",
        },
    )
    assert own_outputs(tmp_path) == ("dist/api.manifest.json", "dist/api.zip")


def test_what_lies_beside_an_archive_of_ours_is_ours_too(tmp_path: Path) -> None:
    write_tree(
        tmp_path,
        {
            "dist/api.manifest.json": OURS,
            "dist/api.cdx.json": "{}",
            "dist/api.zip.report.html": "",
            "dist/api.maps/index.js.map": "{}",
            "dist/other.cdx.json": "{}",
        },
    )
    beside = (
        "dist/api.cdx.json",
        "dist/api.manifest.json",
        "dist/api.maps",
        "dist/api.zip",
        "dist/api.zip.report.html",
    )
    assert own_outputs(tmp_path) == beside


def test_folders_made_for_a_hosts_tool_are_ours_as_a_whole(tmp_path: Path) -> None:
    write_tree(tmp_path, {"dist/vercel/.packager.json": "{}", "dist/vercel/x/y.js": "", "dist/mine/y.js": ""})
    assert own_outputs(tmp_path) == ("dist/vercel",)


def test_the_output_folder_of_this_run_is_found_however_deep(tmp_path: Path) -> None:
    write_tree(tmp_path, {"a/b/c/d/api.manifest.json": OURS, "node_modules/x/api.manifest.json": OURS})
    assert own_outputs(tmp_path) == ()
    assert own_outputs(tmp_path, "a/b/c/d") == ("a/b/c/d/api.manifest.json", "a/b/c/d/api.zip")


def test_an_output_folder_outside_the_project_is_no_concern(tmp_path: Path) -> None:
    project = write_tree(tmp_path / "project", {"a.js": ""})
    write_tree(tmp_path / "out", {"api.manifest.json": OURS})
    assert own_outputs(project, "../out") == ()
