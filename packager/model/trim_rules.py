"""What installed packages carry and running does not need: one rule, and the file it stands in."""

from __future__ import annotations

from typing import Literal

import msgspec

from packager.model.records import CatalogRecord

RuleLevel = Literal["always", "safe", "strict"]
Scope = Literal["own", "package", "both"]
_Names = tuple[str, ...]


class TrimRule(CatalogRecord, frozen=True):
    """Files that go for one reason. Names and folders are compared without regard to case."""

    name: str
    """Stable, shown by ``--why``: ``docs``, ``tests``, ``declaration``."""
    level: RuleLevel
    """The lowest trim level that applies it; ``always`` even where nothing else is trimmed."""
    reason: str
    """For people, one clause."""
    source: str
    """What proved it, or where it is written."""
    scope: Scope = "package"
    """``own``: in the project's own folder; ``package``: in installed packages; ``both``."""
    names: _Names = ()
    """Globs of file names, in any folder."""
    folders: _Names = ()
    """Names of folders of which everything goes, at any depth."""
    top: _Names = ()
    """Names of folders directly in the package's own folder of which everything goes."""
    paths: _Names = ()
    """Globs relative to the package's folder; for Python to the folder of all packages, for ``any`` to the tree."""
    keep: _Names = ()
    """Globs of file names that stay."""
    keep_folders: _Names = ()
    """Names of folders, at any depth, in which everything stays."""
    beside: _Names = ()
    """Globs of file names: the rule holds only for packages with such a file directly in their folder."""
    exceptions: dict[str, str] = msgspec.field(default_factory=dict)
    """Package glob → why the rule does not hold there."""


class TrimRules(CatalogRecord, frozen=True):
    """The rules of one language. One file of ``catalog/rules``."""

    language: Literal["any", "nodejs", "python"]
    """Whose packages they are about; ``any`` for all and for the project's own files."""
    always_kept: _Names
    """Globs of file names no rule of this file drops: licences. Once loaded, every rule's `keep` ends with them."""
    rules: tuple[TrimRule, ...]
    checked: str
    """ISO date of the day it was checked."""
