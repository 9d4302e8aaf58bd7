"""Generations with a native engine, 2020 to Prisma 6."""

from __future__ import annotations

from dataclasses import replace

from tests.eras.era import CLIENT, LOAD, NOWHERE, PLAIN, STANDIN, TARGETS, Era, schema

_OWN_ENGINE: dict[str, object] = {"generate": {"environment": {"PRISMA_QUERY_ENGINE_BINARY": "engine/query-engine"}}}
_TWO_TARGETS = 'binaryTargets = ["native", "rhel-openssl-1.0.x"]'


def _library(target: str, folder: str = CLIENT) -> dict[str, str]:
    return {"PRISMA_QUERY_ENGINE_LIBRARY": f"{folder}/libquery_engine-{target}.so.node"}


def _program(target: str, folder: str = CLIENT) -> dict[str, str]:
    return {"PRISMA_QUERY_ENGINE_BINARY": f"{folder}/query-engine-{target}", "DATABASE_URL": NOWHERE}


_REAL = Era(
    name="4.5.0 library",
    runtime="nodejs18.x",
    dependencies={"@prisma/client": "4.5.0"},
    development={"prisma": "4.5.0", "@prisma/internals": "4.5.0"},
    schema=schema("postgresql", 'binaryTargets = ["rhel-openssl-1.0.x"]'),
    handler=PLAIN,
    query="postgresql in bullseye",
    engine="real",
    native=1,
    generation="prisma-3-library",
    environment=_library("rhel-openssl-1.0.x"),
)
_PROGRAM_2 = Era(
    name="2.0.0",
    runtime="nodejs18.x",
    dependencies={"@prisma/client": "2.0.0"},
    development={"@prisma/cli": "2.0.0"},
    schema=schema("postgresql", _TWO_TARGETS),
    handler=PLAIN,
    query="prove",
    engine="stand-in",
    native=1,
    generation="prisma-2",
    files={"engine/query-engine": STANDIN},
    config=_OWN_ENGINE,
    environment=_program("rhel-openssl-1.0.x"),
)
_PROGRAM_5 = Era(
    name="5.22 executable",
    runtime="nodejs22.x",
    dependencies={"@prisma/client": "5.22.0"},
    development={"prisma": "5.22.0"},
    schema=schema("postgresql", 'engineType = "binary"', TARGETS),
    handler=PLAIN,
    query="prove",
    engine="stand-in",
    native=1,
    generation="prisma-5-binary",
    environment=_program("rhel-openssl-3.0.x"),
)
_LIBRARY_5 = Era(
    name="5.22 library",
    runtime="nodejs22.x",
    dependencies={"@prisma/client": "5.22.0"},
    development={"prisma": "5.22.0"},
    schema=schema("postgresql", TARGETS),
    handler=LOAD,
    query="load only",
    engine="test ELF",
    native=1,
    generation="prisma-5-library",
    environment={"DATABASE_URL": NOWHERE},
)

NATIVE: tuple[Era, ...] = (
    replace(
        _PROGRAM_2,
        name="2.0.0-preview024",
        dependencies={"@prisma/client": "2.0.0-preview024"},
        development={"prisma2": "2.0.0-preview024"},
        generation="prisma-2-preview",
        environment=_program("rhel-openssl-1.0.x", "/var/task/node_modules/@prisma/client/runtime"),
    ),
    replace(
        _PROGRAM_2,
        name="2.0.0-beta.9",
        dependencies={"@prisma/client": "2.0.0-beta.9"},
        development={"@prisma/cli": "2.0.0-beta.9"},
        generation="prisma-2-beta",
    ),
    _PROGRAM_2,
    replace(
        _PROGRAM_5,
        name="4.16 executable",
        runtime="nodejs18.x",
        # The protocol of 5, which the stand-in speaks.
        schema=schema("postgresql", 'engineType = "binary"', 'previewFeatures = ["jsonProtocol"]', TARGETS),
        dependencies={"@prisma/client": "4.16.2"},
        development={"prisma": "4.16.2"},
        generation="prisma-3-binary",
        environment=_program("rhel-openssl-1.0.x"),
    ),
    _REAL,
    replace(
        _REAL,
        name="4.5.0 library in a layer",
        functions=("api", "web"),
        layer=True,
        # No Lambda has Debian's OpenSSL: the functions bring it, and a layer alone is judged without them.
        layer_settings={"silence": [{"code": "LIB001", "reason": "libssl.so.1.1 is in the functions' own lib"}]},
        environment=_library("rhel-openssl-1.0.x", "/opt/nodejs/node_modules/.prisma/client"),
    ),
    _LIBRARY_5,
    _PROGRAM_5,
    replace(
        _LIBRARY_5, name="6.19 library", dependencies={"@prisma/client": "6.19.0"}, development={"prisma": "6.19.0"}
    ),
    replace(
        _PROGRAM_5, name="6.19 executable", dependencies={"@prisma/client": "6.19.0"}, development={"prisma": "6.19.0"}
    ),
)
