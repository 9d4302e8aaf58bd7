"""The runtime's own packages, missing parts, what is told, links, and Python (parts 7 to 10)."""

from __future__ import annotations

from functools import partial

from tests.proofbed.case import PYTHON_LEVELS, Case
from tests.proofbed.cases_runtime import OK

_S3 = "@aws-sdk/client-s3"
sdk = partial(Case, "sdk")
SDK = (
    sdk("imported", "runs", {"index.mjs": f"import {{ S3Client }} from '{_S3}'\nexport const handler = async () => typeof S3Client\n"}, proved=True),
    sdk("required", "runs", {"index.js": f"const {{ S3Client }} = require('{_S3}')\nexports.handler = async () => typeof S3Client\n"}, proved=True),
    sdk("imported-on-24", "runs", {"index.mjs": f"import {{ S3Client }} from '{_S3}'\nexport const handler = async () => typeof S3Client\n"},
        runtime="nodejs24.x", proved=True),
    sdk("required-late", "runs", {"index.js": f"exports.handler = async () => typeof require('{_S3}').S3Client\n"}, event={}, proved=True),
    sdk("second-version-is-not-there", "fails", {"index.js": "const AWS = require('aws-sdk')\nexports.handler = async () => typeof AWS.S3\n"}),
    sdk("client-that-does-not-exist", "fails", {"index.js": "require('@aws-sdk/client-of-nothing-at-all')\n" + OK}),
    sdk("export-that-does-not-exist", "fails", {"index.mjs": f"import {{ NoSuchClient }} from '{_S3}'\nexport const handler = async () => typeof NoSuchClient\n"}),
    sdk("not-on-vercel", "fails", {"api/a.js": f"require('{_S3}')\nmodule.exports = (req, res) => res.end('ok')\n"},
        target="vercel", starts=("api/a.js",), settings={"src": ["api/a.js"]}),
)  # fmt: skip

_CRC = {"@node-rs/crc32": "1.10.6"}
_USES_CRC = {"index.js": "const { crc32 } = require('@node-rs/crc32')\nexports.handler = async () => crc32('a')\n"}
_ASKS_CRC = {"index.js": "exports.handler = async () => require('@node-rs/crc32').crc32('a')\n"}
_PATCH = {
    "patch.js": "require('fs').writeFileSync(__dirname + '/made.json', '{\"n\": 1}')\n",
    "index.js": "const made = require('./made.json')\nexports.handler = async () => made.n\n",
}
_ANY = {"any": {"index.js": ""}}
parts = partial(Case, "parts")
PARTS = (
    parts("part-missing-in-the-lock", "fails", _USES_CRC, dependencies=_CRC, missing_in_lock=("@node-rs/crc32-linux-x64-gnu",)),
    parts("part-missing-in-the-lock-late", "fails", _ASKS_CRC, dependencies=_CRC, missing_in_lock=("@node-rs/crc32-linux-x64-gnu",),
          event={}, told=False),
    parts("all-parts-in-the-lock", "runs", _USES_CRC, dependencies=_CRC, proved=True),
    parts("all-parts-asked-for-late", "runs", _ASKS_CRC, dependencies=_CRC, event={}, proved=True),
    parts("own-postinstall", "runs", _PATCH, packages=_ANY, manifest={"scripts": {"postinstall": "node patch.js"}}, proved=True),
    parts("own-postinstall-on-arm64", "runs", _PATCH, packages=_ANY, manifest={"scripts": {"postinstall": "node patch.js"}}, settings={"arch": "arm64"}, levels=("safe", "strict")),
    parts("own-postinstall-left-out", "fails", {"index.js": _PATCH["index.js"]}, packages=_ANY),
    parts(
        "postinstall-that-fails", "fails", {**_PATCH, "patch.js": "process.exit(3)\n"}, packages=_ANY, manifest={"scripts": {"postinstall": "node patch.js"}},
    ),
)  # fmt: skip

