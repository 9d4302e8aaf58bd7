"""What own code asks for late, what events show, and what tracing and joining must keep (parts 4 to 6)."""

from __future__ import annotations

from functools import partial

from tests.proofbed.case import Case

late = partial(Case, "late", event={}, told=False)
LATE = (
    late(
        "require-of-a-dev-dependency", "fails", {"index.js": "exports.handler = async () => require('ms')('1d')\n"},
        development={"ms": "2.1.3"}, joined="runs",
    ),
    late("require-of-nothing", "fails", {"index.js": "exports.handler = async () => require('./lib/missing')\n"}),
    late("import-of-nothing", "fails", {"index.js": "exports.handler = async () => import('not-there')\n"}),
    late("es-import-of-nothing", "fails", {"index.mjs": "export const handler = async () => import('./gone.mjs')\n"}),
    late(
        "created-require-of-nothing", "fails",
        {"index.mjs": "import { createRequire } from 'node:module'\nconst require = createRequire(import.meta.url)\n"
         "export const handler = async () => require('not-there')\n"},
    ),
    late(
        "require-in-another-file", "fails",
        {"index.js": "const { go } = require('./lib/go')\nexports.handler = async () => go()\n",
         "lib/go.js": "exports.go = () => require('../helpers/missing')\n"},
    ),
    late(
        "require-in-a-branch", "runs",
        {"index.js": "exports.handler = async () => { if (process.env.IS_OFFLINE) require('dotenv'); return 1 }\n"},
        proved=True,
    ),
    late(
        "require-in-try", "runs",
        {"index.js": "exports.handler = async () => { try { return require('fancy') } catch { return 1 } }\n"}, proved=True,
    ),
    late(
        "import-with-catch", "runs",
        {"index.js": "exports.handler = async () => (await import('fancy').catch(() => null)) ?? 1\n"}, proved=True,
    ),
    late(
        "require-of-node-itself", "runs",
        {"index.js": "exports.handler = async () => require('node:path').sep + require('fs/promises').constants.R_OK\n"}, proved=True,
    ),
    late(
        "read-of-nothing", "fails",
        {"index.js": "exports.handler = async () => require('fs').readFileSync(__dirname + '/lib/missing.txt', 'utf8')\n"},
        told=True,
    ),
    late(
        "swallowed-read-of-own-data", "runs",
        {"index.js": "const fs = require('fs'), path = require('path')\nexports.handler = async ({ name = 'words' }) => {\n"
         "  let text = ''\n  try { text = fs.readFileSync(path.join(__dirname, 'res', name + '.txt'), 'utf8') } catch {}\n"
         "  if (!text) throw new Error('no words')\n  return text\n}\n", "res/words.txt": "hello\n"},
        told=True, proved=True,
    ),
    late(
        "require-of-an-own-es-module", "fails",
        {"index.js": "exports.handler = async () => require('./lib.mjs').n\n", "lib.mjs": "export const n = 1\n"}, joined="runs",
    ),
    late(
        "require-of-an-es-package", "fails", {"index.js": "exports.handler = async () => require('modern').n\n"},
        packages={"modern": {"index.js": "export const n = 1\n", "package.json": '{"type": "module"}'}}, joined="runs",
    ),
    late(
        "require-of-an-es-package-for-both", "runs", {"index.js": "exports.handler = async () => require('dual').n\n"},
        packages={"dual": {"m.mjs": "export const n = 1\n", "c.cjs": "exports.n = 1\n",
                           "package.json": '{"exports": {"import": "./m.mjs", "require": "./c.cjs"}}'}}, proved=True,
    ),
    late(
        "require-of-an-es-module-in-try", "runs",
        {"index.js": "exports.handler = async () => { try { return require('./lib.mjs').n } catch { return (await import('./lib.mjs')).n } }\n",
         "lib.mjs": "export const n = 1\n"}, proved=True,
    ),
    late("require-in-es-code", "fails", {"index.mjs": "export const handler = async () => require('fs').constants.R_OK\n"}),
    late("require-by-template", "fails", {"index.js": "exports.handler = async () => require(`./gone`)\n"}),
    late("resolve-of-nothing", "fails", {"index.js": "exports.handler = async () => require.resolve('./gone')\n"}),
    late("builtin-of-a-newer-node", "fails", {"index.js": "exports.handler = async () => typeof require('node:sqlite')\n"}, runtime="nodejs20.x"),
    late("builtin-of-this-node", "runs", {"index.js": "exports.handler = async () => typeof require('node:sqlite')\n"}, proved=True),
    late(
        "json-import-without-attributes", "fails",
        {"index.mjs": "export const handler = async () => (await import('./data.json')).default\n", "data.json": "{}"}, joined="runs",
    ),
    late(
        "file-that-does-not-parse", "fails",
        {"index.js": "exports.handler = async () => require('./broken')\n", "broken.js": "exports.n = = 1\n"}, told=True,
    ),
    late(
        "file-that-throws", "fails",
        {"index.js": "exports.handler = async () => require('./broken')\n", "broken.js": "throw new Error('at load')\n"}, told=True,
    ),
    late(
        "require-where-the-case-differs", "fails",
        {"index.js": "exports.handler = async () => require('./Lib/thing')\n", "lib/thing.js": "exports.n = 1\n"},
    ),
    late(
        "require-of-a-folder-without-index", "fails",
        {"index.js": "exports.handler = async () => require('./lib')\n", "lib/thing.js": "exports.n = 1\n"},
    ),
    late(
        "import-without-an-ending", "fails",
        {"index.mjs": "export const handler = async () => import('./lib/thing')\n", "lib/thing.mjs": "export const n = 1\n"},
        joined="fails",
    ),
    late(
        "require-of-what-is-not-exported", "fails",
        {"index.js": "exports.handler = async () => require('closed/inner.js')\n"},
        packages={"closed": {"index.js": "exports.n = 1\n", "inner.js": "exports.n = 2\n", "package.json": '{"exports": "./index.js"}'}},
    ),
)  # fmt: skip

