"""What installed packages carry and running does not need: the data of ``catalog/rules``, one file per language."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import msgspec

from packager.catalog.reading import read_record
from packager.core.errors import CatalogError
from packager.core.resources import catalog_folder
from packager.model.trim_rules import TrimRules

if TYPE_CHECKING:
    from pathlib import Path


@lru_cache(maxsize=1)
def trim_rules() -> tuple[TrimRules, ...]:
    """Return the rules of every language, in the order they are asked. Raises CatalogError naming file and key."""
    return load_rules(catalog_folder() / "rules")


def load_rules(folder: Path) -> tuple[TrimRules, ...]:
    """Return the rules of a folder's files: those for everything first, then per language."""
    return tuple(map(_rules, sorted(folder.glob("*.yaml"), key=lambda path: (path.stem != "any", path.stem))))


def _rules(path: Path) -> TrimRules:
    file = read_record(path, TrimRules)
    if file.language != path.stem:
        msg = f"language is {file.language!r}, the file is called {path.stem!r}"
        raise CatalogError(msg, where=f"{path}: language")
    for rule in file.rules:
        if not (rule.names or rule.folders or rule.top or rule.paths):
            raise CatalogError("names no file", where=f"{path}: rules.{rule.name}")  # noqa: EM101
    rules = (msgspec.structs.replace(rule, keep=(*rule.keep, *file.always_kept)) for rule in file.rules)
    return msgspec.structs.replace(file, rules=tuple(rules))
