"""What a file asks for, and what it costs if that is not there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from packager.audit.code.asks import asked

if TYPE_CHECKING:
    from packager.audit.code.syntax import Dialect


def weights(text: str, dialect: Dialect = "javascript") -> dict[str, str]:
    """Return name → severity of everything a text asks for."""
    return {ask.name: ask.weight for ask in asked(text, dialect).asks}


ERRORS = {
    "at the top": "const a = require('a')",
    "in a function": "exports.handler = async () => require('a')",
    "import()": "exports.handler = async () => (await import('a')).default",
    "an import statement": "import a from 'a'",
    "export from": "export { x } from 'a'",
    "export all": "export * from 'a'",
    "require.resolve": "require.resolve('a')",
    "module.require": "module.require('a')",
    "createRequire": "const r = createRequire(import.meta.url); r('a')",
    "createRequire called at once": "createRequire(import.meta.url)('a')",
    "require by createRequire": "const require = createRequire(import.meta.url); require('a')",
    "a template without values": "require(`a`)",
    "a condition": "if (require('a').x) { y() }",
    "left of a bar": "require('a') || x",
    "a try without a catch": "try { require('a') } finally { y() }",
    "a function that is called": "function f() { return require('a') }\nf()",
    "a function that is exported and called in a try": (
        "function f() { return require('a') }\ntry { f() } catch {}\nmodule.exports = { f }"
    ),
    "handed to a wrapper": "exports.handler = middy(async () => require('a'))",
    "a promise without catch": "import('a').then((a) => a.x)",
    "a catch that sees no throw": "exports.f = () => { require('a').load().catch(() => 0) }",
    "a method": "class A { run() { return require('a') } }",
    "behind a comment": "import(/* webpackChunkName: 'x' */ 'a')",
    "after a plain early return": "exports.f = (e) => { if (!e) return 1; return require('a') }",
}
WARNINGS = {
    "an if": "if (process.env.IS_OFFLINE) require('a').config()",
    "an else": "if (x) { y() } else { require('a') }",
    "a ternary": "const x = y ? require('a') : null",
    "and": "const x = y && require('a')",
    "or": "const x = y || require('a')",
    "nullish": "const x = y ?? require('a')",
    "assigned if unset": "let x; x ||= require('a')",
    "a case": "switch (y) { case 1: require('a') }",
    "the default": "switch (y) { default: require('a') }",
    "a catch block": "try { x() } catch { require('a') }",
    "after a setting's return": "exports.f = () => { if (!process.env.IS_OFFLINE) return; require('a') }",
    "a function that is called in a branch": "function f() { require('a') }\nif (process.env.DEV) f()",
}
NOTES = {
    "try": "try { require('a') } catch {}",
    "try around await": "exports.f = async () => { try { await import('a') } catch (e) { return 1 } }",
    "catch": "import('a').catch(() => null)",
    "then and catch": "import('a').then((a) => a.x).catch(() => null)",
    "then with two": "import('a').then((a) => a, () => null)",
    "what TypeScript makes of import()": "Promise.resolve().then(() => __importStar(require('a'))).catch(() => 0)",
    "a function called in a try": "const f = () => require('a')\ntry { f() } catch {}",
    "an async function with a catch": "async function f() { return import('a') }\nf().catch(() => 0)",
    "handed to a function that tries": "const x = tryRequire(() => require('a'))",
    "called on the spot in a try": "try { (() => require('a'))() } catch {}",
}


@pytest.mark.parametrize("text", ERRORS.values(), ids=ERRORS)
def test_what_fails_when_it_is_reached_is_an_error(text: str) -> None:
    assert weights(text)["a"] == "error"


@pytest.mark.parametrize("text", WARNINGS.values(), ids=WARNINGS)
def test_what_stands_in_a_branch_is_a_warning(text: str) -> None:
    assert weights(text) == {"a": "warning"}


@pytest.mark.parametrize("text", NOTES.values(), ids=NOTES)
def test_what_is_caught_is_a_note(text: str) -> None:
    assert weights(text) == {"a": "note"}


@pytest.mark.parametrize(
    "text",
    [
        "// require('a')",
        "/* import 'a' */",
        "const s = \"require('a')\"",
        "const t = `import 'a'`",
        "require(`./${x}`)",
        "require('./' + x)",
        "(function (require) { require('a') })(x)",
        "((require) => require('a'))(x)",
        "require => require('a')",
        "define(['a'], function (require, exports) { require('b') })",
        "var require = load; require('a')",
        "function require(name) { return table[name] }\nrequire('a')",
        "const require = createRequire('/elsewhere/x.js'); require('a')",
        "__webpack_require__('a')",
        "other.require('a')",
        "require.resolve('a', { paths: ['/tmp'] })",
        "process.binding('a')",
        "typeof require",
        "import.meta.resolve('a')",
    ],
)
def test_what_asks_for_nothing_by_name_is_none(text: str) -> None:
    assert weights(text) == {}


def test_each_ask_has_its_line() -> None:
    text = "\n\nexports.f = () => {\n  require('a');\n  return import('b');\n};\n"
    assert [(ask.kind, ask.name, ask.line) for ask in asked(text, "javascript").asks] == [
        ("require", "a", 4),
        ("import", "b", 5),
    ]


READS = {
    "a sum": "fs.readFileSync(__dirname + '/data/x.txt')",
    "a template": "fs.readFileSync(`${__dirname}/data/x.txt`)",
    "join": "fs.createReadStream(path.join(__dirname, 'data', 'x.txt'))",
    "resolve": "fs.openSync(resolve(__dirname, 'data/x.txt'), 'r')",
    "a URL": "await readFile(new URL('./data/x.txt', import.meta.url))",
    "a URL's path": "await readFile(fileURLToPath(new URL('./data/x.txt', import.meta.url)))",
    "import.meta.dirname": "fs.promises.readFile(path.join(import.meta.dirname, 'data/x.txt'), 'utf8')",
    "a variable": "const file = path.join(__dirname, 'data/x.txt');\nfs.readFileSync(file)",
}


@pytest.mark.parametrize("text", READS.values(), ids=READS)
def test_a_file_that_is_read_beside_the_code_is_seen(text: str) -> None:
    assert [(ask.kind, ask.name, ask.weight) for ask in asked(text, "javascript").asks] == [
        ("read", "./data/x.txt", "warning")
    ]


@pytest.mark.parametrize(
    "text",
    [
        "fs.openSync(__dirname + '/x.log', 'a')",
        "fs.existsSync(__dirname + '/x.txt')",
        "fs.readFileSync('/tmp/x.txt')",
        "fs.readFileSync(path.join(__dirname, name))",
        "fs.readFileSync(path.join(base, 'x.txt'))",
        "fs.writeFileSync(__dirname + '/x.txt', '')",
    ],
)
def test_what_is_written_probed_or_put_together_is_no_read(text: str) -> None:
    assert [ask for ask in asked(text, "javascript").asks if ask.kind == "read"] == []


def test_types_of_typescript_ask_for_nothing() -> None:
    text = (
        "import type { A } from 'types';\nimport { B } from 'perhaps-types';\nexport type { C } from 'c';\n"
        "import d = require('d');\nimport './e';\nexport const f = async (): Promise<B> => (await import('f')).x;\n"
    )
    assert weights(text, "typescript") == {"d": "error", "./e": "error", "f": "error"}


@pytest.mark.parametrize(
    "text",
    [
        "var __commonJS = (cb) => cb; var x = __commonJS({ 'node_modules/a/index.js'() { require('b') } });",
        "__webpack_require__(1); require('b')",
        "// node_modules/pg/lib/native.js\nrequire('b')",
        f"require('b');{'x();' * 9000}",
    ],
)
def test_a_bundlers_work_is_known_as_such(text: str) -> None:
    assert asked(text, "javascript").joined
    assert not asked("require('b')", "javascript").joined


def test_broken_code_is_read_as_far_as_it_goes() -> None:
    assert weights("exports.handler = async () => { require('a') \n ]]] class {") == {"a": "error"}
