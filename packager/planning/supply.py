"""Survey × target → the engine files a build needs, the schema it is built from, and its generate commands. Pure
but for reading the schemas.

The schema is built with the target's own binary target alone: every other engine would be fetched to be thrown away,
and ``native`` would make two machines' results differ.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from packager.core.errors import ConfigError
from packager.core.package_json import read_package_json
from packager.engines.schemas import configured_schema
from packager.engines.targets import binary_target, check_listed, not_listed
from packager.inventory.schema import parse_schema, with_setting
from packager.model.clients import EngineFile

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from packager.model.clients import Client
    from packager.model.project import Survey
    from packager.model.targets import Target

USUAL_SCHEMAS = ("prisma/schema.prisma", "schema.prisma")
_GENERATE = re.compile(r"\b(prisma2?\s+generate)\b")
_COMMIT = re.compile(r"(?:^|[.-])([0-9a-f]{40})$")


@dataclass(frozen=True)
class Supply:
    """What a job needs of native engines."""

    binary_targets: tuple[tuple[str, str], ...] = ()
    files: tuple[EngineFile, ...] = ()
    rewritten: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = field(default=())


def generate_lines(facts: Survey) -> tuple[str, ...]:
    """Return the commands that generate every client found, naming schemas that lie in no usual place."""
    lines: list[str] = []
    for engine in facts.engines:
        if not engine.generate:
            continue
        schemas = list(dict.fromkeys(client.schema_file for client in facts.clients if client.engine == engine))
        if len(schemas) < 2 and all(schema in USUAL_SCHEMAS or _configured(facts.root) for schema in schemas):
            lines.append(engine.generate)
            continue
        folders = {schema.rpartition("/")[0] for schema in schemas}
        # Several files of one folder are one schema in parts.
        wanted = sorted(folders) if len(folders) < len(schemas) else schemas
        lines += [_GENERATE.sub(rf"\1 --schema={schema}", engine.generate, count=1) for schema in wanted]
    return tuple(lines)


def plan_supply(facts: Survey, target: Target, *, given: Mapping[str, str], fix: bool) -> Supply:
    """Return what the target asks of the project's clients. Raises ConfigError where the schema cannot serve it.

    `given` holds variables that name engine files the user has; `fix` is the wish to build with the right binary
    target although the schema lacks it.
    """
    targets: list[tuple[str, str]] = []
    files: dict[str, EngineFile] = {}
    texts: dict[str, str] = {}
    notes: list[str] = []
    for client in facts.clients:
        engine = client.engine
        if engine is None or engine.native is None:
            continue
        names, native = engine.native.binary_targets, engine.native
        wanted = binary_target(names, target)
        if not wanted:
            msg = f"has no engine for {target.baseline.title} {target.arch}, on which {target.runtime} runs"
            way = "choose a runtime on an older system (`packager targets` lists them), or upgrade the generator"
            raise ConfigError(msg, where=engine.title, fix=way)
        check_listed(client, names)
        if wanted not in client.listed and not fix:
            raise not_listed(client, names, wanted, target)
        targets.append((client.folder, wanted))
        commit = _commit(facts.packages.get(native.commit_package, ""))
        file = EngineFile(native, binary_target=wanted, commit=commit, local=given.get(native.override, ""))
        notes.append(f"the engine for {target.title} is {file.file} in {client.folder}")
        if client.listed != (wanted,):
            texts[client.schema_file] = _pinned(facts.root, client, texts, names.setting, wanted)
            listed = ", ".join(client.listed) or "nothing"
            notes.append(
                f"{client.schema_file} lists {listed}, but it is built with {wanted} alone; your file is not changed"
            )
        if file.local or (commit and native.download):
            files[file.file] = file
    return Supply(tuple(targets), tuple(files.values()), tuple(texts.items()), tuple(notes))


def at_hand(files: tuple[EngineFile, ...], *, all_of_them: bool) -> tuple[tuple[EngineFile, ...], tuple[str, ...]]:
    """Return the files to have ready before generating, and notes on those that are left to the generator.

    Prisma 2 to 4 load an engine to read the schema, and the variable that names the target's engine names that one,
    too: on a machine of another system it would not start. There the generator fetches both, as it does for everybody.
    `all_of_them`: it does not, in an image of the target's system or where nothing may be fetched.
    """
    ready = tuple(file for file in files if file.local or not file.native.runs_to_generate or all_of_them)
    notes = (
        f"{file.file} is fetched by the generator: it runs an engine of this machine beside the target's"
        for file in files
        if file not in ready
    )
    return ready, tuple(notes)


def _pinned(root: Path, client: Client, texts: Mapping[str, str], setting: str, wanted: str) -> str:
    """Return the schema's text with one binary target for this client; other clients keep what they have."""
    path = root / client.schema_file
    schema = parse_schema(texts.get(client.schema_file) or path.read_bytes().decode("utf-8", "replace"))
    block = next(block for block in schema.clients if block.name == client.generator)
    return with_setting(schema, block, setting, f'["{wanted}"]')


def _commit(version: str) -> str:
    """Return the engine's commit.

    >>> _commit("5.22.0-44.605197351a3c8bdd595af2d2a9bc3025bca48ea2")
    '605197351a3c8bdd595af2d2a9bc3025bca48ea2'
    """
    match = _COMMIT.search(version)
    return match[1] if match else ""


def _configured(root: Path) -> bool:
    """Return whether the generator finds the schema by its own configuration."""
    section = read_package_json(root).get("prisma")
    return bool(configured_schema(root)) or (isinstance(section, dict) and "schema" in section)
