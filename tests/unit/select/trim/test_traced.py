"""What was traced decides about packages and own files; what is said of secrets, layers and patterns comes first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from packager.inventory.tree import scan_tree
from packager.select.trim.rules import NOTHING_SETTLED, Settled
from tests.support.fakes import make_bundle
from tests.support.stages import ruled
from tests.support.trees import package_json, write_tree

if TYPE_CHECKING:
    from pathlib import Path

    from packager.model.plan import Bundle

FILES = {
    "package.json": package_json(dependencies={"a": "1"}),
    "index.js": "",
    "other.js": "",
    ".env": "",
    "node_modules/a/package.json": package_json("a"),
    "node_modules/a/index.js": "",
    "node_modules/a/reached.d.ts": "",
    "node_modules/a/other.js": "",
    "node_modules/a/other.d.ts": "",
}
REACHED = {
    "index.js": "where the host starts",
    ".env": "x",
    "node_modules/a/index.js": "",
    "node_modules/a/reached.d.ts": "",
}


def rules(root: Path, bundle: Bundle, settled: Settled = NOTHING_SETTLED, **known: Any) -> dict[str, str]:
    inventory, graph = scan_tree(write_tree(root, FILES), {})
    found = ruled(inventory, graph, bundle, settled, **{"traced": REACHED, **known})
    return {c.file.path: ("+" if c.kept else "-") + c.rule for c in found.choices}


def test_packages_in_the_output_of_a_framework_are_no_dependencies_and_stay(tmp_path: Path) -> None:
    built = {
        ".next/standalone/package.json": package_json(),
        ".next/standalone/node_modules/x/package.json": package_json("x"),
        ".next/standalone/node_modules/x/index.d.ts": "",
        ".next/cache/y": "",
        "packages/z/node_modules/y/package.json": package_json("y"),
    }
    root = write_tree(tmp_path, {**FILES, **built})
    inventory, graph = scan_tree(root, {})
    found = {c.file.path: (c.kept, c.rule) for c in ruled(inventory, graph, make_bundle(trim="safe")).choices}
    assert found[".next/standalone/node_modules/x/package.json"] == (True, "project")
    assert found[".next/standalone/node_modules/x/index.d.ts"] == (True, "project")
    assert found[".next/cache/y"] == (False, "leftover")
    assert found["packages/z/node_modules/y/package.json"] == (False, "unreachable")


def test_what_own_code_needs_is_no_development_package(tmp_path: Path) -> None:
    dev = {"node_modules/dev/package.json": package_json("dev"), "node_modules/dev/index.js": ""}
    root = write_tree(tmp_path, {**FILES, **dev})
    inventory, graph = scan_tree(root, {})
    traced = {**REACHED, "node_modules/dev/index.js": "index.js"}
    for needed, rule in ((frozenset(), "unreachable"), (frozenset({"node_modules/dev"}), "dependency")):
        found = ruled(inventory, graph, make_bundle(trim="bundle"), traced=traced, needed=needed)
        assert {c.rule for c in found.choices if c.file.path == "node_modules/dev/index.js"} == {rule}


def test_only_what_is_reached_stays(tmp_path: Path) -> None:
    found = rules(tmp_path, make_bundle(trim="trace"))
    assert {path for path, rule in found.items() if rule == "-untraced"} == {
        "other.js",
        "node_modules/a/other.js",
        "node_modules/a/package.json",
    }
    assert {path for path, rule in found.items() if rule.startswith("+")} == {
        "index.js",
        "package.json",
        "node_modules/a/index.js",
        "node_modules/a/reached.d.ts",
    }
    assert found[".env"] == "-secret"


def test_patterns_keep_and_drop_as_ever_and_need_not_name_what_is_reached(tmp_path: Path) -> None:
    patterns = ("other.js", "node_modules/a/other.js", "!node_modules/a/reached.d.ts")
    found = rules(tmp_path, make_bundle(trim="trace", include=patterns))
    assert found["other.js"] == found["node_modules/a/other.js"] == "+include"
    assert found["node_modules/a/reached.d.ts"] == "-include"
    assert found["index.js"] == "+project"


def test_joined_code_is_not_packed_twice(tmp_path: Path) -> None:
    inlined = {"other.js": "index.js", "node_modules/a/other.js": "index.js"}
    found = rules(tmp_path, make_bundle(trim="bundle", include=("**/*.js",)), inlined=inlined)
    assert {path for path, rule in found.items() if rule == "-bundled"} == set(inlined)


def test_what_a_layer_carries_is_no_question_of_tracing(tmp_path: Path) -> None:
    found = rules(tmp_path, make_bundle(trim="trace"), Settled({"node_modules/a": "shared"}))
    assert {rule for path, rule in found.items() if path.startswith("node_modules/")} == {"-layer"}