_STREAM_500 = {
    "index.js": "exports.handler = awslambda.streamifyResponse(async (event, stream) => {\n"
    "  const out = awslambda.HttpResponseStream.from(stream, { statusCode: 500 })\n  out.write('no'); out.end()\n})\n"
}
events = partial(Case, "events", event={"cmd": "b"})
EVENTS = (
    events("answers-500", "fails", {"index.js": "exports.handler = async () => ({ statusCode: 500, body: 'no' })\n"}),
    events("streams-500", "fails", _STREAM_500),
    events("streams-500-on-24", "fails", _STREAM_500, runtime="nodejs24.x"),
    events("error-envelope", "fails", {"index.js": "exports.handler = async () => ({ errorType: 'E', errorMessage: 'm' })\n"}),
    events(
        "throws-for-one-event", "fails",
        {"index.js": "exports.handler = async ({ cmd }) => { if (cmd === 'b') throw new Error('b'); return 1 }\n"},
    ),
    events("answers-the-event", "runs", {"index.js": "exports.handler = async ({ cmd }) => ({ statusCode: 200, body: cmd })\n"}, proved=True),
    events(
        "answers-by-callback", "runs",
        {"index.js": "exports.handler = (event, context, callback) => { setTimeout(() => callback(null, { ok: 1 }), 30) }\n"}, proved=True,
    ),
    events("callback-with-an-error", "fails", {"index.js": "exports.handler = (event, context, callback) => callback(new Error('no'))\n"}),
    events("answers-404", "runs", {"index.js": "exports.handler = async () => ({ statusCode: 404 })\n"}, proved=True),
    events("exits-in-the-call", "fails", {"index.js": "exports.handler = async () => { process.exit(0) }\n"}),
    events("answer-is-no-json", "fails", {"index.js": "exports.handler = async () => ({ n: 1n })\n"}),
    events(
        "writes-beside-the-code-in-the-call", "fails",
        {"index.js": "exports.handler = async () => require('fs').writeFileSync(__dirname + '/x', '')\n"},
    ),
    events(
        "hidden-callback-on-24", "fails",
        {"index.js": "const inner = (event, context, callback) => callback(null, 1)\nexports.handler = (...words) => inner(...words)\n"},
        runtime="nodejs24.x",
    ),
    events(
        "own-program", "runs",
        {"index.js": "const { execFileSync } = require('child_process')\nexports.handler = async () => execFileSync(__dirname + '/bin/tool.sh').toString()\n",
         "bin/tool.sh": "#!/bin/sh\necho hello\n"}, proved=True,
    ),
    events("never-answers-on-24", "fails", {"index.js": "exports.handler = () => new Promise(() => {})\n"}, runtime="nodejs24.x"),
    events("answers-at-once-on-24", "runs", {"index.js": "exports.handler = () => ({ statusCode: 200 })\n"}, runtime="nodejs24.x", proved=True),
    events("asks-for-done-on-24", "fails", {"index.js": "exports.handler = async (event, context) => context.succeed(1)\n"}, runtime="nodejs24.x"),
    events("never-answers", "runs", {"index.js": "exports.handler = () => new Promise(() => {})\n"}),
    events(
        "vercel-answers-500", "fails", {"api/a.js": "module.exports = (req, res) => { res.statusCode = 500; res.end('no') }\n"},
        event={"method": "GET", "path": "/"}, target="vercel", starts=("api/a.js",), settings={"src": ["api/a.js"]},
        levels=("safe", "bundle"),
    ),
)  # fmt: skip

