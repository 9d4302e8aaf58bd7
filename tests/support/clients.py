"""Artifacts with a generated Prisma client in them, as the generator of each generation leaves it (shortened)."""

from __future__ import annotations

from tests.support.elfs import write_elf

RHEL3, DEBIAN3 = "rhel-openssl-3.0.x", "debian-openssl-3.0.x"
HOME = "node_modules/.prisma/client"
PACKAGE = "node_modules/@prisma/client"
SCHEMA = """\
generator client {
  provider      = "prisma-client-js"
  binaryTargets = ["rhel-openssl-3.0.x"]
}

datasource db {
  provider = "postgresql"
  url      = env("DATABASE_URL")
}

model User {
  id Int @id
}
"""
STUB = """\
class PrismaClient {
  constructor() {
    throw new Error('@prisma/client did not initialize yet. Please run "prisma generate" and try to import it again.')
  }
}
module.exports = { PrismaClient }
"""


def library(target: str) -> str:
    """Return the name of a library engine."""
    return f"libquery_engine-{target}.so.node"


def program(target: str) -> str:
    """Return the name of an executable engine."""
    return f"query-engine-{target}"


def index_js(runtime: str, targets: tuple[str, ...] = (RHEL3,), version: str = "5.22.0") -> str:
    """Return the generated entry with the configuration that facts are read from."""
    values = ", ".join(f'{{"fromEnvVar": null, "value": "{target}"}}' for target in targets)
    kind = {"library": "library", "binary": "binary", "client": "client"}[runtime]
    return f"""\
const {{ getPrismaClient }} = require('@prisma/client/runtime/{runtime}.js')
const config = {{
  "generator": {{"config": {{"engineType": "{kind}"}}, "binaryTargets": [{values}]}},
  "clientVersion": "{version}",
  "copyEngine": true
}}
exports.PrismaClient = getPrismaClient(config)
"""


def client(runtime: str = "library", *engines: str, version: str = "5.22.0") -> dict[str, bytes | str]:
    """Return the files of a function with one client; `engines` are binary targets, those of the target by default."""
    named = {"library": library, "binary": program}.get(runtime)
    files: dict[str, bytes | str] = {
        "package.json": "{}",
        "src/handler.js": "exports.handler = async () => new (require('@prisma/client').PrismaClient)()\n",
        f"{PACKAGE}/package.json": f'{{"name": "@prisma/client", "version": "{version}"}}',
        f"{PACKAGE}/default.js": "module.exports = require('.prisma/client/default')\n",
        f"{PACKAGE}/runtime/{runtime}.js": "exports.getPrismaClient = () => class {}\n",
        f"{HOME}/package.json": '{"name": "prisma-client-5e"}',
        f"{HOME}/default.js": "module.exports = require('.')\n",
        f"{HOME}/index.js": index_js(runtime, version=version),
        f"{HOME}/schema.prisma": SCHEMA,
    }
    if named is not None:
        files |= {f"{HOME}/{named(target)}": write_elf() for target in engines or (RHEL3,)}
    elif runtime == "client":
        files[f"{HOME}/query_compiler_bg.wasm"] = b"\0asm"
    return files
