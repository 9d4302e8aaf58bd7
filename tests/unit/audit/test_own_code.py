"""What own code asks for, held against an archive, its layers, the runtime and Node."""

from __future__ import annotations

import json
from typing import Any

import pytest

from packager.audit.code.late import OwnCode, late_findings, unanswered
from packager.audit.code.preloads import absent, check_preloads, preloads
from packager.audit.code.resolving import Ground

MS = {"node_modules/ms/package.json": {"main": "./lib/ms.js"}, "node_modules/ms/lib/ms.js": ""}
DUAL = {
    "node_modules/dual/package.json": {
        "exports": {
            ".": {"import": "./i.mjs", "require": "./r.cjs"},
            "./f/*": "./f/*.js",
            "./esm": {"import": "./i.mjs"},
        }
    },
    "node_modules/dual/i.mjs": "",
    "node_modules/dual/r.cjs": "",
    "node_modules/dual/f/a.js": "",
}


@pytest.mark.parametrize(
    ("environment", "lost"),
    [
        ({"AWS_LAMBDA_EXEC_WRAPPER": "/var/task/bin/wrap.sh"}, ["bin/wrap.sh"]),
        ({"AWS_LAMBDA_EXEC_WRAPPER": "wrap.sh"}, ["wrap.sh"]),
        ({"AWS_LAMBDA_EXEC_WRAPPER": "/opt/wrap.sh"}, []),
        (
            {"NODE_OPTIONS": "--require /var/task/pre --import ./more.mjs -r tracer/init"},
            ["pre", "./more.mjs", "tracer/init"],
        ),
        ({"NODE_OPTIONS": "--import file:///var/task/a%20b.mjs --require /opt/nodejs/x.js"}, ["a b.mjs"]),
        ({"NODE_OPTIONS": "--require ./there.js"}, []),
    ],
)
def test_what_variables_name_and_trimming_may_have_dropped(environment: dict[str, str], lost: list[str]) -> None:
    named = preloads(environment, wrapped=True, node=True)
    assert list(absent(named, ground({"there.js": ""}))) == lost


def ground(files: dict[str, Any], **more: Any) -> Ground:
    """Return a function with these files; those whose path is absolute lie where it says."""
    texts = {
        name if name.startswith("/") else f"/var/task/{name}": text if isinstance(text, str) else json.dumps(text)
        for name, text in files.items()
    }
    given = {"node_path": ("/opt/nodejs/node_modules",), "brought": ("@aws-sdk/*",), **more}
    return Ground(frozenset(texts), texts.get, **given)


def said(files: dict[str, Any], entry: str = "index.js", **more: Any) -> list[tuple[str, str, str]]:
    """Return (code, severity, message) of what is found."""
    of_code = {
        key: more.pop(key) for key in ("development", "dropped", "unseen_layers", "hooked", "runtime") if key in more
    }
    code = OwnCode("a.zip", ground(files, **more), (f"/var/task/{entry}",), **of_code)
    return [(found.code, found.severity, found.message) for found in late_findings(code, *unanswered(code))]


@pytest.mark.parametrize(
    ("name", "files"),
    [
        ("ms", MS),
        ("ms/lib/ms", MS),
        ("ms/package.json", MS),
        ("dual", DUAL),
        ("dual/f/a", DUAL),
        ("./lib/a", {"lib/a.js": ""}),
        ("./lib", {"lib/index.js": ""}),
        ("./lib/", {"lib/index.js": ""}),
        ("./lib", {"lib/package.json": {"main": "m"}, "lib/m.js": ""}),
        ("./data", {"data.json": "{}"}),
        ("./addon", {"addon.node": ""}),
        (".", {}),
        ("#db", {"package.json": {"imports": {"#db": "./src/db.js"}}, "src/db.js": ""}),
        ("#db/a", {"package.json": {"imports": {"#db/*": {"default": "./src/*.js"}}}, "src/a.js": ""}),
        ("me/sub", {"package.json": {"name": "me", "exports": {"./sub": "./sub.js"}}, "sub.js": ""}),
        ("ms", {"/opt/nodejs/node_modules/ms/index.js": ""}),
        ("/opt/nodejs/x.js", {"/opt/nodejs/x.js": ""}),
        ("@aws-sdk/client-s3", {}),
        ("fs", {}),
        ("fs/promises", {}),
        ("node:test", {}),
        ("node:sqlite", {}),
        ("data:text/javascript,1", {}),
        ("file:///tmp/x.mjs", {}),
        ("/tmp/written-before.js", {}),
    ],
)
def test_what_is_there_in_one_of_its_places_is_found(name: str, files: dict[str, Any]) -> None:
    assert said({"index.js": f"exports.f = () => require({name!r})", **files}) == []


