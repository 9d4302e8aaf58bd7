"""What belongs to traced files, though no code names it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from packager.catalog.current import load_catalog
from packager.core.errors import ConfigError
from packager.inventory.tree import scan_tree
from packager.model.clients import Client
from packager.model.tracing import Trace
from packager.select.trace.entries import code_asked_for, entry_files
from packager.select.trace.nft import read_answer
from packager.select.trace.reach import reach
from tests.support.elfs import write_elf
from tests.support.fakes import make_bundle
from tests.support.stages import trace_inputs
from tests.support.trees import Content, package_json, write_tree

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

    from packager.model.plan import Bundle


def reached(
    root: Path,
    files: Mapping[str, Content],
    traced: Mapping[str, str],
    *,
    links: Mapping[str, str] | None = None,
    clients: tuple[Client, ...] = (),
    joined: Collection[str] = (),
) -> dict[str, str]:
    """Return what is reached in a tree of these files when `traced` (path → parent) is what the tracer found."""
    write_tree(root, files, links)
    inventory, graph = scan_tree(root, {}, [client.folder for client in clients if client.installed])
    return dict(reach(Trace(traced), inventory, graph, clients, joined).files)


IMAGE: dict[str, Content] = {
    "package.json": package_json(dependencies={"image": "1"}),
    "index.js": "",
    "node_modules/image/package.json": package_json(
        "image", optionalDependencies={"@image/linux-x64": "1", "colour": "1"}
    ),
    "node_modules/image/index.js": "",
    "node_modules/image/COPYING.md": "",
    "node_modules/image/docs/LICENSE": "",
    "node_modules/image/build/image.node": write_elf(),
    "node_modules/colour/package.json": package_json("colour"),
    "node_modules/colour/index.js": "",
    "node_modules/@image/linux-x64/package.json": package_json(
        "@image/linux-x64", os=["linux"], optionalDependencies={"@image/lib-linux-x64": "1"}
    ),
    "node_modules/@image/linux-x64/lib/image.node": write_elf(),
    "node_modules/@image/linux-x64/CHANGELOG.md": "",
    "node_modules/@image/lib-linux-x64/package.json": package_json("@image/lib-linux-x64", cpu=["x64"]),
    "node_modules/@image/lib-linux-x64/lib/libimage.so.42": write_elf(),
    "node_modules/@image/lib-linux-x64/versions.json": "{}",
}
SYSTEMS_PART = {
    "node_modules/@image/linux-x64/package.json",
    "node_modules/@image/linux-x64/lib/image.node",
    "node_modules/@image/lib-linux-x64/package.json",
    "node_modules/@image/lib-linux-x64/lib/libimage.so.42",
    "node_modules/@image/lib-linux-x64/versions.json",
}


def test_a_reached_package_brings_its_part_for_the_system_and_its_licence(tmp_path: Path) -> None:
    found = reached(tmp_path, IMAGE, {"index.js": "", "node_modules/image/index.js": "index.js"})
    assert found.keys() == SYSTEMS_PART | {
        "index.js",
        "node_modules/image/index.js",
        "node_modules/image/package.json",
        "node_modules/image/COPYING.md",
        "node_modules/image/build/image.node",
    }
    assert found["index.js"] == "where the host starts"
    assert found["node_modules/image/index.js"] == "index.js asks for it"
    assert found["node_modules/@image/lib-linux-x64/versions.json"] == "the part of @image/linux-x64 for this system"


def test_of_a_joined_package_only_that_part_is_needed(tmp_path: Path) -> None:
    found = reached(tmp_path, IMAGE, {"index.js": ""}, joined=["node_modules/image"])
    assert SYSTEMS_PART | {"index.js"} <= found.keys()
    assert "node_modules/image/package.json" not in found


def test_what_links_lead_to_counts_under_every_name(tmp_path: Path) -> None:
    files = {"packages/lib/package.json": package_json("lib"), "packages/lib/index.js": "", "index.js": ""}
    found = reached(
        tmp_path,
        files,
        {"index.js": "", "packages/lib/index.js": "index.js"},
        links={"node_modules/lib": "../packages/lib"},
    )
    assert {"packages/lib/index.js", "node_modules/lib/index.js", "node_modules/lib/package.json"} <= found.keys()


@pytest.mark.parametrize("asked", ["node_modules/@prisma/client/default.js", "node_modules/.prisma/client/index.js"])
def test_a_generated_client_is_taken_whole(tmp_path: Path, asked: str) -> None:
    engine = next(engine for engine in load_catalog().engines if engine.name == "prisma-5-library")
    client = Client("prisma/schema.prisma", "client", "node_modules/.prisma/client", engine=engine)
    files: dict[str, Content] = {
        "index.js": "",
        "node_modules/@prisma/client/package.json": package_json("@prisma/client"),
        "node_modules/@prisma/client/default.js": "",
        "node_modules/@prisma/client/runtime/edge.js": "",
        "node_modules/.prisma/client/index.js": "",
        "node_modules/.prisma/client/schema.prisma": "",
        "node_modules/.prisma/client/libquery_engine-rhel-openssl-3.0.x.so.node": write_elf(),
    }
    found = reached(tmp_path, files, {"index.js": "", asked: "index.js"}, clients=(client,))
    assert {path for path in files if "/.prisma/" in path} <= found.keys()
    assert "node_modules/@prisma/client/runtime/edge.js" not in found
    assert reached(tmp_path, files, {"index.js": ""}, clients=(client,)).keys() == {"index.js"}


def test_answers_of_the_script_are_read() -> None:
    text = (
        '{"files": {"index.js": {"kinds": ["initial"], "parents": []},'
        ' "a.dat": {"kinds": ["asset"], "parents": ["index.js"]}},'
        ' "warnings": ["Failed to resolve dependency \\"x\\": /root/app/index.js"]}'
    )
    trace = read_answer(text, "/root/app")
    assert trace.files == {"index.js": "", "a.dat": "index.js"}
    assert trace.read == {"a.dat"}
    assert trace.unresolved == ('Failed to resolve dependency "x": index.js',)


@pytest.mark.parametrize(
    ("files", "bundle", "entries"),
    [
        (["index.js", "index.mjs"], {}, ("index.js",)),
        (["index.cjs"], {}, ("index.cjs",)),
        (["src/api.ts"], {"handler": "./src/api.users.get"}, ("src/api.ts",)),
        (["index.js"], {"entries": ("api/a.js", "api/b.js")}, ("api/a.js", "api/b.js")),
    ],
)
def test_the_host_starts_at_the_handlers_file(
    tmp_path: Path, files: list[str], bundle: dict[str, object], entries: tuple[str, ...]
) -> None:
    inventory, graph = scan_tree(write_tree(tmp_path, dict.fromkeys(files, "")), {})
    assert entry_files(trace_inputs(inventory, graph, make_bundle(**bundle))) == entries


def test_without_a_file_to_start_from_nothing_can_be_traced(tmp_path: Path) -> None:
    inventory, graph = scan_tree(write_tree(tmp_path, {"main.js": ""}), {})
    with pytest.raises(ConfigError, match=r"no file index\.js to trace from"):
        entry_files(trace_inputs(inventory, graph, make_bundle()))


@pytest.mark.parametrize(
    ("bundle", "named"),
    [
        (make_bundle(), ()),
        (make_bundle(include=("!**/*.md",)), ()),
        (make_bundle(include=("src/**", "!src/b.js")), ("src/a.js",)),
    ],
    ids=["all", "all but", "some"],
)
def test_code_that_include_names_is_an_entry_too(tmp_path: Path, bundle: Bundle, named: tuple[str, ...]) -> None:
    files = dict.fromkeys(["src/a.js", "src/b.js", "src/c.txt", "index.js", "node_modules/x/src/a.js"], "")
    inventory, graph = scan_tree(write_tree(tmp_path, files), {})
    assert code_asked_for(trace_inputs(inventory, graph, bundle)) == named


OPENS: dict[str, Content] = {
    "package.json": package_json(dependencies={"opens": "1"}),
    "index.js": "",
    "locales/de.json": "",
    "locales/de.js": "",
    "node_modules/opens/package.json": package_json("opens"),
    "node_modules/opens/index.js": "",
    "node_modules/opens/other.js": "",
    "node_modules/opens/data/a.dat": "",
    "node_modules/opens/engine.wasm": "",
    "node_modules/opens/README.md": "",
    "node_modules/opens/test/a.dat": "",
}
INDEX = "node_modules/opens/index.js"


def opened(root: Path, trace: Trace) -> set[str]:
    """Return what reach adds for code that opens files by paths it does not spell out."""
    write_tree(root, OPENS)
    inventory, graph = scan_tree(root, {})
    return set(reach(trace, inventory, graph).files) - {"index.js", INDEX, "node_modules/opens/package.json"}


def test_a_package_that_builds_paths_keeps_its_data_and_no_other_code(tmp_path: Path) -> None:
    files = {"index.js": "", INDEX: "index.js"}
    inside = {f"node_modules/opens/{name}" for name in ("data/a.dat", "engine.wasm")}
    assert opened(tmp_path, Trace(files)) == set()
    assert opened(tmp_path, Trace(files, places={INDEX: "it starts workers"})) == inside
    other = "node_modules/opens/other.js"
    assert opened(tmp_path, Trace(files, places={other: "it starts workers"})) == set(), "code that nothing reaches"


def test_a_package_that_hands_out_its_folder_is_kept_whole_and_its_code_is_told(tmp_path: Path) -> None:
    write_tree(tmp_path, OPENS)
    inventory, graph = scan_tree(tmp_path, {})
    found = reach(Trace({"index.js": "", INDEX: "index.js"}, whole={INDEX: "why"}), inventory, graph)
    assert "node_modules/opens/other.js" in found.files
    assert "node_modules/opens/test/a.dat" not in found.files
    assert found.code == ("node_modules/opens/other.js",)


def test_folders_that_code_opens_or_serves(tmp_path: Path) -> None:
    files = {"index.js": "", INDEX: "index.js"}
    assert opened(tmp_path, Trace(files, data={"locales": "index.js fills it in"})) == {"locales/de.json"}
    assert opened(tmp_path, Trace(files, folders={"locales": "index.js serves it"})) == {
        "locales/de.json",
        "locales/de.js",
    }
    data = {"node_modules/opens/data": "its index.js opens it"}
    assert opened(tmp_path, Trace(files, data=data)) == {"node_modules/opens/data/a.dat"}
    assert opened(tmp_path, Trace(files, data=data, idle=frozenset({"node_modules/opens/data/a.dat"}))) == set()
