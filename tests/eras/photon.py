"""Photon.js, July 2019 to January 2020, in both its homes.

Its download address is fixed and gone: the npm package's stub and runtime are real, what ``prisma2 generate`` added to
them is put there by a script, with the stand-in in the place of the engine.
"""

from __future__ import annotations

from tests.eras.era import STANDIN, Era, schema

_INDEX = """\
'use strict'
const path = require('path')
const { Engine } = require('./runtime')
class Photon {
  constructor() {
    this.engine = new Engine({ cwd: __dirname, datamodelPath: path.join(__dirname, 'schema.prisma'), generator: {} })
    this.users = async () => (await this.engine.request('query { users { id email } }')).users
  }
}
module.exports = { Photon }
"""
_MAKE = """\
// What `prisma2 generate` left: code in the place of the stub, the runtime, the schema, an engine per target.
const fs = require('fs')
const [home, ...targets] = process.argv.slice(2)
fs.mkdirSync(home, { recursive: true })
const runtime = 'node_modules/@prisma/photon/runtime'
const copy = (from, to) => { // Node 12 has no fs.cpSync
  fs.mkdirSync(to, { recursive: true })
  for (const entry of fs.readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [`${from}/${entry.name}`, `${to}/${entry.name}`]
    if (entry.isDirectory()) copy(source, target)
    else fs.copyFileSync(source, target)
  }
}
if (!fs.existsSync(`${home}/runtime`)) copy(runtime, `${home}/runtime`)
fs.copyFileSync('photon/index.js', `${home}/index.js`)
fs.copyFileSync('prisma/schema.prisma', `${home}/schema.prisma`)
for (const target of targets) {
  fs.copyFileSync('photon/engine.js', `${home}/runtime/query-engine-${target}`)
  fs.chmodSync(`${home}/runtime/query-engine-${target}`, 0o755)
}
"""
_FILES = {"photon/index.js": _INDEX, "photon/make.js": _MAKE, "photon/engine.js": STANDIN}
_HANDLER = """\
'use strict'
const { Photon } = require('{home}')
const photon = new Photon()
exports.handler = async () => ({ statusCode: 200, body: JSON.stringify(await photon.users()) })
"""


def _make(home: str, *targets: str) -> dict[str, object]:
    return {"generate": {"command": f"node photon/make.js node_modules/{home} {' '.join(targets)}"}}


def _engine(home: str, target: str) -> dict[str, str]:
    return {"PRISMA_QUERY_ENGINE_BINARY": f"/var/task/node_modules/{home}/runtime/query-engine-{target}"}


PHOTON: tuple[Era, ...] = (
    Era(
        name="Photon preview016, @generated",
        runtime="nodejs18.x",
        dependencies={},
        development={"prisma2": "2.0.0-preview016.2", "@prisma/photon": "0.2.152"},
        schema=schema("postgresql", 'platforms = ["native", "linux-glibc-libssl1.0.2"]', generator="photonjs"),
        handler=_HANDLER.replace("{home}", "@generated/photon"),
        query="prove",
        engine="stand-in",
        native=1,
        generation="photon-generated",
        files=_FILES,
        config=_make("@generated/photon", "linux-glibc-libssl1.0.2", "darwin", "linux-glibc-libssl1.1.0"),
        environment=_engine("@generated/photon", "linux-glibc-libssl1.0.2"),
    ),
    Era(
        name="Photon preview019, @prisma",
        runtime="nodejs18.x",
        dependencies={"@prisma/photon": "2.0.0-preview019"},
        development={},
        schema=schema("postgresql", 'binaryTargets = ["native", "rhel-openssl-1.0.x"]', generator="photonjs"),
        handler=_HANDLER.replace("{home}", "@prisma/photon"),
        query="prove",
        engine="stand-in",
        native=1,
        generation="photon-at-prisma",
        files=_FILES,
        config=_make("@prisma/photon", "rhel-openssl-1.0.x", "darwin", "debian-openssl-1.1.x"),
        environment=_engine("@prisma/photon", "rhel-openssl-1.0.x"),
    ),
)
