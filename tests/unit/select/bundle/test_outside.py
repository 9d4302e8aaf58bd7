"""Which packages stay outside a bundle, and what an entry is called and counts for once bundled."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from packager.catalog.current import load_catalog
from packager.inventory.tree import scan_tree
from packager.model.tracing import Trace
from packager.select.bundle.esbuild import module_format, output_of
from packager.select.bundle.outside import names, outside, unjoinable, with_dependents
from tests.support.elfs import write_elf
from tests.support.fakes import make_bundle, make_job
from tests.support.stages import trace_inputs
from tests.support.trees import Content, package_json, write_tree

if TYPE_CHECKING:
    from pathlib import Path

PLAIN = {"node_modules/plain/package.json": package_json("plain"), "node_modules/plain/index.js": ""}


def left(root: Path, files: dict[str, Content], trace: Trace, **bundle: object) -> dict[str, str]:
    write_tree(root, {"package.json": package_json(), **PLAIN, **files})
    inventory, graph = scan_tree(root, {})
    return dict(outside(trace_inputs(inventory, graph, make_bundle(**bundle)), trace))


def test_native_code_stays_outside(tmp_path: Path) -> None:
    files: dict[str, Content] = {
        "node_modules/addon/package.json": package_json("addon"),
        "node_modules/addon/build/addon.node": write_elf(),
    }
    found = left(tmp_path, files, Trace({}))
    assert found == {"node_modules/addon": "it has native code"}


def test_what_reads_files_beside_its_code_stays_outside_with_what_it_reads(tmp_path: Path) -> None:
    files: dict[str, Content] = {
        "node_modules/reader/package.json": package_json("reader"),
        "node_modules/data/package.json": package_json("data"),
        "node_modules/data/words.dat": "",
        "schema.graphql": "",
    }
    trace = Trace(
        {"node_modules/data/words.dat": "node_modules/reader/index.js", "schema.graphql": "index.js"},
        frozenset({"node_modules/data/words.dat", "schema.graphql"}),
    )
    assert left(tmp_path, files, trace) == {
        "node_modules/data": "its code reads words.dat",
        "node_modules/reader": "its code reads node_modules/data/words.dat",
    }


def test_clients_of_generators_stay_outside_and_other_engines_do_not(tmp_path: Path) -> None:
    known = {engine.name: engine for engine in load_catalog().engines}
    job = make_job(engines=(known["prisma-7"], known["sharp"]))
    files: dict[str, Content] = {
        f"node_modules/{name}/package.json": package_json(name)
        for name in ("@prisma/client", ".prisma/client", "sharp")
    }
    assert left(tmp_path, files, Trace({}), job=job).keys() == {
        "node_modules/@prisma/client",
        "node_modules/.prisma/client",
    }


def test_the_configuration_has_a_word(tmp_path: Path) -> None:
    assert left(tmp_path, {}, Trace({}), external=("pl*",)) == {"node_modules/plain": "the configuration names it"}


def test_whoever_sees_another_copy_than_the_entry_would_stays_with_it(tmp_path: Path) -> None:
    files: dict[str, Content] = {
        "node_modules/addon/package.json": package_json("addon", "2.0.0"),
        "node_modules/keeper/package.json": package_json("keeper", dependencies={"addon": "1"}),
        "node_modules/keeper/index.js": "",
        "node_modules/keeper/node_modules/addon/package.json": package_json("addon", "1.0.0"),
        "node_modules/keeper/node_modules/addon/addon.node": write_elf(),
    }
    found = left(tmp_path, files, Trace({"node_modules/keeper/index.js": "index.js"}))
    assert found == {
        "node_modules/keeper/node_modules/addon": "it has native code",
        "node_modules/keeper": "it needs addon from node_modules/keeper/node_modules/addon",
    }
    _, graph = scan_tree(tmp_path, {})
    assert names(found, graph) == ("addon", "keeper")


@pytest.mark.parametrize(
    ("entry", "output", "kind"),
    [
        ("index.js", "index.js", "cjs"),
        ("src/index.js", "src/index.js", "esm"),
        ("src/index.ts", "src/index.js", "esm"),
        ("src/index.cts", "src/index.cjs", "cjs"),
        ("index.mts", "index.mjs", "esm"),
        ("odd/index.js", "odd/index.js", "cjs"),
    ],
)
def test_an_entry_keeps_its_name_and_kind(tmp_path: Path, entry: str, output: str, kind: str) -> None:
    files = {"package.json": package_json(), "src/package.json": '{"type": "module"}', "odd/package.json": "{"}
    assert output_of(entry) == output
    assert module_format(write_tree(tmp_path, files), entry) == kind


def leftover(root: Path, traced: dict[str, str]) -> dict[str, str]:
    """Return what stays outside where ``image`` falls back to ``image-wasm``, which npm has left lying undeclared."""
    files: dict[str, Content] = {
        "package.json": package_json(dependencies={"image": "1"}),
        "node_modules/image/package.json": package_json("image", optionalDependencies={"image-browser": "1"}),
        "node_modules/image-wasm/package.json": package_json("image-wasm", dependencies={"wasm-runtime": "1"}),
        "node_modules/wasm-runtime/package.json": package_json("wasm-runtime"),
    }
    return left(root, files, Trace({"node_modules/image/index.js": "index.js", **traced}))


WASM = {
    "node_modules/image-wasm/index.js": "node_modules/image/index.js",
    "node_modules/image-wasm/lib/image.js": "node_modules/image-wasm/index.js",
    "node_modules/wasm-runtime/index.js": "node_modules/image-wasm/lib/image.js",
}


def test_what_no_dependency_declares_is_not_joined_because_a_package_names_it(tmp_path: Path) -> None:
    """sharp 0.35 falls back to @img/sharp-wasm32, which npm installs for a package that it skips."""
    assert leftover(tmp_path, WASM) == {
        "node_modules/image-wasm": "no production dependency needs it",
        "node_modules/wasm-runtime": "no production dependency needs it",
    }


def test_what_the_projects_own_code_names_is_joined_undeclared(tmp_path: Path) -> None:
    traced = {
        "node_modules/image-wasm/index.js": "index.js",
        "node_modules/wasm-runtime/index.js": "node_modules/image-wasm/index.js",
    }
    assert leftover(tmp_path, traced) == {}


def test_a_name_that_a_dependency_goes_by_is_joined(tmp_path: Path) -> None:
    files: dict[str, Content] = {
        "package.json": package_json(dependencies={"image": "1"}),
        "node_modules/image/package.json": package_json("image", dependencies={"colour": "2"}),
        "node_modules/image/node_modules/colour/package.json": package_json("colour"),
        "node_modules/colour/package.json": package_json("colour"),
    }
    traced = {"node_modules/image/index.js": "index.js", "node_modules/colour/x.js": "node_modules/image/index.js"}
    assert left(tmp_path, files, Trace(traced)) == {}


def test_code_that_builds_paths_or_loads_what_is_no_code_stays_outside(tmp_path: Path) -> None:
    files: dict[str, Content] = {
        "node_modules/builds/package.json": package_json("builds"),
        "node_modules/loads/package.json": package_json("loads"),
        "node_modules/joined/package.json": package_json("joined"),
    }
    found = {f"node_modules/{name}/index.js": "index.js" for name in ("builds", "loads", "joined")}
    trace = Trace(
        {**found, "node_modules/loads/page.html": "node_modules/loads/index.js", "node_modules/joined/a.json": ""},
        places={"node_modules/builds/index.js": "it starts workers"},
    )
    assert left(tmp_path, files, trace) == {
        "node_modules/builds": "it starts workers",
        "node_modules/loads": "its code loads page.html",
    }


def test_who_needs_a_package_that_awaits_stays_with_it_however_far(tmp_path: Path) -> None:
    files: dict[str, Content] = {
        "package.json": package_json(dependencies={"far": "1"}),
        "node_modules/far/package.json": package_json("far", dependencies={"near": "1"}),
        "node_modules/near/package.json": package_json("near", dependencies={"awaits": "1"}),
        "node_modules/awaits/package.json": package_json("awaits"),
        "node_modules/apart/package.json": package_json("apart"),
    }
    _, graph = scan_tree(write_tree(tmp_path, files), {})
    traced = [f"node_modules/{name}/index.js" for name in ("far", "near", "awaits", "apart")]
    why = unjoinable({"node_modules/awaits/index.js": "it awaits", "lib/own.mjs": "it awaits"}, graph)
    assert why == {"node_modules/awaits": "it awaits"}
    assert with_dependents(why, graph, traced).keys() == {f"node_modules/{name}" for name in ("far", "near", "awaits")}
