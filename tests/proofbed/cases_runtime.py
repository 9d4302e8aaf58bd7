"""The runtime as the host runs it, what is started in it, and how long a start takes (parts 1 to 3)."""

from __future__ import annotations

from functools import partial

from tests.proofbed.case import Case

OK = "exports.handler = async () => ({ statusCode: 200 })\n"
OK_ES = "export const handler = async () => ({ statusCode: 200 })\n"
LATER = "setTimeout(() => { throw new Error('late') }, 50)\n"
REQUIRE_ES = "--experimental-require-module"
DETECT = "--experimental-detect-module"
_OWN_ES = {
    "index.js": "const { n } = require('./lib.mjs')\nexports.handler = async () => n\n",
    "lib.mjs": "export const n = 1\n",
}
_ES_IN_JS = {"index.js": OK_ES}
_CALLBACK = {"index.js": "exports.handler = (event, context, callback) => callback(null, { statusCode: 200 })\n"}
_UNUSED = {"index.js": "exports.handler = async (event, context, _unused) => ({ statusCode: 200 })\n"}
_STREAMED = {
    "index.js": "exports.handler = awslambda.streamifyResponse(async (event, stream, context) => {\n"
    "  const out = awslambda.HttpResponseStream.from(stream, { statusCode: 200 })\n  out.write('hello'); out.end()\n})\n"
}
_DEFAULTS = {"index.js": "exports.handler = async (event, context = {}, ...rest) => ({ statusCode: 200 })\n"}

