"""Rules of the recognised engines: data from the catalog, applied to files of a package."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from packager.trim import Choice
from packager.trim.patterns import compiled

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from packager.catalog.records import Engine, EngineRule
    from packager.inventory import File

Rules = dict[str, tuple[tuple[str, "EngineRule"], ...]]
"""Package glob → (engine name, rule) pairs, in the order of the catalog."""


def resolved_rules(engines: Iterable[Engine], schema: Mapping[str, str]) -> Rules:
    """Return the rules that hold for a schema, ``{provider}`` and its like filled in."""
    found: dict[str, tuple[tuple[str, EngineRule], ...]] = {}
    for engine in engines:
        for rule in engine.rules:
            if any(schema.get(key) != value for key, value in rule.when):
                continue
            filled = replace(
                rule, drop=tuple(_fill(p, schema) for p in rule.drop), keep=tuple(_fill(p, schema) for p in rule.keep)
            )
            found[rule.package] = (*found.get(rule.package, ()), (engine.name, filled))
    return found


def engine_choice(file: File, package: str, inner: str, rules: Rules) -> Choice | None:
    """Return the drop a rule asks for; None if none speaks of this file."""
    for glob, entries in rules.items():
        if not (glob == package or ("*" in glob and compiled(glob).match(package))):
            continue
        for engine, rule in entries:
            if any(compiled(p).match(inner) for p in rule.drop) and not any(
                compiled(p).match(inner) for p in rule.keep
            ):
                return Choice(file, False, f"engine:{engine}", rule.reason)
    return None


def _fill(pattern: str, schema: Mapping[str, str]) -> str:
    for key, value in schema.items():
        pattern = pattern.replace("{" + key + "}", value)
    return pattern
