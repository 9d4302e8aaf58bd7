"""What we emit for Vercel is valid by a schema of the Build Output API, and the schema is not a rubber stamp."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import jsonschema  # type: ignore[import-untyped]
import pytest

from packager.core.errors import ConfigError
from tests.support.build_output import check_document, check_texts
from tests.support.cli import sample
from tests.support.projects import NODE_MODULE, emitted, node_project

if TYPE_CHECKING:
    from pathlib import Path

OUTPUT = ".vercel/output"
FUNCTION = f"{OUTPUT}/functions/api/a.func/.vc-config.json"
PACKAGER = 'bundles: {site: {target: vercel, src: ["index.js", "api/*.js"], arch: arm64}}\n'


def project(root: Path, **more: str) -> Path:
    """Write a project with two functions."""
    return node_project(root, {"index.js": NODE_MODULE, "api/a.js": NODE_MODULE, "packager.yaml": PACKAGER, **more})


@pytest.mark.checkout
def test_the_samples_documents_are_valid(tmp_path: Path) -> None:
    files = emitted(sample("vercel", tmp_path), "vercel")
    assert set(files) == {
        f"{OUTPUT}/config.json",
        f"{OUTPUT}/functions/api/formats.func/.vc-config.json",
        f"{OUTPUT}/functions/api/thumbnail.func/.vc-config.json",
    }
    check_texts(files)


def test_settings_of_vercel_json_go_along_and_are_valid(tmp_path: Path) -> None:
    settings: dict[str, Any] = {
        "routes": [{"src": "/old", "status": 308, "headers": {"Location": "/"}}],
        "functions": {"api/*.js": {"memory": 1024, "maxDuration": 30, "includeFiles": "views/**"}},
        "crons": [{"path": "/api/a", "schedule": "0 5 * * *"}],
    }
    files = emitted(project(tmp_path, **{"vercel.json": json.dumps(settings)}), "vercel")
    check_texts(files)
    config = json.loads(files[f"{OUTPUT}/config.json"])
    assert (config["routes"][0], config["crons"]) == (settings["routes"][0], settings["crons"])
    function = json.loads(files[FUNCTION])
    assert (function["memory"], function["maxDuration"], "includeFiles" in function) == (1024, 30, False)
    assert "memory" not in json.loads(files[f"{OUTPUT}/functions/index.func/.vc-config.json"])


@pytest.mark.parametrize("key", ["builds", "redirects", "rewrites", "headers", "cleanUrls", "trailingSlash"])
def test_what_only_vercels_own_build_would_translate_is_refused_rather_than_dropped(tmp_path: Path, key: str) -> None:
    project(tmp_path, **{"vercel.json": json.dumps({key: []})})
    with pytest.raises(ConfigError) as caught:
        emitted(tmp_path, "vercel")
    assert caught.value.where == f"vercel.json: {key}"


def test_a_folder_of_another_build_is_refused_with_a_diff(tmp_path: Path) -> None:
    theirs = {"version": 3, "routes": [{"handle": "filesystem"}, {"src": "/(.*)", "dest": "/render"}]}
    project(tmp_path, **{f"{OUTPUT}/config.json": json.dumps(theirs)})
    with pytest.raises(ConfigError, match=r"\+routes: "):
        emitted(tmp_path, "vercel")


def _without(key: str) -> dict[str, Any]:
    return {name: value for name, value in GOOD.items() if name != key}


GOOD: dict[str, Any] = {
    "runtime": "nodejs22.x", "handler": "api/a.js", "launcherType": "Nodejs", "architecture": "x86_64",
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "document"),
    [
        ("config.json", {"version": 2}),
        ("config.json", {"routes": []}),
        ("config.json", {"version": 3, "route": []}),
        ("config.json", {"version": 3, "routes": [{"dest": "/a"}]}),
        ("config.json", {"version": 3, "routes": [{"handle": "everything"}]}),
        ("config.json", {"version": 3, "crons": [{"path": "/a"}]}),
        (".vc-config.json", _without("runtime")),
        (".vc-config.json", _without("handler")),
        (".vc-config.json", {**GOOD, "runtime": "node22"}),
        (".vc-config.json", {**GOOD, "handler": "/var/task/a.js"}),
        (".vc-config.json", {**GOOD, "handler": "../a.js"}),
        (".vc-config.json", {**GOOD, "architecture": "x64"}),
        (".vc-config.json", {**GOOD, "maxDuration": "long"}),
        (".vc-config.json", {**GOOD, "maxConcurrency": 0}),
        (".vc-config.json", {**GOOD, "environment": []}),
        (".vc-config.json", {**GOOD, "zipBuffer": ""}),
    ],
)
def test_the_schema_says_no(name: str, document: dict[str, Any]) -> None:
    check_document(name, {"version": 3} if name == "config.json" else GOOD)
    with pytest.raises(jsonschema.ValidationError):
        check_document(name, document)
