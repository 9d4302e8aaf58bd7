"""Texts of the field, each with the cause a maintainer would name."""

from __future__ import annotations

import pytest

from packager.catalog.finding_codes.registry import CODES
from packager.prove.causes import CAUSES
from packager.prove.failure_context import FailureContext
from packager.prove.findings import crash, explain
from packager.prove.report import Failure

SCENE = FailureContext(
    "api.zip", "/var/task", "/opt", layers=("engine.zip",), layer_packages=frozenset({"dep", "@a/b"})
)

COMPILED_FOR_20 = (
    "The module '/var/task/b.node'\nwas compiled against a different Node.js version using\n"
    "NODE_MODULE_VERSION 115. This version of Node.js requires\nNODE_MODULE_VERSION 127. Please try re-compiling"
)
TEXTS: list[tuple[str, str, str, str, str]] = [
    # name, message, code, expected code, expected words of the finding
    (
        "Error",
        "Cannot find module 'x'\nRequire stack:\n- /var/task/a.js\n- /packager/node_loader.cjs",
        "MODULE_NOT_FOUND",
        "RUN001",
        "api.zip!a.js: asks for 'x'",
    ),
    (
        "Error",
        "Cannot find module 'index'\nRequire stack:\n- /packager/node_loader.cjs",
        "MODULE_NOT_FOUND",
        "RUN001",
        "api.zip: lacks 'index'",
    ),
    (
        "Error",
        "Cannot find module '@libsql/linux-x64-gnu'\nRequire stack:\n- /opt/nodejs/node_modules/libsql/index.js",
        "MODULE_NOT_FOUND",
        "RUN001",
        "engine.zip!nodejs/node_modules/libsql/index.js: asks for '@libsql/linux-x64-gnu'",
    ),
    ("Error", "Cannot find package 'y' imported from /var/task/a.mjs", "ERR_MODULE_NOT_FOUND", "RUN001", "'y'"),
    (
        "Error",
        "Cannot find package '@a/b' imported from /var/task/a.mjs",
        "ERR_MODULE_NOT_FOUND",
        "RUN001",
        "never looks into layers",
    ),
    (
        "Error",
        "Cannot find module '/var/task/node_modules/async-function/require.mjs' imported from /var/task/x.js",
        "ERR_MODULE_NOT_FOUND",
        "RUN001",
        "'node_modules/async-function/require.mjs'",
    ),
    (
        "ModuleNotFoundError",
        "No module named 'pydantic_core._pydantic_core'",
        "",
        "RUN001",
        "pydantic_core._pydantic_core",
    ),
    (
        "Error",
        "ENOENT: no such file or directory, open '/var/task/query_compiler_bg.wasm'",
        "ENOENT",
        "RUN006",
        "engine",
    ),
    ("Error", "ENOENT: no such file or directory, open '/var/task/views/a.html'", "ENOENT", "RUN001", "'views/a.html'"),
    (
        "Error",
        'Could not load the "sharp" module using the linux-x64 runtime\nPossible solutions:',
        "",
        "RUN001",
        "no sharp for linux-x64",
    ),
    (
        "Error",
        "/var/task/x.node: invalid ELF header",
        "ERR_DLOPEN_FAILED",
        "RUN002",
        "api.zip!x.node: cannot be loaded",
    ),
    ("ImportError", "/var/task/x.so: wrong ELF class: ELFCLASS32", "", "RUN002", "ELFCLASS32"),
    ("Error", "/var/task/x.node: ELF load command address/offset not page-aligned", "", "RUN002", "not page-aligned"),
    ("Error", "spawn /var/task/bin/tool ENOEXEC", "ENOEXEC", "RUN002", "api.zip!bin/tool"),
    (
        "Error",
        "/lib64/libc.so.6: version `GLIBC_2.28' not found (required by /var/task/bootstrap)",
        "",
        "RUN003",
        "api.zip!bootstrap: needs GLIBC_2.28",
    ),
    (
        "Error",
        "libvips-cpp.so.8.17.3: cannot open shared object file: No such file or directory",
        "ERR_DLOPEN_FAILED",
        "RUN004",
        "libvips-cpp.so.8.17.3",
    ),
    (
        "PrismaClientInitializationError",
        "Prisma cannot find the required `libssl` system library in your system.",
        "",
        "RUN004",
        "libssl",
    ),
    (
        "Error",
        'Query engine library for current platform "rhel-openssl-1.0.x" could not be found.',
        "",
        "RUN006",
        "rhel-openssl-1.0.x",
    ),
    ("Error", "Photon binary for current platform rhel could not be found.", "", "RUN006", "no query engine"),
    (
        "Error",
        '@prisma/client did not initialize yet. Please run "prisma generate"',
        "",
        "RUN006",
        "did not initialize",
    ),
    ("Error", "EACCES: permission denied, open '/var/task/index.js'", "EACCES", "RUN007", "api.zip!index.js: may not"),
    ("Error", "spawn /var/task/bin/tool EACCES", "EACCES", "RUN007", "api.zip!bin/tool"),
    ("PermissionError", "[Errno 13] Permission denied: '/var/task/a'", "", "RUN007", "api.zip!a"),
    (
        "Error",
        "EROFS: read-only file system, mkdir '/var/task/cache'",
        "EROFS",
        "RUN008",
        "api.zip!cache: is written to (mkdir)",
    ),
    ("OSError", "[Errno 30] Read-only file system: '/var/task/cache'", "", "RUN008", "api.zip!cache"),
    ("RangeError", "Array buffer allocation failed", "", "RUN010", "out of memory"),
    (
        "Error",
        "require() of ES Module /opt/x.js from /var/task/a.js not supported.",
        "ERR_REQUIRE_ESM",
        "RUN012",
        "mixes",
    ),
    ("SyntaxError", "Cannot use import statement outside a module", "", "RUN012", "mixes"),
    ("ReferenceError", "__dirname is not defined in ES module scope", "", "RUN012", "mixes"),
    ("Error", COMPILED_FOR_20, "ERR_DLOPEN_FAILED", "RUN017", "api.zip!b.node: was built for another version"),
    ("Error", "/var/task/x.node: undefined symbol: napi_create_error", "", "RUN019", "napi_create_error"),
    ("Error", "getaddrinfo EAI_AGAIN db.example.com", "EAI_AGAIN", "RUN020", "network"),
    ("KeyError", "'DATABASE_URL'", "", "RUN014", "KeyError: 'DATABASE_URL'"),
]