@pytest.mark.parametrize(
    ("name", "files"),
    [
        ("ms", {}),
        ("./lib/missing", {}),
        ("./lib", {"lib/other.js": ""}),
        ("dual/esm", DUAL),
        ("dual/r.cjs", DUAL),
        ("#db", {"package.json": {"imports": {"#other": "./x.js"}}}),
        ("me/no", {"package.json": {"name": "me", "exports": {"./sub": "./sub.js"}}, "sub.js": ""}),
        ("ms", {"node_modules/ms/package.json": {"main": "./dist/index.js"}}),
        ("/opt/nodejs/x.js", {}),
        ("test", {}),
    ],
)
def test_what_is_nowhere_is_an_error_with_file_and_line(name: str, files: dict[str, Any]) -> None:
    ((code, severity, message),) = said({"index.js": f"\nexports.f = () => require({name!r})", **files})
    assert (code, severity) == ("PKG002", "error")
    assert message.startswith(f"index.js:2 asks for {name!r}")


def test_import_takes_names_as_they_are() -> None:
    files = {"index.mjs": "export const f = () => import('./lib/a')", "lib/a.js": ""}
    ((_, severity, message),) = said(files, "index.mjs")
    assert severity == "error"
    assert "import takes names as they are" in message
    assert said({**files, "index.mjs": "export const f = () => import('./lib/a.js')"}, "index.mjs") == []
    assert said(files, "index.mjs", bundled=True) == []


ESM_ONLY = {"node_modules/nanoid/package.json": {"type": "module", "main": "i.js"}, "node_modules/nanoid/i.js": ""}
SYNC = {
    "node_modules/both/package.json": {"exports": {"module-sync": "./i.mjs", "default": "./i.cjs"}},
    "node_modules/both/i.mjs": "",
    "node_modules/both/i.cjs": "",
}


def test_an_es_module_is_required_only_where_the_runtime_lets_it() -> None:
    files = {"index.js": "exports.f = () => require('nanoid')", **ESM_ONLY}
    assert said(files) == []
    ((code, severity, message),) = said(files, requires_modules=False)
    assert (code, severity) == ("PKG002", "error")
    assert message.startswith("index.js:1 requires 'nanoid', an ES module")
    assert said({**files, "index.js": "exports.f = () => import('nanoid')"}, requires_modules=False) == []
    assert said(files, requires_modules=False, bundled=True) == []


@pytest.mark.parametrize("name", ["both", "./a.cjs", "./data.json", "fs", "@aws-sdk/client-s3"])
def test_what_is_no_es_module_is_required_everywhere(name: str) -> None:
    files = {"index.js": f"exports.f = () => require({name!r})", **SYNC, "a.cjs": "", "data.json": "{}"}
    assert said({**files, "package.json": {"type": "commonjs"}}, requires_modules=False) == []


def test_a_package_that_was_joined_counts_as_far_as_the_bundler_took_it() -> None:
    files = {"index.ts": "export const f = () => [import('ms'), import('gone')]", "node_modules/ms/index.js": ""}
    assert [message.split("'")[1] for _, _, message in said(files, "index.ts", bundled=True)] == ["gone"]


def test_own_code_is_followed_and_packages_are_not() -> None:
    files = {
        "index.js": "require('./a'); require('ms')",
        "a.js": "exports.f = () => require('./b')",
        "b.js": "exports.g = () => import('gone')",
        "unreached.js": "require('never')",
        **MS,
        "node_modules/ms/lib/ms.js": "exports.h = () => require('optional-peer')",
    }
    assert [message for _, _, message in said(files)] == [
        "b.js:1 asks for 'gone', which is not in the archive, its layers, the runtime or Node"
    ]


def test_what_is_reached_through_a_branch_or_a_try_is_as_mild_as_the_way_there() -> None:
    files = {"index.js": "if (x) require('./dev'); try { require('./opt') } catch {}"}
    files |= {"dev.js": "require('gone'); try { require('gone2') } catch {}", "opt.js": "require('gone3')"}
    assert sorted((severity, message.split("'")[1]) for _, severity, message in said(files)) == [
        ("note", "gone2"),
        ("note", "gone3"),
        ("warning", "gone"),
    ]


