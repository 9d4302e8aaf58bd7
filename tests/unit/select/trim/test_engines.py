"""Exactly one engine per client: what every generation keeps and drops, told from files alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from packager.catalog.current import load_catalog
from packager.model.clients import Client
from packager.model.inventory import File, Package
from packager.select.trim.engines import EngineRules

HOME = "node_modules/.prisma/client"
RHEL = "rhel-openssl-3.0.x"
ENGINES = {engine.name: engine for engine in load_catalog().engines}


def client(name: str, folder: str = HOME, **facts: str) -> Client:
    known = {"generator": "prisma-client-js", "provider": "postgresql", "compiler": "fast", "binary_target": RHEL}
    return Client("prisma/schema.prisma", "client", folder, {**known, **facts}, engine=ENGINES[name])


def dropped(paths: list[str], *clients: Client) -> list[str]:
    rules = EngineRules([one.engine for one in clients if one.engine], clients, paths)
    packages = ("node_modules/@prisma/client", HOME)
    found = []
    for path in paths:
        folder = next((one for one in packages if path.startswith(f"{one}/")), "")
        package = Package(folder.rpartition("node_modules/")[2], "", folder) if folder else None
        if rules.choice(File(path, 1, package=package), folder):
            found.append(path)
    return found


def library(target: str, folder: str = HOME) -> str:
    return f"{folder}/libquery_engine-{target}.so.node"


def test_of_many_engines_the_targets_own_is_kept() -> None:
    others = [library("debian-openssl-3.0.x"), library("linux-musl"), f"{HOME}/query-engine-{RHEL}"]
    others.append(f"{HOME}/libquery_engine-darwin-arm64.dylib.node")

    assert dropped([library(RHEL), *others], client("prisma-5-library")) == others


def test_without_the_targets_own_nothing_goes_so_that_the_audit_sees_what_is_there() -> None:
    assert dropped([library("debian-openssl-3.0.x")], client("prisma-5-library")) == []


def test_a_custom_output_is_a_client_like_any_other() -> None:
    own = "src/generated/client"
    paths = [library(RHEL, own), library("darwin", own), f"{own}/runtime/library.js", f"{own}/runtime/edge.js"]

    assert dropped(paths, client("prisma-5-library", own)) == [library("darwin", own), f"{own}/runtime/edge.js"]


def test_several_clients_keep_one_engine_each() -> None:
    one, two = "src/one", "src/two"
    paths = [library(target, folder) for folder in (one, two) for target in (RHEL, "darwin")]

    assert dropped(paths, client("prisma-5-library", one), client("prisma-5-library", two)) == [
        library("darwin", one),
        library("darwin", two),
    ]


def test_what_two_clients_share_goes_only_if_neither_needs_it() -> None:
    runtime = "node_modules/@prisma/client/runtime"
    paths = [f"{runtime}/{name}.js" for name in ("library", "binary", "edge")]

    both = dropped(paths, client("prisma-5-library"), client("prisma-5-binary", "src/other"))

    assert both == [f"{runtime}/edge.js"]


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("prisma-5-library", "library.js"),
        ("prisma-5-binary", "binary.js"),
        ("prisma-6-client", "client.js"),
        ("prisma-7", "client.js"),
    ],
)
def test_one_runtime_module_is_kept(name: str, kept: str) -> None:
    names = (
        "library.js",
        "binary.js",
        "client.js",
        "edge.js",
        "query_engine_bg.sqlite.wasm-base64.js",
        "client.js.map",
    )
    paths = [f"node_modules/@prisma/client/runtime/{one}" for one in names]

    assert sorted(set(paths) - set(dropped(paths, client(name)))) == [f"node_modules/@prisma/client/runtime/{kept}"]


def test_of_the_compilers_the_databases_own_is_kept() -> None:
    runtime = "node_modules/@prisma/client/runtime"
    kept = [f"{runtime}/query_compiler_fast_bg.postgresql.{end}" for end in ("js", "wasm-base64.js")]
    others = [f"{runtime}/query_compiler_fast_bg.mysql.js", f"{runtime}/query_compiler_small_bg.postgresql.js"]

    assert dropped([*kept, *others], client("prisma-7", "src/generated", generator="prisma-client")) == others


def test_an_unknown_database_keeps_all_compilers() -> None:
    facts = {**client("prisma-7").facts, "generator": "prisma-client"}
    del facts["provider"]
    unknown = replace(client("prisma-7"), facts=facts)
    path = "node_modules/@prisma/client/runtime/query_compiler_fast_bg.mysql.js"

    assert dropped([path], unknown) == []


@pytest.mark.parametrize("name", ["photon-at-prisma", "photon-generated"])
def test_photons_engine_lies_beside_its_runtime(name: str) -> None:
    home = ENGINES[name].client
    kept = f"{home}/runtime/query-engine-{RHEL}"
    others = [f"{home}/runtime/query-engine-darwin", f"{home}/generator-build/index.js", f"{home}/index.d.ts"]

    assert dropped([f"{home}/index.js", kept, *others], client(name, home)) == others


def test_the_clients_extension_module_stays_whole() -> None:
    package = "node_modules/@prisma/client"
    paths = [f"{package}/extension.js", f"{package}/scripts/default-index.js", f"{package}/scripts/postinstall.js"]

    assert dropped(paths, client("prisma-5-library")) == [f"{package}/scripts/postinstall.js"]


@pytest.mark.parametrize(
    ("name", "package", "kept", "gone"),
    [
        (
            "onnxruntime",
            "onnxruntime-node",
            ["bin/napi-v6/linux/x64/libonnxruntime.so.1", "bin/napi-v6/linux/x64/onnxruntime_binding.node"],
            ["bin/napi-v6/linux/arm64/libonnxruntime.so.1", "bin/napi-v6/win32/x64/DirectML.dll", "script/install.js"],
        ),
        (
            "better-sqlite3",
            "better-sqlite3",
            ["build/Release/better_sqlite3.node", "lib/index.js"],
            ["build/Release/test_extension.node", "build/Release/obj/x.o", "deps/sqlite3/sqlite3.c", "src/addon.cpp"],
        ),
        ("bcrypt", "bcrypt", ["bcrypt.js", "prebuilds/linux-x64/bcrypt.glibc.node"], ["prebuilds/win32-x64/x.node"]),
        ("argon2", "argon2", ["argon2.cjs", "prebuilds/linux-x64/argon2.glibc.node"], ["argon2/src/core.c"]),
        ("canvas", "canvas", ["build/Release/canvas.node", "build/Release/libcairo.so.2"], ["src/Canvas.cc"]),
        ("duckdb", "duckdb", ["lib/duckdb.js", "lib/binding/duckdb.node"], ["src/connection.cpp"]),
        ("chromium", "@sparticuz/chromium", ["bin/chromium.br", "build/cjs/index.cjs"], ["examples/a.js"]),
    ],
)
def test_generic_engines_keep_what_belongs_together(name: str, package: str, kept: list[str], gone: list[str]) -> None:
    folder = f"node_modules/{package}"
    rules = EngineRules([ENGINES[name]], (), (), "x64")
    of = Package(package, "1.0.0", folder)

    dropped = [p for p in (*kept, *gone) if rules.choice(File(f"{folder}/{p}", 1, package=of), folder)]

    assert dropped == gone
