"""One small app per generation of Prisma: the same model, the same handler, what differs is the engine."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

STANDIN = (Path(__file__).parent / "engine.js").read_text(encoding="utf-8")
MODEL = "model User {\n  id    Int    @id @default(autoincrement())\n  email String @unique\n}\n"
Query = Literal["prove", "postgresql on this machine", "postgresql in bullseye", "load only"]


@dataclass(frozen=True)
class Era:
    """A row of the matrix."""

    name: str
    runtime: str
    dependencies: dict[str, str]
    development: dict[str, str]
    schema: str
    handler: str
    query: Query
    engine: str
    """What stands for the engine: ``stand-in``, ``test ELF``, ``real``, or ``none``."""
    native: int
    """Engine files the artifact must hold."""
    generation: str
    """Name of the data file in the catalog."""
    files: dict[str, str] = field(default_factory=dict)
    config: dict[str, object] = field(default_factory=dict)
    """Added to packager.yaml."""
    environment: dict[str, str] = field(default_factory=dict)
    """The function's own."""
    image: str = ""
    """Build in this image instead of on this machine."""

    def project(self) -> dict[str, str]:
        """Return the app's files, without lock file."""
        package = {"name": "era", "version": "1.0.0", "private": True, "dependencies": self.dependencies}
        bundle = {
            "target": "aws-lambda",
            "runtime": self.runtime,
            "handler": "src/handler.handler",
            "environment": self.environment,
        }
        return {
            "package.json": json.dumps({**package, "devDependencies": self.development}, indent=2),
            "prisma/schema.prisma": self.schema,
            "src/handler.js": self.handler,
            "packager.yaml": json.dumps({"version": 1, "bundles": {"api": bundle}, **self.config}, indent=2),
            **self.files,
        }


def _schema(provider: str, *settings: str, generator: str = "prisma-client-js", url: bool = True) -> str:
    lines = "\n".join(f"  {line}" for line in (f'provider = "{generator}"', *settings))
    address = '\n  url = env("DATABASE_URL")' if url else ""
    return f'generator client {{\n{lines}\n}}\n\ndatasource db {{\n  provider = "{provider}"{address}\n}}\n\n{MODEL}'


