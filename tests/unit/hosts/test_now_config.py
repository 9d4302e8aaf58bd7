"""now.json: the origin's example, several entries, and what users have written themselves."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from packager.core.errors import ConfigError
from tests.support.projects import NODE_MODULE, emitted, node_project

if TYPE_CHECKING:
    from pathlib import Path

PACKAGER = "bundles: {web: {target: now, src: index.js}}\n"
ORIGIN = {
    "version": 2,
    "builds": [{"src": "index.js", "use": "@now/node@canary", "config": {"maxLambdaSize": "25mb"}}],
    "routes": [{"src": "/(.*)", "dest": "index.js"}],
}


def now(root: Path, **more: str) -> dict[str, Any]:
    """Return the now.json of a project with an index.js."""
    node_project(root, {"index.js": NODE_MODULE, "packager.yaml": PACKAGER, **more})
    document: dict[str, Any] = json.loads(emitted(root, "now")["now.json"])
    return document


def test_a_project_with_an_index_gets_the_origins_document(tmp_path: Path) -> None:
    assert now(tmp_path) == ORIGIN


def test_emitting_again_changes_no_byte(tmp_path: Path) -> None:
    now(tmp_path)
    first = (tmp_path / "now.json").read_bytes()
    assert emitted(tmp_path, "now")["now.json"].encode() == first


def test_a_budget_becomes_the_lambda_size(tmp_path: Path) -> None:
    yaml = "bundles: {web: {target: now, src: index.js, budget: 40mb}}\n"
    assert now(tmp_path, **{"packager.yaml": yaml})["builds"][0]["config"] == {"maxLambdaSize": "40mb"}


def test_an_odd_budget_is_written_in_bytes(tmp_path: Path) -> None:
    yaml = "bundles: {web: {target: now, src: index.js, budget: 1000000}}\n"
    assert now(tmp_path, **{"packager.yaml": yaml})["builds"][0]["config"] == {"maxLambdaSize": "1000000"}


def test_several_entries_get_a_build_and_a_route_each_and_the_catch_all_is_last(tmp_path: Path) -> None:
    yaml = 'bundles: {web: {target: now, src: [index.js, "api/*.js"]}}\n'
    files = {"packager.yaml": yaml, "api/users.js": NODE_MODULE, "api/posts.js": NODE_MODULE}
    document = now(tmp_path, **files)
    assert [build["src"] for build in document["builds"]] == ["index.js", "api/posts.js", "api/users.js"]
    assert document["routes"] == [
        {"src": "/api/posts", "dest": "api/posts.js"},
        {"src": "/api/users", "dest": "api/users.js"},
        {"src": "/(.*)", "dest": "index.js"},
    ]


def test_variables_are_named_and_never_valued(tmp_path: Path) -> None:
    yaml = "bundles: {web: {target: now, src: index.js, environment: {DATABASE_URL: postgres://me:hunter2@db}}}\n"
    document = now(tmp_path, **{"packager.yaml": yaml})
    assert document["env"] == {"DATABASE_URL": "@database-url"}
    assert "hunter2" not in json.dumps(document)


def test_what_the_user_wrote_stays(tmp_path: Path) -> None:
    theirs = {
        "name": "shop",
        "alias": ["shop.example"],
        "builds": [{"src": "*.js", "use": "@now/node", "config": {"includeFiles": ["views/**"]}}],
        "routes": [{"src": "/old", "status": 301, "headers": {"Location": "/"}}],
    }
    document = now(tmp_path, **{"now.json": json.dumps(theirs, indent=4)})
    assert document["name"] == "shop"
    assert document["builds"] == [
        {"src": "*.js", "use": "@now/node", "config": {"includeFiles": ["views/**"], "maxLambdaSize": "25mb"}}
    ]
    assert document["routes"] == [*theirs["routes"], {"src": "/(.*)", "dest": "index.js"}]
    assert '\n    "name"' in (tmp_path / "now.json").read_text(), "their indentation"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"version": 1}', "version 1 is not supported"),
        ('{"version": 2, // new\n}', "JSON has no comments"),
        ('{"version": 2, "version": 2}', "'version' is given twice"),
        ('{"version": 2, "builds": {}}', "expected a list"),
        ("[]", "expected an object"),
        ("[" * 100_000, "too deeply nested"),
    ],
    ids=["version-1", "comment", "double", "builds-no-list", "list", "deep"],
)
def test_what_cannot_be_merged_is_refused_and_left_alone(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        now(tmp_path, **{"now.json": text})
    assert (tmp_path / "now.json").read_text() == text