runtime = partial(Case, "runtime")
RUNTIME = (
    runtime("own-es-module-required-22", "fails", _OWN_ES, joined="runs"),
    runtime("own-es-module-required-24", "fails", _OWN_ES, runtime="nodejs24.x", joined="runs"),
    runtime("own-es-module-required-20", "fails", _OWN_ES, runtime="nodejs20.x", joined="runs"),
    runtime(
        "es-package-required", "fails",
        {"index.js": "const { nanoid } = require('nanoid')\nexports.handler = async () => nanoid()\n"},
        dependencies={"nanoid": "5.1.5"}, joined="runs",
    ),
    runtime("es-required-switched-on", "runs", _OWN_ES, environment={"NODE_OPTIONS": REQUIRE_ES}, proved=True),
    runtime("es-syntax-in-js", "fails", _ES_IN_JS, joined="runs"),
    # Lambda's client asks for a .js file by require, so detection alone does not help there.
    runtime("es-syntax-in-js-detected", "fails", _ES_IN_JS, environment={"NODE_OPTIONS": DETECT}, joined="runs"),
    runtime("es-syntax-in-js-switched-on", "runs", _ES_IN_JS, environment={"NODE_OPTIONS": f"{DETECT} {REQUIRE_ES}"}),
    runtime("callback-on-24", "fails", _CALLBACK, runtime="nodejs24.x"),
    runtime("unused-third-on-24", "fails", _UNUSED, runtime="nodejs24.x"),
    runtime("callback-on-22", "runs", _CALLBACK, proved=True),
    runtime("callback-on-20", "runs", _CALLBACK, runtime="nodejs20.x", proved=True),
    runtime("rest-parameters-on-24", "runs", _DEFAULTS, runtime="nodejs24.x", proved=True),
    runtime("streamed-handler-on-24", "runs", _STREAMED, runtime="nodejs24.x", proved=True),
    runtime("streamed-handler-on-22", "runs", _STREAMED, proved=True),
    runtime(
        "from-the-search-path", "runs",
        {"index.js": "const { n } = require('lib/x')\nexports.handler = async () => n\n", "lib/x.js": "exports.n = 1\n"},
        proved=True,
    ),
    runtime(
        "import-from-a-layer", "runs",
        {"index.mjs": "import { nanoid } from 'nanoid'\nexport const handler = async () => nanoid().length\n"},
        dependencies={"nanoid": "5.1.5"}, layers={"lib": {"packages": ["nanoid"]}}, proved=True,
    ),
    runtime(
        "require-from-a-layer", "runs",
        {"index.js": "const ms = require('ms')\nexports.handler = async () => ms('1d')\n"},
        dependencies={"ms": "2.1.3"}, layers={"lib": {"packages": ["ms"]}}, proved=True,
    ),
    runtime(
        "writes-beside-the-code", "fails",
        {"index.js": "require('fs').writeFileSync(__dirname + '/state.json', '{}')\n" + OK},
    ),
    runtime(
        "writes-to-tmp", "runs", {"index.js": "require('fs').writeFileSync('/tmp/state.json', '{}')\n" + OK}, proved=True,
    ),
    runtime(
        "reads-from-the-working-folder", "runs",
        {"index.js": "const text = require('fs').readFileSync('data/a.txt', 'utf8')\nexports.handler = async () => text\n",
         "data/a.txt": "a\n"},
        proved=True,
    ),
    runtime(
        "variable-that-is-not-set", "fails", {"index.js": "new URL(process.env.ENDPOINT_OF_CASE)\n" + OK},
    ),
    runtime(
        "variable-that-is-set", "runs", {"index.js": "new URL(process.env.ENDPOINT_OF_CASE)\n" + OK},
        environment={"ENDPOINT_OF_CASE": "https://example.com"}, proved=True,
    ),
    runtime("option-that-node-does-not-know", "fails", {"index.js": OK}, environment={"NODE_OPTIONS": "--no-such-option-at-all"}),
    runtime("option-that-is-not-allowed-there", "fails", {"index.js": OK}, environment={"NODE_OPTIONS": "--test"}),
    runtime(
        "own-search-path", "runs",
        {"index.js": "const { n } = require('thing')\nexports.handler = async () => n\n", "vendor/thing.js": "exports.n = 1\n"},
        environment={"NODE_PATH": "/var/task/vendor"}, proved=True,
    ),
    runtime(
        "json-with-attributes", "runs",
        {"index.mjs": "import data from './data.json' with { type: 'json' }\nexport const handler = async () => data\n", "data.json": "{}"},
        proved=True,
    ),
    runtime(
        "json-without-attributes", "fails",
        {"index.mjs": "import data from './data.json'\nexport const handler = async () => data\n", "data.json": "{}"}, joined="runs",
    ),
    runtime("commonjs-file-in-an-es-package", "runs", {"index.cjs": OK}, manifest={"type": "module"}, proved=True),
    runtime("commonjs-code-in-an-es-package", "fails", {"index.js": "const fs = require('fs')\n" + OK}, manifest={"type": "module"}),
    runtime("js-comes-before-mjs", "fails", {"index.js": "throw new Error('old')\n", "index.mjs": OK_ES}),
    runtime("default-export-only", "fails", {"index.mjs": "const handler = async () => 1\nexport { handler as default }\n"}),
    runtime(
        "vercel-server", "runs",
        {"api/a.js": "module.exports = require('http').createServer((req, res) => res.end('ok'))\n"},
        target="vercel", starts=("api/a.js",), settings={"src": ["api/a.js"]}, proved=True,
    ),
    runtime(
        "vercel-requires-es-module", "fails",
        {"api/a.js": "const { n } = require('../lib.mjs')\nmodule.exports = (req, res) => res.end(String(n))\n",
         "lib.mjs": "export const n = 1\n"},
        target="vercel", starts=("api/a.js",), settings={"src": ["api/a.js"]}, joined="runs",
    ),
    runtime(
        "netlify-requires-es-module", "fails",
        {"netlify/functions/a.js": "const { n } = require('../../lib.mjs')\nexports.handler = async () => ({ statusCode: 200 + n })\n",
         "lib.mjs": "export const n = 0\n"},
        target="netlify", starts=("netlify/functions/a",), settings={"src": ["netlify/functions/a.js"]}, joined="runs",
    ),
    runtime(
        "google-function", "runs",
        {"index.js": "exports.hello = (req, res) => res.send('hi')\n"},
        target="google-cloud-functions", runtime="nodejs22", handler="index.hello", starts=("hello",), manifest={"main": "index.js"},
        dependencies={"@google-cloud/functions-framework": "4.0.1"}, levels=("safe",), proved=True,
    ),
    runtime(
        "google-function-requires-es-module", "fails",
        {"index.js": "const { n } = require('./lib.mjs')\nexports.hello = (req, res) => res.send(String(n))\n",
         "lib.mjs": "export const n = 1\n"},
        target="google-cloud-functions", runtime="nodejs22", handler="index.hello", starts=("hello",), manifest={"main": "index.js"},
        dependencies={"@google-cloud/functions-framework": "4.0.1"}, levels=("safe",),
    ),
)  # fmt: skip