_GONE = {"index.js": "require('./gone')\n" + OK}
_BY_NAME = {"index.js": "exports.handler = async ({ cmd }) => { if (cmd === 'b') throw new Error('b'); return 1 }\n"}
_BY_VARIABLE = {"index.js": "if (process.env.MODE_OF_CASE !== 'a') throw new Error('mode')\n" + OK}
told = partial(Case, "told")
TOLD = (
    told("not-proved-when-asked-not-to", "fails", {"index.js": "require(['./', 'gone'].join(''))\n" + OK}, options=("--no-prove",)),
    told("accepted-finding-and-a-missing-module", "fails", {**_GONE, "big.bin": "x" * 4000},
         settings={"budget": 100, "silence": [{"code": "SIZE001", "reason": "known"}]}),
    told("accepted-finding", "runs", {"index.js": OK, "big.bin": "x" * 4000},
         settings={"budget": 100, "silence": [{"code": "SIZE001", "reason": "known"}]}),
    told("remembered-with-another-event", "fails", _BY_NAME, event={"cmd": "b"}, first={"event": {"cmd": "a"}}),
    told("remembered-with-another-variable", "fails", _BY_VARIABLE, environment={"MODE_OF_CASE": "b"}, first={"environment": {"MODE_OF_CASE": "a"}}),
    told("remembered-on-another-runtime", "fails", {"index.js": "exports.handler = async (a, b, c) => 1\n"}, runtime="nodejs24.x",
         first={"runtime": "nodejs22.x"}),
    told("remembered-with-other-options-of-node", "fails",
         {"index.js": "require('./lib.mjs')\n" + OK, "lib.mjs": "export const n = 1\n"}, joined="runs",
         first={"environment": {"NODE_OPTIONS": "--experimental-require-module"}}),
    told("remembered-after-it-failed", "runs", {"index.js": OK}, first={"files": _GONE}, proved=True),
)  # fmt: skip

_TREE = {
    "package.json": '{"name": "a", "version": "1.0.0", "dependencies": {"one": "1.0.0", "two": "1.0.0"}}',
    "index.js": "const one = require('one'), two = require('two')\n"
    "exports.handler = async () => { if (one.shared !== two.shared) throw new Error('two copies'); return 1 }\n",
    "node_modules/.pnpm/one@1.0.0/node_modules/one/package.json": '{"name": "one", "version": "1.0.0", "dependencies": {"shared": "1.0.0"}}',
    "node_modules/.pnpm/one@1.0.0/node_modules/one/index.js": "exports.shared = require('shared')\n",
    "node_modules/.pnpm/two@1.0.0/node_modules/two/package.json": '{"name": "two", "version": "1.0.0", "dependencies": {"shared": "1.0.0"}}',
    "node_modules/.pnpm/two@1.0.0/node_modules/two/index.js": "exports.shared = require('shared')\n",
    "node_modules/.pnpm/shared@1.0.0/node_modules/shared/package.json": '{"name": "shared", "version": "1.0.0"}',
    "node_modules/.pnpm/shared@1.0.0/node_modules/shared/index.js": "exports.state = {}\n",
}
_LINKS = {
    "node_modules/one": ".pnpm/one@1.0.0/node_modules/one",
    "node_modules/two": ".pnpm/two@1.0.0/node_modules/two",
    "node_modules/.pnpm/one@1.0.0/node_modules/shared": "../../shared@1.0.0/node_modules/shared",
    "node_modules/.pnpm/two@1.0.0/node_modules/shared": "../../shared@1.0.0/node_modules/shared",
}
_CUT = {path: target for path, target in _LINKS.items() if not path.endswith("two@1.0.0/node_modules/shared")}
links = partial(Case, "links", levels=("none", "safe", "strict"))
LINKS = (
    links("linked-tree-packed", "runs", _TREE, links=_LINKS, command="pack", proved=True),
    links("linked-tree-with-a-link-missing", "fails", _TREE, links=_CUT, command="pack"),
    links("zip-with-links", "runs", _TREE, links=_LINKS, command="prove", levels=("none",), proved=True),
    links("zip-with-a-link-missing", "fails", _TREE, links=_CUT, command="prove", levels=("none",)),
    links("zip-with-a-link-to-nothing", "fails", {"index.js": "require('./lib')\n" + OK}, links={"lib.js": "gone.js"}, command="prove", levels=("none",)),
    links("handler-that-is-a-link", "runs", {"src/real.js": "const { n } = require('./n')\nexports.handler = async () => n\n", "src/n.js": "exports.n = 1\n"},
          links={"index.js": "src/real.js"}, command="prove", levels=("none",), proved=True),
)  # fmt: skip

