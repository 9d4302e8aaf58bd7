"""Whatever a tree holds and a user includes: each file is decided once, and no decision contradicts another."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from packager.archive.write.layout import make_layout, prove_name
from packager.hosts.registry import lay_out
from packager.model.inventory import ElfFacts, File, Inventory, Package
from packager.model.packages import Installed, PackageGraph, package_folder
from packager.select.trim.patterns import included
from packager.select.trim.platforms import family, foreign_files, native, suits
from packager.select.trim.secrets import asked_for, secret_reason
from tests.support.fakes import make_bundle
from tests.support.stages import ruled

if TYPE_CHECKING:
    from packager.model.plan import Bundle
    from packager.model.selection import Selection

QUIETLY = settings(deadline=None)
"""A busy machine is not a failure."""

NAMES = [
    "a",
    "b",
    "src",
    "lib",
    "prebuilds",
    "linux-x64",
    "darwin-arm64",
    "-rf",
    "with space",
    "ü",
    ".env",
    ".git",
    "docs",
]
FILES = [
    "index.js", "package.json", "a.node", "a.test.js", "README.md", ".env", "key.pem", ".npmrc", "tsconfig.json",
    "x.tmp12", "libx.so.1", ".DS_Store", "run", "bootstrap",
]  # fmt: skip
PATTERNS = [
    "**", "*", "src", "src/**", "**/*.js", "*.{js,md}", "README.md", ".env", "**/*.pem", "docs/", "node_modules/a/**",
    "node_modules/**", ".npmrc", "tsconfig.json", "lib/**/*.node", "./src/index.js",
]  # fmt: skip
PACKAGES = {
    "": ("a", "@s/b"),
    "node_modules/a": ("c",),
    "node_modules/@s/b": (),
    "node_modules/c": ("a",),
    "node_modules/dev": (),
    "node_modules/a/node_modules/c": (),
}
GRAPH = PackageGraph(
    {
        folder: Installed(Package(folder.rpartition("node_modules/")[2] or "app", "1.0.0", folder), needs)
        for folder, needs in PACKAGES.items()
    }
)

relative = st.builds(
    lambda folders, name: "/".join([*folders, name]),
    st.lists(st.sampled_from(NAMES), max_size=3),
    st.sampled_from(FILES),
)
paths = st.builds(
    lambda folder, inner: f"{folder}/{inner}" if folder else inner, st.sampled_from([*PACKAGES]), relative
)
elves = st.builds(
    lambda machine, needed: ElfFacts(
        machine=machine, machine_name="", bits=64, little_endian=True, os_abi="ELFOSABI_SYSV", type="shared",
        interpreter="", soname="", needed=needed, rpath=(), runpath=(), versions_needed=(), versions_defined=(),
        loads=(), executable_stack=False, build_id="", has_symbols=False, trailing_bytes=0,
    ),
    st.sampled_from(["x86_64", "arm64", "other"]),
    st.sampled_from([("libc.so.6",), ("libc.musl-x86_64.so.1",), ()]),
)  # fmt: skip


@st.composite
def files(draw: st.DrawFn) -> File:
    """Return a file with the package it would belong to, native or not."""
    path = draw(paths)
    kind = (
        draw(st.sampled_from(["other", "elf", "macho", "pe"])) if path.endswith((".node", ".so.1", "run")) else "other"
    )
    owner = GRAPH.of(path)
    return File(
        path,
        draw(st.integers(0, 1 << 30)),
        kind,  # type: ignore[arg-type]
        draw(elves) if kind == "elf" else None,
        package=owner.package if owner and package_folder(path) else None,
    )


inventories = st.lists(files(), max_size=25, unique_by=lambda file: file.path).map(
    lambda found: Inventory(tuple(sorted(found, key=lambda file: file.path.encode())))
)
includes = st.lists(st.tuples(st.sampled_from(["", "!"]), st.sampled_from(PATTERNS)).map("".join), max_size=5).map(
    tuple
)
positives = st.sampled_from(PATTERNS)
bundles = st.builds(
    lambda arch, include, layer, packages: make_bundle(
        arch=arch, **({"target": "aws-lambda-layer", "packages": packages} if layer else {"include": include})
    ),
    st.sampled_from(["x86_64", "arm64"]),
    includes,
    st.booleans(),
    st.sampled_from([("a",), ("@s/*",), ("*",)]),
)


def trim(inventory: Inventory, bundle: Bundle) -> Selection:
    return ruled(inventory, GRAPH, bundle, python_packages=".packager-python")


def kept(inventory: Inventory, bundle: Bundle) -> set[str]:
    return {choice.file.path for choice in trim(inventory, bundle).kept}


@QUIETLY
@given(inventories, bundles)
def test_each_file_is_decided_exactly_once_and_says_why(inventory: Inventory, bundle: Bundle) -> None:
    selection = trim(inventory, bundle)

    assert tuple(choice.file for choice in selection.choices) == inventory.files
    assert len(selection.kept) + len(selection.dropped) == len(inventory.files)
    assert all(choice.rule and choice.reason for choice in selection.choices)
    assert sum(selection.savings().values()) == sum(choice.file.size_bytes for choice in selection.dropped)


@QUIETLY
@given(inventories, bundles)
def test_no_place_leaves_the_archives_root_and_none_is_taken_twice(inventory: Inventory, bundle: Bundle) -> None:
    placed = lay_out(bundle, trim(inventory, bundle).kept)

    assert all(prove_name(item.path) for item in placed)
    make_layout(
        (item.path, b"") for item in placed if not any(other.path.startswith(f"{item.path}/") for other in placed)
    )
    if bundle.kind == "layer":
        assert all(item.path.startswith("nodejs/node_modules/") for item in placed)


@QUIETLY
@given(inventories, includes.filter(bool), positives)
def test_one_more_pattern_never_drops_a_file(inventory: Inventory, include: tuple[str, ...], pattern: str) -> None:
    bundle = make_bundle(include=include)

    assert kept(inventory, bundle) <= kept(inventory, replace(bundle, include=(*include, pattern)))


@QUIETLY
@given(inventories, includes, positives)
def test_one_more_exclusion_never_adds_a_file(inventory: Inventory, include: tuple[str, ...], pattern: str) -> None:
    bundle = make_bundle(include=include)

    assert kept(inventory, replace(bundle, include=(*include, f"!{pattern}"))) <= kept(inventory, bundle)


@QUIETLY
@given(relative, includes)
def test_included_follows_the_last_pattern_that_matches(path: str, patterns: tuple[str, ...]) -> None:
    keeps, pattern = included(path, patterns)

    if pattern:
        assert keeps is not pattern.startswith("!")
        after = patterns[len(patterns) - patterns[::-1].index(pattern) :]
        assert all(included(path, (other,))[1] == "" for other in after)
    else:
        assert keeps is (not patterns or patterns[0].startswith("!"))


@QUIETLY
@given(inventories, bundles)
def test_a_secret_is_packed_only_if_it_is_asked_for_and_noted_then(inventory: Inventory, bundle: Bundle) -> None:
    for choice in trim(inventory, bundle).choices:
        if secret_reason(choice.file.path, choice.file.package is not None):
            asked = bundle.kind != "layer" and asked_for(choice.file.path, bundle.include)
            assert (choice.kept, choice.noted) == (asked, asked)
        else:
            assert not choice.noted


@QUIETLY
@given(inventories, st.sampled_from(["x86_64", "arm64"]))
def test_a_foreign_binary_goes_only_beside_its_twin_that_stays(inventory: Inventory, arch: str) -> None:
    target = make_bundle(arch=arch).target
    foreign = foreign_files(inventory.files, target)
    stays = {family(f.path) for f in inventory.files if native(f) and f.path not in foreign and suits(f, target)}

    for file in inventory.files:
        if file.path in foreign:
            assert not suits(file, target)
            assert family(file.path) in stays


@QUIETLY
@given(elves)
def test_no_library_suits_two_architectures(facts: ElfFacts) -> None:
    file = File("a.node", 1, "elf", facts)

    assert not (suits(file, make_bundle().target) and suits(file, make_bundle(arch="arm64").target))


WORDS = st.sampled_from(
    ["linux-x64", "linux-x64-musl", "darwin-arm64", "win32-ia32", "linux-arm64-gnu", "linuxmusl-x64"]
)
WHERE = st.sampled_from(
    ["node_modules/@s/{}/index.node", "prebuilds/{}/a.node", "lib/a-{}.node", "bin/a.{}.node", "a_{}"]
)


@QUIETLY
@given(WHERE, WORDS, WORDS)
def test_the_system_in_a_name_makes_no_other_family(where: str, one: str, two: str) -> None:
    assert family(where.format(one)) == family(where.format(two))


@QUIETLY
@given(paths, WORDS)
def test_case_makes_no_family(path: str, word: str) -> None:
    assert family(f"{word}/{path}".upper()) == family(f"{word}/{path}")


@QUIETLY
@given(paths, paths)
def test_names_without_a_system_in_them_are_families_of_one(one: str, two: str) -> None:
    words = ("linux", "darwin", "-", " ")
    assume(one != two and not any(word in one + two for word in words))

    assert family(one) != family(two)