_REQ = "module.exports = (req, res) => res.end('ok')\n"
entries = partial(Case, "entries")
ENTRIES = (
    entries(
        "second-netlify-function", "fails",
        {"netlify/functions/a.js": OK, "netlify/functions/b.js": "require('./gone')\n" + OK},
        target="netlify", starts=("netlify/functions/a", "netlify/functions/b"),
        settings={"src": ["netlify/functions/a.js", "netlify/functions/b.js"]},
    ),
    entries(
        "both-netlify-functions", "runs",
        {"netlify/functions/a.js": OK, "netlify/functions/b.mjs": OK_ES},
        target="netlify", starts=("netlify/functions/a", "netlify/functions/b"),
        settings={"src": ["netlify/functions/a.js", "netlify/functions/b.mjs"]}, proved=True,
    ),
    entries(
        "netlify-forwarder-of-an-es-module", "runs", {"netlify/functions/hello.js": OK_ES},
        manifest={"type": "module"}, target="netlify", starts=("netlify/functions/hello",),
        settings={"src": ["netlify/functions/hello.js"]}, proved=True,
    ),
    entries(
        "second-vercel-function", "fails", {"api/a.js": _REQ, "api/b.js": "new URL('nothing')\n" + _REQ},
        target="vercel", starts=("api/a.js", "api/b.js"), settings={"src": ["api/a.js", "api/b.js"]},
    ),
    entries(
        "both-vercel-functions", "runs",
        {"api/a.js": _REQ, "api/deep/b.mjs": "export default (req, res) => res.end('b')\n"},
        target="vercel", starts=("api/a.js", "api/deep/b.mjs"), settings={"src": ["api/a.js", "api/deep/b.mjs"]}, proved=True,
    ),
    entries(
        "second-now-function", "fails", {"a.js": _REQ, "b.js": "require('not-there')\n" + _REQ},
        target="now", starts=("a.js", "b.js"), settings={"src": ["a.js", "b.js"]},
    ),
    entries(
        "both-now-functions", "runs", {"a.js": _REQ, "b.js": _REQ},
        target="now", starts=("a.js", "b.js"), settings={"src": ["a.js", "b.js"]}, proved=True,
    ),
    entries(
        "wrapper-that-is-not-there", "fails", {"index.js": OK},
        environment={"AWS_LAMBDA_EXEC_WRAPPER": "/var/task/not-there"},
    ),
    entries(
        "wrapper-that-is-there", "runs", {"index.js": OK, "wrap.sh": "#!/bin/sh\nexec \"$@\"\n"},
        environment={"AWS_LAMBDA_EXEC_WRAPPER": "/var/task/wrap.sh"},
    ),
    entries(
        "required-by-node-options-not-there", "fails", {"index.js": OK},
        environment={"NODE_OPTIONS": "--require /var/task/pre.cjs"},
    ),
    entries(
        "required-by-node-options", "runs", {"index.js": "if (!global.pre) throw new Error('no')\n" + OK, "pre.cjs": "global.pre = 1\n"},
        environment={"NODE_OPTIONS": "--require /var/task/pre.cjs"}, proved=True,
    ),
    entries(
        "imported-by-node-options-not-there", "fails", {"index.js": OK},
        environment={"NODE_OPTIONS": "--import /var/task/pre.mjs"},
    ),
    entries("handler-that-is-not-exported", "fails", {"index.js": "exports.main = async () => 1\n"}),
    entries(
        "handler-in-a-folder", "runs", {"src/app/main.js": "exports.api = { get: async () => 1 }\n"},
        handler="src/app/main.api.get", proved=True,
    ),
)  # fmt: skip

start = partial(Case, "start", pause=1.5)
START = (
    start("timer-throws", "fails", {"index.js": LATER + OK}),
    start(
        "worker-throws", "fails",
        {"index.js": "new (require('worker_threads').Worker)(__dirname + '/work.js')\n" + OK, "work.js": "throw new Error('in the worker')\n"},
    ),
    start("rejection-is-not-handled", "fails", {"index.js": "Promise.reject(new Error('not handled'))\n" + OK}),
    start(
        "rejection-later", "fails",
        {"index.js": "(async () => { await new Promise((done) => setTimeout(done, 80)); null.x })()\n" + OK},
    ),
    start("exit-after-load", "fails", {"index.js": "setTimeout(() => process.exit(0), 60)\n" + OK}),
    start("native-crash-after-load", "fails", {"index.js": "setTimeout(() => process.abort(), 60)\n" + OK}),
    start(
        "module-asked-for-after-load", "fails",
        {"index.js": "setTimeout(() => require(['./', 'gone'].join('')), 40)\n" + OK},
    ),
    start("never-idle-interval", "runs", {"index.js": "setInterval(() => {}, 1000)\n" + OK}, proved=True),
    start(
        "never-idle-server", "runs", {"index.js": "require('http').createServer().listen(0)\n" + OK}, proved=True,
    ),
    start(
        "never-idle-worker", "runs",
        {"index.js": "new (require('worker_threads').Worker)(__dirname + '/work.js')\n" + OK, "work.js": "setInterval(() => {}, 500)\n"},
        proved=True,
    ),
    start(
        "top-level-await", "runs", {"index.mjs": "await new Promise((done) => setTimeout(done, 200))\n" + OK_ES}, proved=True,
    ),
    start("rejection-handled", "runs", {"index.js": "Promise.reject(new Error('x')).catch(() => {})\n" + OK}, proved=True),
    start("exit-code-set", "runs", {"index.js": "process.exitCode = 3\n" + OK}),
    # Lambda's client listens, too, and ends the process whatever the function's own listener does.
    start(
        "error-is-listened-to", "fails",
        {"index.js": "process.on('uncaughtException', () => {})\n" + LATER + OK},
    ),
)  # fmt: skip
