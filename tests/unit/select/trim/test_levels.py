"""What each trim level leaves out of packages, and what it leaves alone; by the rules that are shipped."""

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

ROOT = {"package.json": package_json(dependencies={"a": "1", "b": "1", "typescript": "5"}), "index.js": ""}
A = "node_modules/a"
PACKAGE = {f"{A}/package.json": package_json("a", main="lib"), f"{A}/lib/index.js": "module.exports = 1"}


@pytest.fixture
def judge(tmp_path: Path) -> Judge:
    """Return a function that trims a tree of these files."""
    return Judge(tmp_path)


class Judge:
    """Trims trees made of dicts."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, files: Mapping[str, Content], level: TrimLevel = "safe", **known: object) -> dict[str, str]:
        """Return path → "+rule" or "-rule" for every file of the tree."""
        write_tree(self.folder, files)
        inventory, graph = scan_tree(self.folder, {})
        selection = trimmed(self.folder, inventory, graph, make_bundle(trim=level), **known)
        return {c.file.path: ("+" if c.kept else "-") + c.rule for c in selection.choices}


GONE = {
    "lib/index.d.ts": "declaration", "lib/index.js.map": "declaration", "lib/index.js.flow": "declaration",
    "src/index.ts": "source", "src/view.tsx": "source", "CHANGELOG.md": "docs", "docs/guide.html": "docs",
    "examples/server.js": "docs", "HISTORY": "docs", "test/index.js": "tests", "lib/__tests__/index.js": "tests",
    "lib/index.test.js": "tests", "benchmark/run.js": "tests", "binding.gyp": "build", "src/addon.cc": "build",
    "build/Release/obj.target/addon.o": "build", "build/Makefile": "build", "deps/zlib/zlib.h": "build",
    ".github/workflows/ci.yml": "config", "tsconfig.json": "config", ".eslintrc.json": "config", "yarn.lock": "config",
}  # fmt: skip
STAYS = (
    "data.json", "lib/schema.proto", "lib/engine.wasm", "lib/page.html", "lib/words.txt", "lib/ca.pem", "lib/font.afm",
    "build/Release/addon.node", "LICENSE", "LICENSE.md", "licence.txt", "NOTICE", "lib/COPYING.md", "lib/test/real.js",
    "lib/docs/index.js", "templates/migration.ts", "lib/stub/ts.stub", "lib/stub/new.ts", "lib/benchmark.js",
    "locales/de.yml", "lib/view.ejs", "test.js", "lib/spec.js", "worker.mjs",
)  # fmt: skip


@pytest.mark.parametrize("level", ["safe", "strict"])
def test_what_a_package_carries_beside_what_runs(judge: Judge, level: TrimLevel) -> None:
    rules = judge({**ROOT, **PACKAGE, **dict.fromkeys((f"{A}/{path}" for path in (*GONE, *STAYS)), "")}, level)

    assert {path: rules[f"{A}/{path}"] for path in GONE} == {path: f"-{rule}" for path, rule in GONE.items()}
    assert {path for path in STAYS if rules[f"{A}/{path}"] != "+dependency"} == set()
    assert rules[f"{A}/lib/index.js"] == rules[f"{A}/package.json"] == "+dependency"


def test_the_level_none_leaves_packages_as_they_were_published(judge: Judge) -> None:
    left = {f"{A}/.git/HEAD", "node_modules/.package-lock.json", "yarn.lock"}
    dev = "node_modules/dev/package.json"
    files = {**dict.fromkeys((f"{A}/{path}" for path in (*GONE, *STAYS)), ""), dev: package_json("dev")}

    rules = judge({**ROOT, **PACKAGE, **files, **dict.fromkeys(left, "")}, "none")

    assert {path for path, rule in rules.items() if rule.startswith("-")} == {*left, dev}


def test_the_projects_own_files_are_not_the_levels_business(judge: Judge) -> None:
    own = dict.fromkeys(("src/handler.ts", "test/a.js", "docs/a.md", "lib/a.d.ts", "lib/a.js.map"), "")

    rules = judge({**ROOT, **own}, "strict")

    assert {rules[path] for path in own} == {"+project"}


def test_a_readme_goes_where_the_licence_lies_beside_it(judge: Judge) -> None:
    b = {"node_modules/b/package.json": package_json("b"), "node_modules/b/README.md": "MIT"}
    files = {**ROOT, **PACKAGE, **b, f"{A}/README.md": "", f"{A}/LICENSE": ""}

    rules = judge(files)
    assert (rules[f"{A}/README.md"], rules["node_modules/b/README.md"]) == ("-docs", "+dependency")
    assert judge(files, "strict")["node_modules/b/README.md"] == "-docs"


def test_a_compiler_keeps_what_it_reads(judge: Judge) -> None:
    lib = "node_modules/typescript/lib/lib.es5.d.ts"

    assert judge({**ROOT, "node_modules/typescript/package.json": package_json("typescript"), lib: ""})[lib] == (
        "+dependency"
    )


@pytest.mark.parametrize(
    ("code", "path"),
    [
        ("require('../test/fixture')", "test/fixture.js"),
        ("require('../examples')", "examples/index.js"),
        ("fs.readFileSync(path.join(__dirname, '..', 'USAGE.md'))", "USAGE.md"),
        ("fs.readFileSync(`${root}`, './README.md'); new Worker('a/docs/worker.js')", "docs/worker.js"),
        ("import('../spec/runner.mjs')", "spec/runner.mjs"),
        ("fs.readdirSync(path.join(__dirname, '../benchmarks'))", "benchmarks/one.js"),
        ("ts('../src/shim.ts')", "src/shim.ts"),
    ],
)
def test_what_code_names_stays(judge: Judge, code: str, path: str) -> None:
    named = {f"{A}/lib/index.js": code, f"{A}/{path}": "", f"{A}/test/other.js": ""}

    rules = judge({**ROOT, **PACKAGE, **named})

    assert rules[f"{A}/{path}"] == "+dependency"
    assert rules[f"{A}/test/other.js"] == "-tests"


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"main": "./test/index"}, "test/index.js"),
        ({"main": "./examples"}, "examples/index.js"),
        ({"bin": {"a": "docs/cli.js"}}, "docs/cli.js"),
        ({"exports": {".": {"node": {"require": "./spec/main.cjs"}}}}, "spec/main.cjs"),
        ({"exports": {"./test/*": "./test/*.js"}}, "test/helper.js"),
        ({"imports": {"#data": "./doc/data.js"}}, "doc/data.js"),
    ],
)
def test_what_package_json_names_stays(judge: Judge, fields: dict[str, Any], path: str) -> None:
    files = {f"{A}/package.json": package_json("a", **fields), f"{A}/{path}": ""}

    assert judge({**ROOT, **files})[f"{A}/{path}"] == "+dependency"


def test_an_entry_for_others_than_node_spares_nothing(judge: Judge) -> None:
    exports = {
        ".": {"types": "./lib/index.d.ts", "source": "./src/index.ts", "default": "./lib/index.js"},
        "./*": "./*",
    }
    files = {f"{A}/package.json": package_json("a", exports=exports)}

    rules = judge(
        {**ROOT, **PACKAGE, **files, f"{A}/lib/index.d.ts": "", f"{A}/src/index.ts": "", f"{A}/test/a.js": ""}
    )

    assert [rules[f"{A}/{path}"] for path in ("lib/index.d.ts", "src/index.ts", "test/a.js")] == [
        "-declaration",
        "-source",
        "-tests",
    ]


def test_what_is_pinned_may_name_more(judge: Judge) -> None:
    chain = {f"{A}/lib/index.js": "require('../test/a')", f"{A}/test/a.js": "require('./b')", f"{A}/test/b.js": ""}

    assert judge({**ROOT, **PACKAGE, **chain})[f"{A}/test/b.js"] == "+dependency"


def test_another_packages_tests_are_kept_for_who_requires_them(judge: Judge) -> None:
    files = {
        **PACKAGE, f"{A}/lib/index.js": "require('b/test/suite')",
        "node_modules/b/package.json": package_json("b"), "node_modules/b/test/suite.js": "",
        "index.js": "require('b/test/own.js')",
        "node_modules/b/test/own.js": "", "node_modules/b/test/none.js": "",
    }  # fmt: skip

    rules = judge({**ROOT, **files})

    assert [rules[f"node_modules/b/test/{name}.js"] for name in ("suite", "own", "none")] == [
        "+dependency", "+dependency", "-tests",
    ]  # fmt: skip


def test_what_was_traced_or_pinned_stays(judge: Judge) -> None:
    files = {**ROOT, **PACKAGE, f"{A}/test/a.js": "", f"{A}/docs/a.js": ""}

    rules = judge(files, traced={f"{A}/test/a.js": "index.js"})
    assert (rules[f"{A}/test/a.js"], rules[f"{A}/docs/a.js"]) == ("+dependency", "-docs")
    assert judge(files, pinned={A: "the proof missed a.js"})[f"{A}/docs/a.js"] == "+dependency"


PYTHON = "deps"
NUMPY = {
    "numpy/__init__.py": "", "numpy/core.py": "from numpy.linalg.tests._kit import x", "numpy/linalg/__init__.py": "",
    "numpy/linalg/tests/__init__.py": "", "numpy/linalg/tests/_kit.py": "", "numpy/linalg/tests/test_x.py": "",
    "numpy/tests/test_a.py": "", "numpy/testing/__init__.py": "", "numpy/core/include/numpy/arrayobject.h": "",
    "numpy/__init__.pyi": "", "numpy/core/x.pxd": "", "numpy/__pycache__/a.cpython-312.pyc": "", "numpy/README.md": "",
    "numpy.libs/libopenblas.so": "", "numpy-2.0.dist-info/METADATA": "", "numpy-2.0.dist-info/RECORD": "",
    "numpy-2.0.dist-info/INSTALLER": "", "numpy-2.0.dist-info/entry_points.txt": "",
    "numpy-2.0.dist-info/LICENSE.md": "",
    "numpy-2.0.dist-info/direct_url.json": "", "numpy-2.0.dist-info/top_level.txt": "", "numpy-2.0.dist-info/WHEEL": "",
}  # fmt: skip


def test_python_packages_lose_tests_stubs_and_headers_and_keep_their_metadata(judge: Judge) -> None:
    rules = judge({f"{PYTHON}/{path}": text for path, text in NUMPY.items()}, python_packages=PYTHON)

    gone = {path.removeprefix(f"{PYTHON}/"): rule for path, rule in rules.items() if rule.startswith("-")}
    assert gone == {
        "numpy/linalg/tests/test_x.py": "-tests",
        "numpy/tests/test_a.py": "-tests",
        "numpy/core/include/numpy/arrayobject.h": "-build",
        "numpy/__init__.pyi": "-declaration",
        "numpy/core/x.pxd": "-build",
        "numpy/__pycache__/a.cpython-312.pyc": "-leftover",
        "numpy/README.md": "-docs",
        "numpy-2.0.dist-info/INSTALLER": "-dist-info",
        "numpy-2.0.dist-info/direct_url.json": "-dist-info",
    }


def test_beside_python_packages_lies_what_is_somebodys_own(judge: Judge) -> None:
    files = {"numpy/tests/a.py": "", "app/tests/a.py": "", "app.py": ""}

    rules = judge(files, python_packages=".", python_tops=frozenset({"numpy"}))

    assert rules == {"app.py": "+project", "app/tests/a.py": "+project", "numpy/tests/a.py": "-tests"}


COMPILED = (
    "build-tmp-napi-v3/Release/.deps/tmp/packager-s76zc48x/job-0/node_modules/a/lib/binding/napi-v3/a.node.d",
    "build-tmp-napi-v3/Release/a.node", "build-tmp-napi-v3/Release/obj.target/a.node", "build-tmp-napi-v3/Makefile",
    "build-tmp-napi-v3/binding.Makefile", "build-tmp-napi-v3/config.gypi", "build-tmp/Release/a.node",
    "build/Release/.deps/Release/a.node.d", "build/Release/obj.target/a.node", "build/Release/obj/gen/sqlite3.c",
    "build/Release/obj.target/action.stamp", "build/node_gyp_bins/python3", "build/CMakeFiles/a.dir/link.txt",
    "build/Makefile", "build/binding.Makefile", "node-addon-api/node_api.Makefile", "build/CMakeCache.txt",
    "build/build.ninja", "build/.ninja_log", "build/stage/a-v1.tar.gz", "build/compile_commands.json",
    "build/a.vcxproj.filters", "build/Release/a.tlog", "build/Release/a.ar-file-list", "build/Release/nothing.a",
    "deps/sqlite-autoconf-3440200.tar.gz", "vendor/libpq/postgresql.tar.xz", "prebuilds/a-v1-napi-v3-linux-x64.tar.gz",
)  # fmt: skip


@pytest.mark.parametrize("compiler", ["binding.gyp", "CMakeLists.txt"])
def test_what_compiling_left_goes_and_the_addon_stays(judge: Judge, compiler: str) -> None:
    kept = ("build/Release/a.node", "lib/binding/napi-v3/a.node", "prebuilds/linux-x64/a.node")
    files = {f"{A}/{name}": "x" for name in (*COMPILED, *kept)}

    verdict = judge({**ROOT, **PACKAGE, f"{A}/{compiler}": "{}", **files})

    assert {name for name in COMPILED if verdict[f"{A}/{name}"].startswith("+")} == set()
    assert {name for name in kept if verdict[f"{A}/{name}"].startswith("-")} == set()


def test_names_of_the_folder_that_was_compiled_in_are_packed_at_no_level(judge: Judge) -> None:
    own = "build-tmp-napi-v3/Release/.deps/tmp/packager-s76zc48x/job-0/lib/binding/a.node.d"

    verdict = judge({**ROOT, **PACKAGE, own: "x", f"{A}/{own}": "x", "build/Release/a.node": ""}, "none")

    assert (verdict[own], verdict[f"{A}/{own}"]) == ("-leftover", "-leftover")
    gyp = ("build/Release/obj.target/a.node", "build/config.gypi", "build/a.target.mk")
    files = {**ROOT, **dict.fromkeys((*gyp, "build/index.js", "build/Makefile.js"), "")}
    assert {path for path, rule in judge(files, "none").items() if rule == "-build-file"} == set(gyp)
    assert verdict["build/Release/a.node"].startswith("+")


OF_THE_CODE = (
    "deps/index.js", "deps/lib/parse.js", "build/index.js", "build/lib/x.js", "build/data.json", "lib/obj/x.js",
    "obj/x.js", "build-tmp-cleaner/index.js", "build-tmp/index.js", "build/Release/index.js", "data/words.tar.gz",
    "vendor/browser.js",
)  # fmt: skip


def test_output_folders_and_own_dependencies_are_code(judge: Judge) -> None:
    main = {f"{A}/package.json": package_json("a", main="build/index.js"), f"{A}/binding.gyp": "{}"}

    verdict = judge({**ROOT, **main, **{f"{A}/{name}": "" for name in OF_THE_CODE}})

    assert {name for name in OF_THE_CODE if verdict[f"{A}/{name}"].startswith("-")} == set()


def test_a_packed_library_stays_where_code_names_it_or_nothing_is_compiled(judge: Judge) -> None:
    files = {f"{A}/deps/data.tar.gz": "x", f"{A}/deps/other.tgz": "x"}
    reads = {f"{A}/lib/index.js": "fs.readFileSync(path.join(__dirname, '..', 'deps', 'data.tar.gz'))"}

    verdict = judge({**ROOT, **PACKAGE, **files, **reads, f"{A}/binding.gyp": "{}"})
    assert verdict[f"{A}/deps/data.tar.gz"].startswith("+")
    assert verdict[f"{A}/deps/other.tgz"] == "-build"
    (judge.folder / A / "binding.gyp").unlink()
    assert judge({**ROOT, **PACKAGE, **files})[f"{A}/deps/other.tgz"].startswith("+")
