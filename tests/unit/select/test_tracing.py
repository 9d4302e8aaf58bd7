"""The tree as a traced or bundled function sees it, with tools that answer from memory; and who may ask for that."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import pytest

from packager.core.errors import ConfigError
from packager.inventory.tree import scan_tree
from packager.model.tracing import Bundled, Trace
from packager.project.config import parse_project
from packager.project.entries import detect_handler, entry_files
from packager.select.tracing import LICENCES, loads_es_modules, trace
from tests.support.fakes import fake_tools, make_bundle, plan_for
from tests.support.stages import contents_of, trace_inputs
from tests.support.trees import package_json, write_tree

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from packager.model.contents import Contents
    from packager.model.plan import Bundle
    from packager.model.tracing import BundleQuestion, TraceQuestion, View

FILES = {
    "package.json": package_json(dependencies={"a": "1"}),
    "index.js": "",
    "lib.js": "",
    "node_modules/a/package.json": package_json("a"),
    "node_modules/a/index.js": "",
    "node_modules/a/LICENSE": "MIT",
    "node_modules/b/package.json": package_json("b"),
    "node_modules/b/index.js": "",
    "node_modules/b/LICENSE": "MIT",
}


@dataclass
class FakeTools:
    """A tracer that finds what it is told to, and a bundler that joins `joins`."""

    finds: Mapping[str, str] = field(default_factory=dict)
    joins: tuple[str, ...] = ()
    hooks: tuple[str, ...] = ()
    apart: Mapping[str, str] = field(default_factory=dict)
    named: Mapping[str, str] = field(default_factory=dict)
    traced: list[tuple[str, ...]] = field(default_factory=list)
    external: list[tuple[str, ...]] = field(default_factory=list)
    files: list[tuple[str, ...]] = field(default_factory=list)
    modules: list[tuple[str, ...]] = field(default_factory=list)

    def trace(self, question: TraceQuestion, contents: Contents) -> Trace:
        self.traced.append(question.entries)
        self.modules.append(question.modules)
        found = {**dict.fromkeys(question.entries, ""), **self.finds}
        return Trace(found, hooks=self.hooks, named=self.named)

    def bundle(self, question: BundleQuestion, contents: Contents) -> Bundled:
        self.external.append(question.external)
        outputs = {entry: contents.keep(b"joined") for entry in question.entries}
        self.files.append(question.files)
        inlined = dict.fromkeys((*question.entries, *self.joins), question.entries[0])
        return Bundled(outputs, {}, inlined, apart=self.apart, outside=("a", "b"))


@dataclass(frozen=True)
class Seen:
    """A view, and the texts of its files."""

    view: View
    contents: Contents

    def text(self, path: str) -> str:
        return self.contents.read(self.view.inventory.by_path[path]).decode()


def seen(folder: Path, tools: FakeTools, bundle: Bundle, pinned: Mapping[str, str] | None = None) -> Seen:
    root = write_tree(folder / "tree", FILES)
    inventory, graph = scan_tree(root, {})
    doors = replace(fake_tools(), tracer=tools.trace, bundler=tools.bundle)
    contents = contents_of(root)
    return Seen(trace(trace_inputs(inventory, graph, bundle, pinned=pinned or {}), doors, contents), contents)


@pytest.mark.parametrize(
    "bundle", [make_bundle(), make_bundle(target="aws-lambda-layer", trim="trace")], ids=["safe", "layer"]
)
def test_others_are_seen_as_they_are(tmp_path: Path, bundle: Bundle) -> None:
    tools = FakeTools()
    assert seen(tmp_path, tools, bundle).view.reached is None
    assert tools.traced == []


def test_what_a_proof_missed_is_kept_and_traced_in_turn(tmp_path: Path) -> None:
    tools = FakeTools()
    pinned = {"lib.js": "missed", "node_modules/a": "missed"}
    reached = seen(tmp_path, tools, make_bundle(trim="trace"), pinned).view.reached or {}
    assert tools.traced == [("index.js", "lib.js")]
    missed = {path for path, why in reached.items() if why == "missed"}
    assert missed == {"lib.js", *(path for path in FILES if path.startswith("node_modules/a/"))}


def test_a_bundled_entry_stands_where_its_source_was(tmp_path: Path) -> None:
    tools = FakeTools(joins=("index.js", "lib.js", "node_modules/a/index.js", "node_modules/b/index.js"))
    found = seen(tmp_path, tools, make_bundle(trim="bundle", external=("c",)))
    assert found.text("index.js") == "joined"
    assert found.view.inlined.keys() == {"lib.js", "node_modules/a/index.js", "node_modules/b/index.js"}
    assert (found.view.reached or {}).keys() == {"index.js", LICENCES}
    assert found.text(LICENCES) == "==== a@1.0.0, b@1.0.0\n\nMIT\n"
    assert tools.external == [("*",), ()]


def test_of_a_readme_the_licence_alone_goes_along(tmp_path: Path) -> None:
    tools = FakeTools(joins=("index.js", "node_modules/a/index.js", "node_modules/c/index.js"))
    files = {
        "node_modules/a/README.md": "# a\n\n## Licence\n\nSee the file.\n",
        "node_modules/c/package.json": package_json("c"),
        "node_modules/c/index.js": "",
        "node_modules/c/README.md": "# c\n\nHow to use it.\n\n## License\n\nISC\n",
    }
    write_tree(tmp_path / "tree", files)
    found = seen(tmp_path, tools, make_bundle(trim="bundle"))
    assert found.text(LICENCES) == "==== a@1.0.0\n\nMIT\n\n==== c@1.0.0\n\n## License\n\nISC\n"


def test_a_package_that_a_proof_missed_is_put_outside(tmp_path: Path) -> None:
    tools = FakeTools(joins=("index.js",))
    found = seen(tmp_path, tools, make_bundle(trim="bundle"), {"node_modules/a": "missed"})
    assert tools.external[1] == ("a",)
    assert "node_modules/a/index.js" in (found.view.reached or {})


def test_where_modules_are_hooked_every_package_stays_outside(tmp_path: Path) -> None:
    tools = FakeTools({"node_modules/a/index.js": "index.js"}, hooks=("node_modules/a/index.js",))
    found = seen(tmp_path, tools, make_bundle(trim="bundle")).view
    assert tools.external == [("*",), ("*",)]
    assert found.apart == {"a": "node_modules/a/index.js instruments packages as they are loaded"}


def test_what_a_layer_loads_first_may_hook_as_well(tmp_path: Path) -> None:
    tools = FakeTools()
    bundle = make_bundle(trim="bundle", environment=(("AWS_LAMBDA_EXEC_WRAPPER", "/opt/otel-handler"),))
    seen(tmp_path, tools, bundle)
    assert tools.external == [("*",), ("*",)]
    tools = FakeTools()
    seen(tmp_path / "plain", tools, make_bundle(trim="bundle", environment=(("AWS_LAMBDA_EXEC_WRAPPER", ""),)))
    assert tools.external == [("*",), ()]


def test_what_joining_shows_to_be_unjoinable_is_put_outside_and_told(tmp_path: Path) -> None:
    tools = FakeTools(apart={"node_modules/b/index.js": "it hands `require` on"})
    found = seen(tmp_path, tools, make_bundle(trim="bundle")).view
    assert tools.external == [("*",), (), ("b",)]
    assert found.apart == {"b": "it hands `require` on"}
    assert found.absent == ()


def test_own_code_that_is_opened_by_its_path_stays_a_file(tmp_path: Path) -> None:
    tools = FakeTools({"lib.js": "index.js"})
    found = seen(tmp_path, tools, make_bundle(trim="bundle")).view
    assert tools.files == [(), ("lib.js",)]
    assert "lib.js" in (found.reached or {})


def test_what_is_loaded_by_its_name_stays_outside(tmp_path: Path) -> None:
    tools = FakeTools(named={"a": "index.js"})
    seen(tmp_path, tools, make_bundle(trim="bundle"))
    assert tools.external == [("*",), ("a",)]
    assert tools.modules[-1] == ("a",)


@pytest.mark.parametrize("trim", ["trace", "bundle"])
def test_what_the_configuration_names_is_kept_whole(tmp_path: Path, trim: str) -> None:
    tools = FakeTools()
    found = seen(tmp_path, tools, make_bundle(trim=trim, external=("a",))).view
    assert {path for path in FILES if path.startswith("node_modules/a/")} <= (found.reached or {}).keys()
    assert tools.modules == [("a",)] * len(tools.modules)


@pytest.mark.parametrize(
    ("runtime", "options", "loads"),
    [
        ("nodejs22.x", "", False),
        ("nodejs24.x", "--enable-source-maps", False),
        ("nodejs22.x", "--experimental-require-module", True),
        ("nodejs18.x", "--experimental-require-module", False),
    ],
)
def test_es_modules_are_required_as_the_host_starts_node(
    tmp_path: Path, runtime: str, options: str, *, loads: bool
) -> None:
    bundle = make_bundle(runtime=runtime, environment=(("NODE_OPTIONS", options),))
    inventory, graph = scan_tree(write_tree(tmp_path, FILES), {})
    assert loads_es_modules(trace_inputs(inventory, graph, bundle)) is loads


def test_layers_and_python_are_trimmed_strict_instead(tmp_path: Path) -> None:
    write_tree(tmp_path, {"index.js": "", "package.json": package_json()})
    bundles = {
        "layer": {"target": "aws-lambda-layer", "runtime": "nodejs22.x", "packages": ["a"], "trim": "bundle"},
        "snake": {"target": "aws-lambda", "runtime": "python3.12", "handler": "app.handler", "trim": "trace"},
        "api": {"target": "aws-lambda", "runtime": "nodejs22.x", "handler": "index.handler", "trim": "trace"},
    }
    plan = plan_for(parse_project({"version": 1, "bundles": bundles}, tmp_path))
    assert {bundle.name: bundle.trim for bundle in plan.bundles} == {
        "layer": "strict",
        "snake": "strict",
        "api": "trace",
    }
    assert "layer: trim: strict is used in place of bundle, because a layer has no entry to trace from" in plan.notes
    assert "snake: trim: strict is used in place of trace, because only Node's code is traced" in plan.notes


def test_typescript_counts_where_it_is_compiled(tmp_path: Path) -> None:
    files = {"src/handler.ts": "export const handler = async () => 1", "api/a.ts": "", "api/a.d.ts": ""}
    write_tree(tmp_path, {**files, "package.json": package_json()})
    assert detect_handler(tmp_path, "nodejs") == ""
    assert detect_handler(tmp_path, "nodejs", compiles=True) == "src/handler.handler"
    assert entry_files(tmp_path, ("api/*",), "module", "x", compiles=True) == ("api/a.ts",)
    with pytest.raises(ConfigError, match="TypeScript"):
        entry_files(tmp_path, ("api/a.ts",), "module", "x")
