"""Where a project's schemas lie and which clients they make."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from packager.core.errors import ConfigError
from packager.engines.generations import generation
from packager.inventory.schema import client_facts, parse_schema
from packager.model.clients import Client

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from packager.model.generators import Engine

_SCHEMA_OPTION = re.compile(r"--schema[= ]+(\"[^\"]+\"|'[^']+'|[^\s;&|]+)")
_CONFIG_SCHEMA = re.compile(
    r"""\bschema\s*:\s*(?:path\.join\()?\s*["'`]([^"'`]+)["'`]((?:\s*,\s*["'`][^"'`]+["'`])*)"""
)
_CONFIGS = tuple(
    f"{stem}.{end}" for stem in ("prisma.config", ".config/prisma") for end in ("ts", "mts", "js", "mjs", "cjs")
)


def find_clients(
    root: Path,
    engines: Iterable[Engine],
    packages: Mapping[str, str],
    *,
    commands: Iterable[str] = (),
    named: str = "",
    facts: Mapping[str, str] | None = None,
) -> tuple[Client, ...]:
    """Return the clients of a project, in the order of its schemas.

    `commands` are the user's own generate lines, whose ``--schema`` counts; `named` is package.json's
    ``prisma.schema``; `facts` are added to every client's, for what the environment decides. Raises ConfigError for a
    schema that is named but not there.
    """
    engines = tuple(engines)
    found: list[Client] = []
    for schema_file in _schema_files(root, [engine for engine in engines if engine.family], commands, named):
        text = (root / schema_file).read_bytes().decode("utf-8", "replace")
        schema = parse_schema(text)
        for block in schema.clients:
            # The environment's word on the engine type counts more than the schema's.
            known = {"compiler": "fast", **client_facts(schema, block), **(facts or {})}
            if schema.datasource is None and (provider := _provider_nearby(root, schema_file)):
                known["provider"] = provider
            engine = generation(engines, packages, known)
            key = engine.binary_targets.setting if engine and engine.binary_targets else "binaryTargets"
            listed = block.settings[key].values if key in block.settings else ()
            found.append(Client(schema_file, block.name, _folder(schema_file, known, engine), known, listed, engine))
    return tuple(found)


def _schema_files(root: Path, engines: list[Engine], commands: Iterable[str], named: str) -> list[str]:
    """Return the schema files that count: those commands name, else the configured one, else the first usual place."""
    asked = [match[1].strip("\"'") for line in commands for match in _SCHEMA_OPTION.finditer(line)]
    chosen = asked or [path for path in (named, configured_schema(root)) if path][:1]
    if chosen:
        missing = [path for path in chosen if not (root / path).exists()]
        if missing:
            msg = "there is no such schema"
            raise ConfigError(msg, where=missing[0], fix="correct the path; it is relative to the project folder")
        return [path for name in chosen for path in _expand(root, posixpath.normpath(name))]
    for pattern in dict.fromkeys(pattern for engine in engines for pattern in engine.schema):
        places = sorted(root.glob(pattern)) if "*" in pattern else [root / pattern]
        files = [file for place in places for file in _expand(root, place.relative_to(root).as_posix())]
        if files:
            return files
    return []


def _expand(root: Path, name: str) -> Iterator[str]:
    """Yield a schema file, or the files of a schema folder that have a generator."""
    path = root / name
    if path.is_dir():
        for file in sorted(path.rglob("*.prisma")):
            if parse_schema(file.read_bytes().decode("utf-8", "replace")).clients:
                yield file.relative_to(root).as_posix()
    elif path.is_file():
        yield name


def configured_schema(root: Path) -> str:
    """Return the schema prisma.config names as plain text; what it computes is not run."""
    for name in _CONFIGS:
        path = root / name
        if path.is_file():
            match = _CONFIG_SCHEMA.search(path.read_text(encoding="utf-8", errors="replace"))
            if match is None:
                return ""
            rest = re.findall(r"[\"'`]([^\"'`]+)", match[2])
            joined = posixpath.normpath(posixpath.join(match[1], *rest))
            return joined if (root / joined).exists() else ""
    return ""


def _provider_nearby(root: Path, schema_file: str) -> str:
    """Return the database named by a sibling of this file: a schema folder keeps the datasource where it likes."""
    for file in sorted((root / schema_file).parent.rglob("*.prisma")):
        datasource = parse_schema(file.read_bytes().decode("utf-8", "replace")).datasource
        if datasource is not None and datasource.provider:
            return "postgresql" if datasource.provider == "postgres" else datasource.provider
    return ""


def _folder(schema_file: str, facts: Mapping[str, str], engine: Engine | None) -> str:
    output = facts.get("output", "")
    if not output:
        return engine.client if engine else ""
    return posixpath.normpath(posixpath.join(posixpath.dirname(schema_file), output))