def test_the_gravest_way_counts() -> None:
    files = {"index.js": "if (x) require('./a'); exports.f = () => require('./b')", "b.js": "require('./a')"}
    ((_, severity, _),) = said({**files, "a.js": "require('gone')"})
    assert severity == "error"


def test_a_dev_dependency_is_said_to_be_one() -> None:
    ((_, severity, message),) = said({"index.js": "exports.f = () => require('ms')"}, development=frozenset({"ms"}))
    assert severity == "error"
    assert "ms is a devDependency only" in message


def test_what_trimming_left_out_is_said_with_its_rule() -> None:
    dropped = {"/var/task/test/helper.js": "rule tests: named like a test"}
    ((_, _, message),) = said({"index.js": "exports.f = () => require('./test/helper')"}, dropped=dropped)
    assert "left out of the archive (rule tests: named like a test)" in message


def test_a_package_that_lost_its_documents_only_was_not_left_out() -> None:
    files = {"index.js": "exports.f = () => require('ms/gone')", **MS}
    ((_, _, message),) = said(files, dropped={"/var/task/node_modules/ms/readme.md": "rule docs: a document"})
    assert "the package ms that is there has no such file" in message
    files = {"index.js": "exports.f = () => require('ms')"}
    ((_, _, message),) = said(files, dropped={"/var/task/node_modules/ms/package.json": "rule include: not named"})
    assert "left out of the archive (rule include: not named)" in message


def test_what_may_lie_in_a_layer_that_is_not_here_is_not_checked() -> None:
    arn = "arn:aws:lambda:eu-west-1:123456789012:layer:tools:7"
    found = said({"index.js": "exports.f = () => [require('dd-trace'), require('./gone')]"}, unseen_layers=(arn,))
    assert [(severity, arn in message) for _, severity, message in found] == [("error", False), ("warning", True)]


@pytest.mark.parametrize(
    "hook",
    ["require('module-alias/register')", "require('ts-node/register')", "require('module')._resolveFilename = x"],
)
def test_where_code_changes_how_names_are_found_no_miss_is_an_error(hook: str) -> None:
    files = {"index.js": f"{hook};\nexports.f = () => require('@lib/a')", "node_modules/module-alias/register.js": ""}
    assert "error" not in [severity for _, severity, _ in said({**files, "node_modules/ts-node/register.js": ""})]


def test_in_the_work_of_a_bundler_only_what_surely_fails_is_told_and_as_a_warning() -> None:
    joined = (
        "__webpack_require__(1); exports.f = () => require('a'); if (x) require('b'); try { require('c') } catch {}"
    )
    assert [(severity, message.split("'")[1]) for _, severity, message in said({"index.js": joined})] == [
        ("warning", "a")
    ]


def test_a_file_that_is_read_and_not_there_is_a_warning() -> None:
    text = "exports.f = () => fs.readFileSync(__dirname + '/data/x.txt')"
    assert [row[:2] for row in said({"index.js": text})] == [("PKG003", "warning")]
    assert said({"index.js": text, "data/x.txt": ""}) == []
    assert said({"index.js": "fs.readdirSync(path.join(__dirname, 'data'))", "data/x.txt": ""}) == []
    assert said({"index.js": "fs.readFileSync(path.join(__dirname, '../../tmp/x'))"}) == []


def test_what_is_too_large_to_be_read_is_said() -> None:
    ((code, severity, message),) = said({"index.js": "require('a')\n" + "//\n" * 3_000_000})
    assert (code, severity) == ("PKG002", "note")
    assert "was not checked" in message


PRELOADS = {
    "wrapper": {"AWS_LAMBDA_EXEC_WRAPPER": "/var/task/run"},
    "a relative wrapper": {"AWS_LAMBDA_EXEC_WRAPPER": "run"},
    "a layer's wrapper": {"AWS_LAMBDA_EXEC_WRAPPER": "/opt/run"},
    "--require": {"NODE_OPTIONS": "--require ./pre.js"},
    "-r without an ending": {"NODE_OPTIONS": "-r ./pre"},
    "--require=": {"NODE_OPTIONS": "--max-old-space-size=100 --require=/opt/pre.js"},
    "--import": {"NODE_OPTIONS": "--import ./pre.mjs"},
    "a URL": {"NODE_OPTIONS": "--import file:///var/task/pre.mjs"},
    "a package": {"NODE_OPTIONS": "--require ms"},
    "--loader": {"NODE_OPTIONS": '--experimental-loader "ms"'},
}
THERE = {"run": "", "/opt/run": "", "pre.js": "", "/opt/pre.js": "", "pre.mjs": "", **MS}


