"""What a project folder holds: its language, lock, locked versions, engines and schemas. Reads, decides nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from packager.core.package_json import read_package_json
from packager.engines.generations import generation, spoken_of
from packager.engines.schemas import find_clients
from packager.languages.registry import UNKNOWN_LANGUAGE
from packager.model.locks import LockFacts
from packager.model.project import Survey
from packager.package_managers.choose import check_lock, manifest_of
from packager.project.files import language_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from packager.model.catalog import Catalog


def survey(
    root: Path,
    catalog: Catalog,
    language: str = "",
    *,
    commands: Iterable[str] = (),
    environment: Mapping[str, str] | None = None,
) -> Survey:
    """Return what a folder holds, as seen by one language; by default the one its files speak of.

    `commands` and `environment` are the user's own for generating: ``--schema`` and engine types are read from them.
    Raises ConfigError for a missing, broken or contradictory lock file, or a schema that is named but not there.
    """
    language = language or language_of(root) or UNKNOWN_LANGUAGE
    manifest = manifest_of(language)
    facts = check_lock(root, language) if manifest and (root / manifest).is_file() else LockFacts(None, "")
    packages = dict(facts.packages)
    named = _schema_of(read_package_json(root)) if manifest == "package.json" else ""
    spoken = tuple(engine for engine in catalog.engines if engine.language == language and spoken_of(engine, packages))
    decided = _decided(environment or {})
    clients = find_clients(root, spoken, packages, commands=commands, named=named, facts=decided)
    engines = tuple(engine for engine in spoken if not engine.family)
    generations = [client.engine for client in clients if client.engine]
    if not clients and (found := generation(spoken, packages, decided)):
        generations.append(found)
    engines = (*dict.fromkeys(generations), *engines)
    return Survey(root, language, facts.manager, facts.lock_file, packages, engines, clients, facts.notes)


def _decided(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the facts that the generator takes from its environment rather than from the schema."""
    facts = {}
    kind = environment.get("PRISMA_CLIENT_ENGINE_TYPE", "")
    if kind:
        facts["engine_type"] = kind
    if environment.get("PRISMA_CLIENT_FORCE_WASM"):
        facts["force_wasm"] = "true"
    return facts


def _schema_of(package: Mapping[str, Any]) -> str:
    """Return package.json's ``prisma.schema``."""
    section = package.get("prisma")
    named = section.get("schema") if isinstance(section, dict) else None
    return named if isinstance(named, str) else ""
