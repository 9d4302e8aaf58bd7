"""What installed packages carry and running does not need: the data of ``catalog/rules``, one file per language."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Literal

import msgspec
import yaml

from packager.core.errors import CatalogError
from packager.core.resources import catalog_folder
from packager.model.trim_rules import RuleLevel, Scope, TrimRule, _Names

if TYPE_CHECKING:
    from pathlib import Path


class _Row(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    level: RuleLevel
    reason: str
    source: str
    scope: Scope = "package"
    names: _Names = ()
    folders: _Names = ()
    top: _Names = ()
    paths: _Names = ()
    keep: _Names = ()
    keep_folders: _Names = ()
    beside: _Names = ()
    exceptions: dict[str, str] = {}


class _File(msgspec.Struct, forbid_unknown_fields=True):
    language: Literal["any", "nodejs", "python"]
    always_kept: _Names
    """Globs of file names no rule of this file drops: licences."""
    rules: tuple[_Row, ...]
    checked: str


@lru_cache(maxsize=1)
def trim_rules() -> tuple[TrimRule, ...]:
    """Return every rule, in the order they are asked. Raises CatalogError naming file and key."""
    return load_rules(catalog_folder() / "rules")


def load_rules(folder: Path) -> tuple[TrimRule, ...]:
    """Return the rules of a folder's files: those for everything first, then per language."""
    found: list[TrimRule] = []
    for path in sorted(folder.glob("*.yaml"), key=lambda path: (path.stem != "any", path.stem)):
        found += _rules(path)
    return tuple(found)


def _rules(path: Path) -> list[TrimRule]:
    try:
        # BaseLoader: names such as `no` or `2024-01-01` stay the text they are.
        data = msgspec.convert(yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader), _File, strict=False)
    except (yaml.YAMLError, msgspec.ValidationError) as error:
        raise CatalogError(str(error), where=str(path)) from error
    if data.language != path.stem:
        msg = f"language is {data.language!r}, the file is called {path.stem!r}"
        raise CatalogError(msg, where=f"{path}: language")
    rules = []
    for row in data.rules:
        if not (row.names or row.folders or row.top or row.paths):
            raise CatalogError("names no file", where=f"{path}: rules.{row.name}")  # noqa: EM101
        fields = msgspec.structs.asdict(row)
        fields["keep"] = (*row.keep, *data.always_kept)
        rules.append(TrimRule(language=data.language, **fields))
    return rules