@pytest.mark.parametrize("environment", PRELOADS.values(), ids=PRELOADS)
def test_what_variables_start_has_to_be_there(environment: dict[str, str]) -> None:
    named = [*preloads(environment, wrapped=True, node=True)]
    assert list(check_preloads(named, ground(THERE), (), "a.zip")) == []
    (finding,) = check_preloads(named, ground({}), (), "a.zip")
    assert (finding.code, finding.severity) == ("HND007", "error")
    assert next(iter(environment)) in finding.message


@pytest.mark.parametrize(
    "environment",
    [{"NODE_OPTIONS": "--enable-source-maps --max-old-space-size=64"}, {"AWS_LAMBDA_EXEC_WRAPPER": "/bin/run"}, {}],
)
def test_what_lies_on_the_system_or_names_no_file_is_passed_over(environment: dict[str, str]) -> None:
    named = [*preloads(environment, wrapped=True, node=True)]
    assert list(check_preloads(named, ground({}), (), "a.zip")) == []


def test_what_may_lie_in_a_layer_by_its_arn_is_a_note() -> None:
    environment = {"AWS_LAMBDA_EXEC_WRAPPER": "/opt/run", "NODE_OPTIONS": "--require ./gone.js"}
    named = preloads(environment, wrapped=True, node=True)
    found = [*check_preloads(named, ground({}), ("arn:x",), "a.zip")]
    assert [(each.severity, "it may lie in layer arn:x" in each.message) for each in found] == [
        ("note", True),
        ("error", False),
    ]


ES = {"package.json": {"type": "module"}}
MADE = "import { createRequire } from 'module'\nconst require = createRequire(import.meta.url)\n"


@pytest.mark.parametrize(
    ("text", "files", "message"),
    [
        ("export const f = () => require('fs')", ES, "calls require('fs'), and an ES module has no require"),
        ("export const f = () => require.resolve('./a')", {**ES, "a.js": ""}, "calls require('./a')"),
        ("export const f = () => import('./d.json')", {**ES, "d.json": "{}"}, "imports './d.json' without saying"),
        ("exports.f = () => import('./d.json')", {"d.json": "{}"}, "imports './d.json' without saying that it is JSON"),
        (
            "exports.f = () => require('node:sqlite')",
            {},
            "Node has from version 22 on, and aws-lambda nodejs20.x has 20",
        ),
        ("exports.f = () => import('node:sqlite')", {}, "asks for 'node:sqlite', which Node has from version 22 on"),
    ],
)
def test_what_is_there_and_node_refuses_is_an_error(text: str, files: dict[str, Any], message: str) -> None:
    ((code, severity, told),) = said({"index.js": text, **files}, node=20, runtime="aws-lambda nodejs20.x")
    assert (code, severity) == ("PKG002", "error")
    assert told.startswith("index.js:1 ") and message in told


@pytest.mark.parametrize(
    ("text", "files"),
    [
        (f"{MADE}export const f = () => require('fs')", ES),
        ("export const f = (require) => require('fs')", ES),
        ("exports.f = () => require('fs')", {}),
        ("export const f = () => import('./d.json', { with: { type: 'json' } })", {**ES, "d.json": "{}"}),
        ("import d from './d.json' with { type: 'json' }", {**ES, "d.json": "{}"}),
        ("exports.f = () => require('./d.json')", {"d.json": "{}"}),
        ("exports.f = () => require('node:test')", {}),
        ("exports.f = () => require('node:of-a-future-node')", {}),
    ],
)
def test_what_node_takes_is_not_refused(text: str, files: dict[str, Any]) -> None:
    assert said({"index.js": text, **files}, node=20) == []


def test_a_bundler_answers_for_all_but_nodes_own_modules() -> None:
    files = {"index.js": "export const f = () => [require('fs'), import('./d.json')]", **ES, "d.json": "{}"}
    assert said(files, node=20, bundled=True) == []
    assert len(said({"index.js": "exports.f = () => require('node:sqlite')"}, node=20, bundled=True)) == 1


def test_a_require_that_may_not_be_there_is_a_warning() -> None:
    guarded = "export const f = () => typeof require === 'function' ? require('fs') : null"
    ((_, severity, _),) = said({"index.js": guarded, **ES})
    assert severity == "warning"