_DATA = {
    "index.js": "const fs = require('fs'), path = require('path')\nexports.get = (name) => JSON.parse(fs.readFileSync(path.join(__dirname, 'data', name + '.json'), 'utf8'))\n",
    "data/de.json": '{"n": 1}',
    "data/fr.json": '{"n": 2}',
}
tracing = partial(Case, "tracing", event={"cmd": "a"}, proved=True)
TRACING = (
    tracing(
        "computed-require", "runs",
        {"src/handler.js": "exports.handler = async ({ cmd = 'a' }) => require('./cmds/' + cmd)()\n",
         "src/cmds/a.js": "module.exports = () => 'A'\n", "src/cmds/b.js": "module.exports = () => 'B'\n"},
        handler="src/handler.handler",
    ),
    tracing(
        "own-data", "runs",
        {"src/handler.js": "const fs = require('fs'), path = require('path')\n"
         "exports.handler = async () => fs.readFileSync(path.join(__dirname, 'words.txt'), 'utf8')\n", "src/words.txt": "hello\n"},
        handler="src/handler.handler",
    ),
    tracing(
        "own-data-of-es-code", "runs",
        {"src/handler.mjs": "import fs from 'fs'\nexport const handler = async () => fs.readFileSync(new URL('./words.txt', import.meta.url), 'utf8')\n",
         "src/words.txt": "hello\n"}, handler="src/handler.handler",
    ),
    tracing(
        "own-data-in-another-folder", "runs",
        {"src/handler.js": "const a = require('../lib/a')\nexports.handler = async () => a.text()\n",
         "lib/a.js": "const fs = require('fs'), path = require('path')\nexports.text = () => fs.readFileSync(path.join(__dirname, 'a.txt'), 'utf8')\n",
         "lib/a.txt": "x\n"}, handler="src/handler.handler",
    ),
    tracing(
        "worker-by-url", "runs",
        {"index.mjs": "import { Worker } from 'node:worker_threads'\nexport const handler = async () => new Promise((done, no) => {\n"
         "  const worker = new Worker(new URL('./work.mjs', import.meta.url)); worker.on('message', done); worker.on('error', no)\n})\n",
         "work.mjs": "import { parentPort } from 'node:worker_threads'\nparentPort.postMessage('done')\n"},
    ),
    tracing(
        "es-module-by-import-with-its-url", "runs",
        {"index.js": "exports.handler = async () => (await import('./lib/a.mjs')).text()\n",
         "lib/a.mjs": "import { readFileSync } from 'node:fs'\nexport const text = () => readFileSync(new URL('a.txt', import.meta.url), 'utf8')\n",
         "lib/a.txt": "x\n"},
    ),
    tracing(
        "hook-of-module-loading", "runs",
        {"index.js": "const { Hook } = require('require-in-the-middle')\nnew Hook(['ms'], (ms) => { ms.traced = true; return ms })\n"
         "const ms = require('ms')\nexports.handler = async () => { if (!ms.traced) throw new Error('not traced'); return 1 }\n"},
        dependencies={"require-in-the-middle": "7.5.2", "ms": "2.1.3"},
    ),
    tracing(
        "hook-of-module-loading-in-a-file", "runs",
        {"index.js": "require('./telemetry')\nconst ms = require('ms')\n"
         "exports.handler = async () => { if (!ms.traced) throw new Error('not traced'); return 1 }\n",
         "telemetry.js": "const { Hook } = require('require-in-the-middle')\nnew Hook(['ms'], (ms) => { ms.traced = true; return ms })\n"},
        dependencies={"require-in-the-middle": "7.5.2", "ms": "2.1.3"},
    ),
    tracing(
        "optional-peers-missing", "runs",
        {"index.js": "const { n } = require('peers')\nexports.handler = async () => n\n"},
        packages={"peers": {
            "index.js": "let a; try { a = require('fast-peer') } catch {}\nexports.n = require('./b') + (a ? 1 : 0)\n",
            "b.js": "let a; try { a = require('fast-peer') } catch {}\nmodule.exports = a ? 1 : 0\n",
            "package.json": '{"peerDependencies": {"fast-peer": "*"}, "peerDependenciesMeta": {"fast-peer": {"optional": true}}}'}},
    ),
    tracing(
        "optional-peer-behind-a-function", "runs",
        {"index.js": "const { n, load } = require('peers')\nexports.handler = async ({ load: wanted }) => wanted ? load() : n\n"},
        packages={"peers": {
            "index.js": "exports.n = 1\nexports.load = () => require('slow-peer')\n",
            "package.json": '{"peerDependencies": {"slow-peer": "*"}, "peerDependenciesMeta": {"slow-peer": {"optional": true}}}'}},
    ),
    tracing(
        "dual-package", "runs", {"index.js": "const dual = require('dual')\nexports.handler = async () => dual()\n"},
        packages={"dual": {
            "m.mjs": "export default () => 2\n", "c.cjs": "module.exports = () => 1\n",
            "package.json": '{"exports": {".": {"module": "./m.mjs", "import": "./m.mjs", "require": "./c.cjs"}}}'}},
    ),
    tracing(
        "dual-package-by-main-and-module", "runs", {"index.js": "const dual = require('dual')\nexports.handler = async () => dual()\n"},
        packages={"dual": {"m.js": "export default () => 2\n", "c.js": "module.exports = () => 1\n",
                           "package.json": '{"main": "c.js", "module": "m.js"}'}},
    ),
    tracing(
        "module-sync-condition", "runs", {"index.js": "const dual = require('dual')\nexports.handler = async () => dual()\n"},
        packages={"dual": {
            "m.mjs": "export default () => 2\n", "c.cjs": "module.exports = () => 1\n",
            "package.json": '{"exports": {".": {"module-sync": "./m.mjs", "require": "./c.cjs"}}}'}},
    ),
    tracing(
        "data-of-a-package", "runs", {"index.js": "const d = require('datapack')\nexports.handler = async () => d.get('de')\n"},
        packages={"datapack": _DATA},
    ),
    tracing(
        "data-of-a-package-without-events", "runs",
        {"index.js": "const d = require('datapack')\nexports.handler = async () => d.get('fr')\n"},
        packages={"datapack": _DATA}, told=False,
    ),
    tracing(
        "locales-of-a-package-without-events", "runs",
        {"index.js": "const l = require('locales')\nexports.handler = async () => l.load('de')\n"},
        packages={"locales": {"index.js": "exports.load = (name) => require('./locale/' + name)\n", "locale/de.js": "module.exports = 1\n",
                              "locale/fr.js": "module.exports = 2\n"}}, told=False,
    ),
    tracing(
        "worker-of-a-package", "runs", {"index.js": "const p = require('pool')\nexports.handler = async () => p.run()\n"},
        packages={"pool": {
            "index.js": "const { Worker } = require('worker_threads'), path = require('path')\n"
            "exports.run = () => new Promise((done, no) => { const w = new Worker(path.join(__dirname, 'work', 'job.js'));"
            " w.on('message', done); w.on('error', no) })\n",
            "work/job.js": "require('worker_threads').parentPort.postMessage(require('./part'))\n", "work/part.js": "module.exports = 'done'\n"}},
    ),
    tracing(
        "external-package-with-data", "runs",
        {"index.js": "const d = require('datapack')\nexports.handler = async () => d.get('de')\n"},
        packages={"datapack": _DATA}, settings={"external": ["datapack"]}, told=False,
    ),
    tracing(
        "file-of-a-package-by-resolve", "runs",
        {"index.js": "const fs = require('fs')\nexports.handler = async () => fs.readFileSync(require.resolve('tpl/a.html'), 'utf8')\n"},
        packages={"tpl": {"index.js": "", "a.html": "<p>\n"}},
    ),
    tracing(
        "umd-package", "runs", {"index.js": "const u = require('umd')\nexports.handler = async () => u.n\n"},
        packages={"umd": {
            "index.js": "(function (define) { define(function (require) { return { n: require('./part').n } }) })\n"
            "(typeof define === 'function' && define.amd ? define : function (f) { module.exports = f(require) })\n",
            "part.js": "exports.n = 1\n"}},
    ),
    tracing(
        "own-version-read-by-a-package", "runs", {"index.js": "const v = require('versioned')\nexports.handler = async () => v.version()\n"},
        packages={"versioned": {"index.js": "exports.version = () => JSON.parse(require('fs').readFileSync(__dirname + '/package.json')).version\n"}},
        told=False,
    ),
    tracing(
        "top-level-await-of-a-package", "runs",
        {"index.mjs": "import { n } from 'tla'\nexport const handler = async () => n\n"},
        packages={"tla": {"index.mjs": "export const n = await Promise.resolve(1)\n", "package.json": '{"exports": "./index.mjs"}'}},
    ),
    tracing(
        "state-shared-by-two-ways", "runs",
        {"index.js": "const a = require('counter'), b = require('counter/index.js')\n"
         "exports.handler = async () => { if (a !== b) throw new Error('two copies'); return 1 }\n"},
        packages={"counter": {"index.js": "exports.n = 0\n"}},
    ),
    tracing(
        "data-that-is-not-there", "fails", {"index.js": "const d = require('datapack')\nexports.handler = async () => d.get('xx')\n"},
        packages={"datapack": _DATA}, proved=False,
    ),
    tracing(
        "name-of-the-class-is-asked", "runs",
        {"index.js": "const { Thing } = require('./thing')\nexports.handler = async () => { if (new Thing().constructor.name !== 'Thing') throw new Error('renamed'); return 1 }\n",
         "thing.js": "class Helper {}\nexports.Thing = class Thing extends Helper {}\n"},
    ),
)  # fmt: skip
