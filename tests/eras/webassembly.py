"""Generations without a native engine: WebAssembly query engines and compilers, 5 to 7, in both generators."""

from __future__ import annotations

from dataclasses import replace

from tests.eras.era import FIND, TARGETS, TSC, Era, schema

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
  {FIND}
}}
"""
_PG = f"""\
'use strict'
const {{ PrismaClient }} = require('{{client}}')
const {{ PrismaPg }} = require('@prisma/adapter-pg')
const prisma = new PrismaClient({{ adapter: new PrismaPg({{ connectionString: process.env.DATABASE_URL }}) }})
exports.handler = async () => {{ {FIND} }}
"""
_CONFIG_7 = """\
import { defineConfig } from 'prisma/config'
export default defineConfig({ schema: 'prisma/schema.prisma', datasource: { url: 'file:./dev.db' } })
"""
_COMPILED: dict[str, object] = {"generate": {"command": ["npx --no-install prisma generate", TSC]}}
_OUTPUT = ('output = "../src/generated"', 'moduleFormat = "cjs"', 'importFileExtension = "js"')

_CLIENT_6 = Era(
    name="6.19 client, libSQL",
    runtime="nodejs22.x",
    dependencies={"@prisma/client": "6.19.0", "@prisma/adapter-libsql": "6.19.0"},
    development={"prisma": "6.19.0"},
    schema=schema("sqlite", 'engineType = "client"'),
    handler=_LIBSQL.replace("{client}", "@prisma/client"),
    query="prove",
    engine="none",
    native=0,
    generation="prisma-6-client",
)
_PG_7 = Era(
    name="7.10 prisma-client-js, pg",
    runtime="nodejs22.x",
    dependencies={"@prisma/client": "7.10.0", "@prisma/adapter-pg": "7.10.0"},
    # What such a project has for developing: TypeScript, and SQLite on the developer's machine.
    development={
        "prisma": "7.10.1",
        "@prisma/adapter-libsql": "7.10.0",
        "tsx": "4.21.0",
        "typescript": "5.9.3",
    },
    schema=schema("postgresql", url=False),
    handler=_PG.replace("{client}", "@prisma/client"),
    query="postgresql on this machine",
    engine="none",
    native=0,
    generation="prisma-7",
    files={"prisma.config.ts": _CONFIG_7},
)

WEBASSEMBLY: tuple[Era, ...] = (
    replace(
        _CLIENT_6,
        name="5.22 forced WebAssembly, libSQL",
        dependencies={"@prisma/client": "5.22.0", "@prisma/adapter-libsql": "5.22.0", "@libsql/client": "0.8.1"},
        development={"prisma": "5.22.0"},
        schema=schema("sqlite", 'previewFeatures = ["driverAdapters"]', TARGETS),
        handler=_LIBSQL.replace("{client}", "@prisma/client").replace(
            "new Adapter({ url: 'file:/tmp/era.db' })",
            "new Adapter(require('@libsql/client').createClient({ url: 'file:/tmp/era.db' }))",
        ),
        generation="prisma-6-wasm-engine",
        config={"generate": {"environment": {"PRISMA_CLIENT_FORCE_WASM": "true"}}},
    ),
    replace(
        _CLIENT_6,
        name="6.19 forced WebAssembly, libSQL",
        schema=schema("sqlite", TARGETS),
        generation="prisma-6-wasm-engine",
        config={"generate": {"environment": {"PRISMA_CLIENT_FORCE_WASM": "true"}}},
    ),
    _CLIENT_6,
    replace(
        _CLIENT_6,
        name="6.19 prisma-client, libSQL",
        development={"prisma": "6.19.0", "typescript": "5.9.3"},
        schema=schema("sqlite", 'engineType = "client"', *_OUTPUT, generator="prisma-client"),
        handler=_LIBSQL.replace("{client}", "../build/client"),
        config=_COMPILED,
    ),
    _PG_7,
    replace(
        _PG_7,
        name="7.10 prisma-client, pg",
        schema=schema("postgresql", *_OUTPUT, generator="prisma-client", url=False),
        handler=_PG.replace("{client}", "../build/client"),
        config=_COMPILED,
    ),
    replace(
        _CLIENT_6,
        name="7.10 prisma-client, libSQL",
        dependencies={"@prisma/client": "7.10.0", "@prisma/adapter-libsql": "7.10.0"},
        development={"prisma": "7.10.1", "typescript": "5.9.3"},
        schema=schema("sqlite", *_OUTPUT, generator="prisma-client", url=False),
        handler=_LIBSQL.replace("{client}", "../build/client"),
        generation="prisma-7",
        files={"prisma.config.ts": _CONFIG_7},
        config=_COMPILED,
    ),
)