python = partial(Case, "python", runtime="python3.11", handler="app.handler", levels=PYTHON_LEVELS)
_SIX = {"requirements.txt": "six==1.16.0\n"}
_PY = "def handler(event, context):\n    return {'statusCode': 200}\n"
PYTHON = (
    python("module-missing", "fails", {**_SIX, "app.py": "import idna_of_case\n" + _PY}),
    python("module-missing-in-the-call", "fails", {**_SIX, "app.py": "def handler(event, context):\n    import idna_of_case\n    return 1\n"}, event={}),
    python("package", "runs", {**_SIX, "app.py": "import six\n" + _PY}, proved=True),
    python("data-of-own-package", "runs",
           {**_SIX, "app.py": "from importlib.resources import files\n\n\ndef handler(event, context):\n    return files('data').joinpath('a.txt').read_text()\n",
            "data/__init__.py": "", "data/a.txt": "a\n"}, event={}, proved=True),
    python("writes-beside-the-code", "fails", {**_SIX, "app.py": "import pathlib\npathlib.Path(__file__).with_name('x').write_text('')\n" + _PY}),
    python("writes-to-tmp", "runs", {**_SIX, "app.py": "open('/tmp/x', 'w').close()\n" + _PY}, proved=True),
    python("answers-500", "fails", {**_SIX, "app.py": "def handler(event, context):\n    return {'statusCode': 503}\n"}, event={}),
    python("exits-at-load", "fails", {**_SIX, "app.py": "import sys\nsys.exit(0)\n" + _PY}),
    python("ends-after-load", "fails",
           {**_SIX, "app.py": "import os, threading\nthreading.Timer(0.1, lambda: os._exit(1)).start()\n" + _PY}, pause=1.5),
    python("thread-raises", "runs",
           {**_SIX, "app.py": "import threading\nthreading.Thread(target=lambda: 1 / 0).start()\n" + _PY}, pause=1, proved=True),
    python("never-idle", "runs",
           {**_SIX, "app.py": "import threading, time\nthreading.Thread(target=time.sleep, args=(60,), daemon=True).start()\n" + _PY}, proved=True),
    python("metadata-of-a-package", "runs",
           {**_SIX, "app.py": "from importlib.metadata import version\n\n\ndef handler(event, context):\n    return version('six')\n"}, event={}, proved=True),
    python("no-such-handler", "fails", {**_SIX, "app.py": "def main(event, context):\n    return 1\n"}),
    python("handler-in-a-package", "runs",
           {**_SIX, "service/__init__.py": "", "service/app.py": "from . import part\n\n\ndef handler(event, context):\n    return part.N\n", "service/part.py": "N = 1\n"},
           handler="service/app.handler", proved=True),
    python("answer-is-no-json", "fails", {**_SIX, "app.py": "def handler(event, context):\n    return {1, 2}\n"}, event={}),
    python("syntax-of-a-newer-python", "fails", {**_SIX, "app.py": "type Name = str\n\n\n" + _PY}),
    python("module-missing-in-the-call-not-told", "fails",
           {**_SIX, "app.py": "def handler(event, context):\n    import idna_of_case\n    return 1\n"}, event={}, told=False,
           known="own Python code is not read for what it imports late"),
    python("module-missing-in-try", "runs",
           {**_SIX, "app.py": "def handler(event, context):\n    try:\n        import fast_of_case\n    except ImportError:\n        fast_of_case = None\n    return 1\n"},
           event={}, told=False, proved=True),
    python("handler-is-async", "fails", {**_SIX, "app.py": "async def handler(event, context):\n    return 1\n"}, event={}),
    python("raises-in-the-call", "fails", {**_SIX, "app.py": "def handler(event, context):\n    raise ValueError('b')\n"}, event={}),
    python("data-that-is-not-there", "fails",
           {**_SIX, "app.py": "def handler(event, context):\n    return open(__file__ + '.txt').read()\n"}, event={}),
    python("from-a-layer", "runs", {**_SIX, "app.py": "import six\n" + _PY}, layers={"lib": {"packages": ["six"]}}, proved=True),
)  # fmt: skip
