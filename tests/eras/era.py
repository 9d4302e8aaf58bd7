"""One small app per generation of Prisma: the same model, the same handler; what differs is the engine."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

STANDIN = (Path(__file__).parent / "engine.js").read_text(encoding="utf-8")
MODEL = "model User {\n  id    Int    @id @default(autoincrement())\n  email String @unique\n}\n"
Query = Literal["prove", "postgresql on this machine", "postgresql in bullseye", "load only"]
Manager = Literal["npm", "pnpm"]


@dataclass(frozen=True)
class Era:
    """A row of the matrix."""

    name: str
    runtime: str
    dependencies: dict[str, str]
    development: dict[str, str]
    schema: str
    """Of prisma/schema.prisma; empty where the clients' schemas are among `files`."""
    handler: str
    query: Query
    engine: str
    """What stands for the engine: ``stand-in``, ``test ELF``, ``real``, or ``none``."""
    native: int
    """Engine files the function and its layers must hold together."""
    generation: str
    """Name of the data file in the catalog."""
    files: dict[str, str] = field(default_factory=dict)
    config: dict[str, object] = field(default_factory=dict)
    """Added to packager.yaml."""
    package: dict[str, object] = field(default_factory=dict)
    """Added to package.json."""
    environment: dict[str, str] = field(default_factory=dict)
    """The function's own."""
    functions: tuple[str, ...] = ("api",)
    layer: bool = False
    """Whether client and engine go into a layer, from the recipe prisma-client, beneath all functions."""
    layer_settings: dict[str, object] = field(default_factory=dict)
    """Added to the layer's bundle."""
    manager: Manager = "npm"

    def project(self) -> dict[str, str]:
        """Return the app's files, without lock file."""
        package = {"name": "era", "version": "1.0.0", "private": True, "dependencies": self.dependencies}
        package |= {"devDependencies": self.development, **self.package}
        bundles: dict[str, object] = {
            name: {
                "target": "aws-lambda",
                "runtime": self.runtime,
                "handler": "src/handler.handler",
                "environment": self.environment,
                "layers": ["prisma"] if self.layer else [],
            }
            for name in self.functions
        }
        if self.layer:
            layer = {"target": "aws-lambda-layer", "recipe": "prisma-client", "runtime": self.runtime}
            bundles["prisma"] = {**layer, **self.layer_settings}
        return {
            **({"prisma/schema.prisma": self.schema} if self.schema else {}),
            "package.json": json.dumps(package, indent=2),
            "src/handler.js": self.handler,
            "packager.yaml": json.dumps({"version": 1, "bundles": bundles, **self.config}, indent=2),
            **self.files,
        }


def schema(provider: str, *settings: str, generator: str = "prisma-client-js", url: bool = True) -> str:
    """Return a schema of one model with these lines in its generator block."""
    lines = "\n".join(f"  {line}" for line in (f'provider = "{generator}"', *settings))
    address = '\n  url = env("DATABASE_URL")' if url else ""
    return f'generator client {{\n{lines}\n}}\n\ndatasource db {{\n  provider = "{provider}"{address}\n}}\n\n{MODEL}'


FIND = "return { statusCode: 200, body: JSON.stringify(await prisma.user.findMany()) }"
PLAIN = f"""\
'use strict'
const {{ PrismaClient }} = require('@prisma/client')
const prisma = new PrismaClient()
exports.handler = async () => {{ {FIND} }}
"""
LOAD = """\
'use strict'
const { PrismaClient } = require('@prisma/client')
exports.handler = async () => ({ statusCode: 200, body: typeof new PrismaClient().user.findMany })
"""
NOWHERE = "postgresql://none@localhost/none"
"""A database URL for clients that are started and never reach one."""
TARGETS = 'binaryTargets = ["native", "rhel-openssl-1.0.x", "rhel-openssl-3.0.x"]'
TSC = "npx --no-install tsc --outDir build --module commonjs --target es2022 --skipLibCheck src/generated/client.ts"
"""Compiles what the generator prisma-client wrote."""
CLIENT = "/var/task/node_modules/.prisma/client"
