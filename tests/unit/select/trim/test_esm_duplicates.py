"""ES modules go only where nothing in the bundle can load them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from packager.inventory.tree import scan_tree
from tests.support.fakes import make_bundle
from tests.support.stages import trimmed
from tests.support.trees import Content, package_json, write_tree

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from packager.model.plan import TrimLevel

A, B = "node_modules/a", "node_modules/b"
EXPORTS = {".": {"import": "./esm/index.mjs", "require": "./cjs/index.js"}}
TREE: dict[str, Content] = {
    "package.json": package_json(dependencies={"a": "1", "b": "1"}),
    "index.js": "exports.handler = () => require('a')",
    f"{A}/package.json": package_json("a", exports=EXPORTS),
    f"{A}/cjs/index.js": "module.exports = require('./part')",
    f"{A}/cjs/part.js": "exports.x = 1",
    f"{A}/esm/index.mjs": "export * from './part.mjs'",
    f"{A}/esm/part.mjs": "export const x = 1",
    f"{B}/package.json": package_json("b"),
    f"{B}/index.js": "module.exports = 1",
}
TWINS = {f"{A}/esm/index.mjs", f"{A}/esm/part.mjs"}


def twins(folder: Path, changes: Mapping[str, Content], level: TrimLevel = "strict", **bundle: Any) -> set[str]:
    """Return the files that are dropped as twins from the tree with these changes."""
    write_tree(folder, {**TREE, **changes})
    inventory, graph = scan_tree(folder, {})
    selection = trimmed(folder, inventory, graph, make_bundle(trim=level, **bundle))
    return {choice.file.path for choice in selection.dropped if choice.rule == "twin"}


def test_what_only_import_reaches_goes_from_a_bundle_that_only_requires(tmp_path: Path) -> None:
    assert twins(tmp_path, {}) == TWINS
    assert twins(tmp_path, {}, "safe") == set()


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"index.mjs": ""}, id="an .mjs of one's own"),
        pytest.param({"index.js": "import('a')"}, id="import() in one's own code"),
        pytest.param({"index.js": "import a from 'a'\nexport const handler = a"}, id="module syntax in one's own code"),
        pytest.param({"handler.ts": ""}, id="TypeScript of one's own"),
        pytest.param({"package.json": package_json(type="module", dependencies={"a": "1"})}, id="type: module"),
        pytest.param({"index.js": "exports.handler = () => b.load('a')"}, id="one's own code names it for others"),
        pytest.param({f"{B}/index.js": "exports.x = () => import('a')"}, id="another package imports it"),
        pytest.param({f"{B}/index.js": "const n = 'a'; exports.x = () => import(n)"}, id="another works out a name"),
        pytest.param({f"{B}/index.js": "exports.x = () => import(/* ours */ 'a')"}, id="another does, with a comment"),
        pytest.param({f"{B}/index.mjs": "export { x } from 'a'"}, id="a module that stays imports it"),
        pytest.param({f"{A}/cjs/part.js": "exports.x = () => import('../esm/index.mjs')"}, id="its script imports it"),
        pytest.param(
            {f"{A}/package.json": package_json("a", exports={".": {"default": "./esm/index.mjs"}})},
            id="require takes it",
        ),
        pytest.param(
            {f"{A}/package.json": package_json("a", exports={**EXPORTS, "./x/*": "./esm/*.mjs"})},
            id="require takes a pattern",
        ),
        pytest.param(
            {f"{A}/package.json": package_json("a", exports={".": {"module-sync": "./esm/index.mjs", **EXPORTS["."]}})},
            id="require of a newer Node takes it",
        ),
        pytest.param({f"{A}/package.json": package_json("a", exports=EXPORTS, bin="./esm/index.mjs")}, id="a command"),
    ],
)  # fmt: skip
def test_they_stay_if(tmp_path: Path, changes: Mapping[str, Content]) -> None:
    assert twins(tmp_path, changes) == set()


def test_nobody_knows_who_loads_a_layer_or_a_folder_without_code(tmp_path: Path) -> None:
    assert twins(tmp_path / "layer", {}, target="aws-lambda-layer", packages=("a",)) == set()
    folder = write_tree(tmp_path / "bare", {path: text for path, text in TREE.items() if path != "index.js"})
    inventory, graph = scan_tree(folder, {})
    selection = trimmed(folder, inventory, graph, make_bundle(trim="strict"))
    assert not [choice for choice in selection.dropped if choice.rule == "twin"]


def test_modules_are_told_by_their_text_where_package_json_says_nothing(tmp_path: Path) -> None:
    changes = {
        f"{A}/package.json": package_json("a", main="./cjs/index.js", module="./es/index.js"),
        f"{A}/es/index.js": "import { x } from './part'\nexport default x",
        f"{A}/es/part.js": "export const x = 1",
        f"{A}/es/mixed.js": "module.exports = `\nexport default 1`",
        f"{A}/es/data.json": "{}",
    }

    assert twins(tmp_path, changes) == {*TWINS, f"{A}/es/index.js", f"{A}/es/part.js"}


HARD = {
    "comments": b"/**/ " * 20_000 + b"x",
    "an open comment": b"/* " * 200_000,
    "blank lines": b"\n" * 200_000,
    "one long line": b";import a " * 50_000,
    "quotes": b"'" * 200_000,
    "a path": b'"' + b"a/" * 200_000,
}


@pytest.mark.parametrize("kind", HARD)
def test_odd_texts_take_no_time_to_tell(tmp_path: Path, kind: str) -> None:
    """An expression that tries every way to read these would not end in reasonable time."""
    changes = {f"{A}/cjs/odd.js": HARD[kind], f"{A}/es/odd.mjs": HARD[kind]}

    assert twins(tmp_path, changes) == {*TWINS, f"{A}/es/odd.mjs"}


def test_the_first_statement_tells_behind_comments(tmp_path: Path) -> None:
    module = "#!/usr/bin/env node\n/* a\n */ // b\n'use strict';\nimport { x } from './part.mjs'; require('x')"
    changes = {
        f"{A}/es/index.js": module,
        f"{A}/package.json": package_json("a", main="./cjs/index.js", module="./es/index.js"),
    }

    assert twins(tmp_path, changes) == {*TWINS, f"{A}/es/index.js"}


def test_what_the_bundle_names_by_its_path_stays(tmp_path: Path) -> None:
    changes = {"index.js": "require('a'); require('a/esm/part.mjs')"}

    assert twins(tmp_path, changes) == {f"{A}/esm/index.mjs"}


def test_code_for_browsers_goes_unless_it_is_the_main_one(tmp_path: Path) -> None:
    changes = {f"{A}/dist/a.min.js": "", f"{B}/b.min.js": "", f"{B}/package.json": package_json("b", main="b.min.js")}

    assert twins(tmp_path, changes) == {*TWINS, f"{A}/dist/a.min.js"}