@pytest.mark.parametrize(("name", "message", "code", "expected", "words"), TEXTS, ids=[text[1][:50] for text in TEXTS])
def test_a_text_is_put_down_to_its_cause(name: str, message: str, code: str, expected: str, words: str) -> None:
    finding = explain(Failure("load", name, message, code), SCENE)
    assert (finding.code, finding.severity) == (expected, "error")
    assert words in f"{finding.subject}: {finding.message}"
    assert finding.fix


def test_every_row_has_a_documented_code_and_every_code_a_meaning() -> None:
    assert {cause.code for cause in CAUSES} <= set(CODES)
    titles = [row.title for code, row in CODES.items() if code.startswith("RUN")]
    assert all(titles)
    assert len(set(titles)) == len(titles)


def test_a_throw_is_located_in_the_bundle_and_not_in_our_loader() -> None:
    stack = "Error: no\n    at Object.<anonymous> (/var/task/a b/x.js:3:7)\n    at f (/packager/node_loader.cjs:80:1)"
    finding = explain(Failure("load", "Error", "no", stack=stack.replace("a b", "ab")), SCENE)
    assert finding.message.endswith("(at /var/task/ab/x.js:3)")
    stack = 'File "/packager/python_loader.py", line 9, in run\n  File "/var/task/app.py", line 2, in <module>\n'
    finding = explain(Failure("load", "KeyError", "'x'", stack=stack), SCENE)
    assert finding.message.endswith("(at /var/task/app.py:2)")


@pytest.mark.parametrize(
    ("wanted", "asking", "dropped"),
    [
        ("./data.json", "/var/task/lib/a.js", "lib/data.json"),
        ("./data", "/var/task/lib/a.js", "lib/data.js"),
        ("../x", "/opt/nodejs/node_modules/p/lib/a.js", "node_modules/p/x/index.js"),
        ("left-pad", "/var/task/a.js", "node_modules/left-pad/package.json"),
        ("/var/task/lib/b.mjs", "/var/task/a.mjs", "lib/b.mjs"),
    ],
)
def test_a_dropped_file_is_recognised_as_what_is_missing(wanted: str, asking: str, dropped: str) -> None:
    scene = FailureContext("api.zip", "/var/task", "/opt", dropped={"other.js": "no", dropped: "rule `docs`"})
    assert scene.why_dropped(wanted, asking) == f"; {dropped} was left out: rule `docs`"
    assert scene.why_dropped("./elsewhere", asking) == ""


@pytest.mark.parametrize(("code", "words"), [(139, "SIGSEGV"), (134, "SIGABRT"), (132, "SIGILL"), (135, "SIGBUS")])
def test_a_crash_names_the_file_that_was_being_opened(code: int, words: str) -> None:
    finding = crash(code, "/opt/nodejs/node_modules/x/y.node", "load", SCENE)
    assert finding is not None
    assert finding.subject == "engine.zip!nodejs/node_modules/x/y.node"
    assert words in finding.message


@pytest.mark.parametrize("code", [0, 1, 127, 128, 143, 255])
def test_an_ordinary_end_is_no_crash(code: int) -> None:
    assert crash(code, "", "load", SCENE) is None


def test_an_extension_module_for_another_python_is_not_called_missing() -> None:
    path = "pydantic_core/_pydantic_core.cpython-311-x86_64-linux-gnu.so"
    scene = FailureContext("api.zip", "/var/task", "/opt", extensions=("x/y.so", path))
    finding = explain(Failure("load", "ModuleNotFoundError", "No module named 'pydantic_core._pydantic_core'"), scene)
    assert (finding.code, finding.subject) == ("RUN017", f"api.zip!{path}")
    assert explain(Failure("load", "ModuleNotFoundError", "No module named 'core'"), scene).code == "RUN001"