_FIND = "return { statusCode: 200, body: JSON.stringify(await prisma.user.findMany()) }"
_PLAIN = f"""\
'use strict'
const {{ PrismaClient }} = require('@prisma/client')
const prisma = new PrismaClient()
exports.handler = async () => {{ {_FIND} }}
"""
_LOAD = """\
'use strict'
const { PrismaClient } = require('@prisma/client')
exports.handler = async () => ({ statusCode: 200, body: typeof new PrismaClient().user.findMany })
"""
_TABLE = 'CREATE TABLE IF NOT EXISTS "User" ("id" INTEGER PRIMARY KEY, "email" TEXT NOT NULL UNIQUE)'
_LIBSQL = f"""\
'use strict'
const {{ PrismaClient }} = require('{{client}}')
const adapters = require('@prisma/adapter-libsql')
const Adapter = adapters.PrismaLibSql || adapters.PrismaLibSQL
const prisma = new PrismaClient({{ adapter: new Adapter({{ url: 'file:/tmp/era.db' }}) }})
exports.handler = async () => {{
  await prisma.$executeRawUnsafe(`{_TABLE}`)
  await prisma.user.upsert({{ where: {{ id: 1 }}, update: {{}}, create: {{ id: 1, email: 'ada@example.com' }} }})
  {_FIND}
}}
"""
_PG = f"""\
'use strict'
const {{ PrismaClient }} = require('@prisma/client')
const {{ PrismaPg }} = require('@prisma/adapter-pg')
const prisma = new PrismaClient({{ adapter: new PrismaPg({{ connectionString: process.env.DATABASE_URL }}) }})
exports.handler = async () => {{ {_FIND} }}
"""
_PHOTON_INDEX = """\
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
_PHOTON_MAKE = """\
// What `prisma2 generate` left: code in the place of the npm package's stub, the schema, an engine per target.
const fs = require('fs')
const home = 'node_modules/@prisma/photon'
fs.copyFileSync('photon/index.js', `${home}/index.js`)
fs.copyFileSync('prisma/schema.prisma', `${home}/schema.prisma`)
for (const target of ['rhel-openssl-1.0.x', 'darwin', 'debian-openssl-1.1.x']) {
  fs.copyFileSync('photon/engine.js', `${home}/runtime/query-engine-${target}`)
  fs.chmodSync(`${home}/runtime/query-engine-${target}`, 0o755)
}
"""
_CONFIG_7 = """\
import { defineConfig } from 'prisma/config'
export default defineConfig({ schema: 'prisma/schema.prisma', datasource: { url: 'file:./dev.db' } })
"""
_TSC = "npx --no-install tsc --outDir build --module commonjs --target es2022 --skipLibCheck src/generated/client.ts"
_BINARY = "/var/task/node_modules/.prisma/client/query-engine-{}"
_TARGETS = 'binaryTargets = ["native", "rhel-openssl-1.0.x", "rhel-openssl-3.0.x"]'

ERAS: tuple[Era, ...] = (
    Era(
        name="Photon preview019",
        runtime="nodejs18.x",
        dependencies={"@prisma/photon": "2.0.0-preview019"},
        development={},
        schema=_schema("postgresql", 'binaryTargets = ["native", "rhel-openssl-1.0.x"]', generator="photonjs"),
        handler="const { Photon } = require('@prisma/photon')\nconst photon = new Photon()\n"
        "exports.handler = async () => ({ statusCode: 200, body: JSON.stringify(await photon.users()) })\n",
        query="prove",
        engine="stand-in",
        native=1,
        generation="photon-at-prisma",
        files={"photon/index.js": _PHOTON_INDEX, "photon/make.js": _PHOTON_MAKE, "photon/engine.js": STANDIN},
        config={"generate": {"command": "node photon/make.js"}},
        environment={
            "PRISMA_QUERY_ENGINE_BINARY": "/var/task/node_modules/@prisma/photon/runtime/"
            "query-engine-rhel-openssl-1.0.x"
        },
    ),
    Era(
        name="2.0.0",
        runtime="nodejs18.x",
        dependencies={"@prisma/client": "2.0.0"},
        development={"@prisma/cli": "2.0.0"},
        schema=_schema("postgresql", 'binaryTargets = ["native", "rhel-openssl-1.0.x"]'),
        handler=_PLAIN,
        query="prove",
        engine="stand-in",
        native=1,
        generation="prisma-2",
        files={"engine/query-engine": STANDIN},
        config={"generate": {"environment": {"PRISMA_QUERY_ENGINE_BINARY": "engine/query-engine"}}},
        environment={
            "PRISMA_QUERY_ENGINE_BINARY": _BINARY.format("rhel-openssl-1.0.x"),
            "DATABASE_URL": "postgresql://nobody@localhost/none",
        },
    ),
    Era(
        name="4.5.0 library",
        runtime="nodejs18.x",
        dependencies={"@prisma/client": "4.5.0"},
        development={"prisma": "4.5.0", "@prisma/internals": "4.5.0"},
        schema=_schema("postgresql", 'binaryTargets = ["rhel-openssl-1.0.x"]'),
        handler=_PLAIN,
        query="postgresql in bullseye",
        engine="real",
        native=1,
        generation="prisma-3-library",
        environment={
            "PRISMA_QUERY_ENGINE_LIBRARY": "/var/task/node_modules/.prisma/client/"
            "libquery_engine-rhel-openssl-1.0.x.so.node"
        },
    ),
    Era(
        name="5.22 library",
        runtime="nodejs22.x",
        dependencies={"@prisma/client": "5.22.0"},
        development={"prisma": "5.22.0"},
        schema=_schema("postgresql", _TARGETS),
        handler=_LOAD,
        query="load only",
        engine="test ELF",
        native=1,
        generation="prisma-5-library",
        environment={"DATABASE_URL": "postgresql://nobody@localhost/none"},
    ),
    Era(
        name="5.22 executable",
        runtime="nodejs22.x",
        dependencies={"@prisma/client": "5.22.0"},
        development={"prisma": "5.22.0"},
        schema=_schema("postgresql", 'engineType = "binary"', _TARGETS),
        handler=_PLAIN,
        query="prove",
        engine="stand-in",
        native=1,
        generation="prisma-5-binary",
        environment={
            "PRISMA_QUERY_ENGINE_BINARY": _BINARY.format("rhel-openssl-3.0.x"),
            "DATABASE_URL": "postgresql://nobody@localhost/none",
        },
    ),
    Era(
        name="6.19 library",
        runtime="nodejs22.x",
        dependencies={"@prisma/client": "6.19.0"},
        development={"prisma": "6.19.0"},
        schema=_schema("postgresql", _TARGETS),
        handler=_LOAD,
        query="load only",
        engine="test ELF",
        native=1,
        generation="prisma-5-library",
        environment={"DATABASE_URL": "postgresql://nobody@localhost/none"},
    ),
    Era(
        name="6.19 client, libSQL",
        runtime="nodejs22.x",
        dependencies={"@prisma/client": "6.19.0", "@prisma/adapter-libsql": "6.19.0"},
        development={"prisma": "6.19.0"},
        schema=_schema("sqlite", 'engineType = "client"'),
        handler=_LIBSQL.replace("{client}", "@prisma/client"),
        query="prove",
        engine="none",
        native=0,
        generation="prisma-6-client",
    ),
    Era(
        name="7.10 prisma-client-js, pg",
        runtime="nodejs22.x",
        dependencies={"@prisma/client": "7.10.0", "@prisma/adapter-pg": "7.10.0"},
        development={"prisma": "7.10.1"},
        schema=_schema("postgresql", url=False),
        handler=_PG,
        query="postgresql on this machine",
        engine="none",
        native=0,
        generation="prisma-7",
        files={"prisma.config.ts": _CONFIG_7},
    ),
    Era(
        name="7.10 prisma-client, libSQL",
        runtime="nodejs22.x",
        dependencies={"@prisma/client": "7.10.0", "@prisma/adapter-libsql": "7.10.0"},
        development={"prisma": "7.10.1", "typescript": "5.9.3"},
        schema=_schema(
            "sqlite",
            'output = "../src/generated"',
            'moduleFormat = "cjs"',
            'importFileExtension = "js"',
            generator="prisma-client",
            url=False,
        ),
        handler=_LIBSQL.replace("{client}", "../build/client"),
        query="prove",
        engine="none",
        native=0,
        generation="prisma-7",
        files={"prisma.config.ts": _CONFIG_7},
        config={"generate": {"command": ["npx --no-install prisma generate", _TSC]}},
    ),
)
