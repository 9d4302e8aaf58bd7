"""Where clients may lie: outputs of their own, several in one app, inside a workspace, installed by pnpm."""

from __future__ import annotations

import json
from dataclasses import replace

from tests.eras.era import MODEL, NOWHERE, TARGETS, TSC, Era, schema

_ENGINE = "query-engine-rhel-openssl-3.0.x"
_FIND_BOTH = """\
'use strict'
const a = new (require('./a').PrismaClient)()
const b = new (require('./b').PrismaClient)()
exports.handler = async () => {
  const rows = [...(await a.user.findMany()), ...(await b.user.findMany())]
  return { statusCode: 200, body: JSON.stringify(rows) }
}
"""
_BASE = Era(
    name="",
    runtime="nodejs22.x",
    dependencies={"@prisma/client": "5.22.0"},
    development={"prisma": "5.22.0"},
    schema=schema("postgresql", 'engineType = "binary"', TARGETS),
    handler="'use strict'\nconst { PrismaClient } = require('@prisma/client')\n"
    "const prisma = new PrismaClient()\n"
    "exports.handler = async () => ({ statusCode: 200, body: JSON.stringify(await prisma.user.findMany()) })\n",
    query="prove",
    engine="stand-in",
    native=1,
    generation="prisma-5-binary",
    environment={"DATABASE_URL": NOWHERE},
)


def _at(folder: str) -> dict[str, str]:
    """Return the function's environment with its engine named: no Lambda looks for itself among the tests' machines."""
    return {"PRISMA_QUERY_ENGINE_BINARY": f"/var/task/{folder}/{_ENGINE}", "DATABASE_URL": NOWHERE}


_INSTALLED = _at("node_modules/.prisma/client")
_WORKSPACE = {
    "packages/db/package.json": json.dumps(
        {"name": "@app/db", "version": "1.0.0", "main": "index.js", "dependencies": {"@prisma/client": "5.22.0"}}
    ),
}
_SHARED = replace(
    _BASE,
    dependencies={"@app/db": "1.0.0"},
    package={"workspaces": ["packages/*"]},
    schema="",
    handler=_BASE.handler.replace("@prisma/client", "@app/db"),
)
"""A client in a workspace's member that others use."""
_TWO = f"""\
generator a {{
  provider = "prisma-client-js"
  engineType = "binary"
  output = "../src/a"
  {TARGETS}
}}
generator b {{
  provider = "prisma-client-js"
  engineType = "binary"
  output = "../src/b"
  {TARGETS}
}}
datasource db {{
  provider = "postgresql"
  url = env("DATABASE_URL")
}}
{MODEL}"""

LAYOUTS: tuple[Era, ...] = (
    replace(
        _BASE,
        name="output of its own",
        schema=schema("postgresql", 'engineType = "binary"', 'output = "../src/db"', TARGETS),
        handler=_BASE.handler.replace("@prisma/client", "./db"),
        environment=_at("src/db"),
    ),
    replace(
        _BASE,
        name="two generators in one schema",
        schema=_TWO,
        handler=_FIND_BOTH,
        native=2,
        environment=_at("src/a"),
    ),
    replace(
        _BASE,
        name="two schemas",
        schema=schema("postgresql", 'engineType = "binary"', 'output = "../src/a"', TARGETS),
        handler=_FIND_BOTH,
        native=2,
        files={"other/schema.prisma": schema("mysql", 'engineType = "binary"', 'output = "../src/b"', TARGETS)},
        config={
            "generate": {
                "command": [
                    "npx --no-install prisma generate --schema=prisma/schema.prisma",
                    "npx --no-install prisma generate --schema=other/schema.prisma",
                ]
            }
        },
        environment=_at("src/b"),
    ),
    replace(
        _SHARED,
        name="inside a workspace",
        files={
            **_WORKSPACE,
            "packages/db/index.js": "module.exports = require('@prisma/client')\n",
            "packages/db/prisma/schema.prisma": _BASE.schema,
        },
        environment=_INSTALLED,
    ),
    replace(
        _SHARED,
        name="inside a workspace, output of its own",
        files={
            **_WORKSPACE,
            "packages/db/index.js": "module.exports = require('./generated')\n",
            "packages/db/prisma/schema.prisma": schema(
                "postgresql", 'engineType = "binary"', 'output = "../generated"', TARGETS
            ),
        },
        environment=_at("node_modules/@app/db/generated"),
    ),
    replace(_BASE, name="pnpm", manager="pnpm", environment=_INSTALLED),
    replace(
        _BASE,
        name="6.19 prisma-client, executable",
        dependencies={"@prisma/client": "6.19.0"},
        development={"prisma": "6.19.0", "typescript": "5.9.3"},
        schema=schema(
            "postgresql",
            'engineType = "binary"',
            'output = "../src/generated"',
            'moduleFormat = "cjs"',
            'importFileExtension = "js"',
            TARGETS,
            generator="prisma-client",
        ),
        handler=_BASE.handler.replace("@prisma/client", "../build/client"),
        environment=_at("src/generated"),
        config={
            "generate": {
                "command": [
                    "npx --no-install prisma generate",
                    TSC,
                ]
            }
        },
    ),
)
