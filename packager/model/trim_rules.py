"""What installed packages carry and running does not need: one rule."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping


RuleLevel = Literal["always", "safe", "strict"]


Scope = Literal["own", "package", "both"]


_Names = tuple[str, ...]


@dataclass(frozen=True)
class TrimRule:
    """Files that go for one reason. Names and folders are compared without regard to case."""

    name: str
    """Stable, shown by ``--why``: ``docs``, ``tests``, ``declaration``."""
    language: str
    """``nodejs`` or ``python``, whose packages it is about; ``any`` for both and for the project's own files."""
    level: RuleLevel
    """The lowest trim level that applies it; ``always`` even where nothing else is trimmed."""
    scope: Scope
    """``own``: in the project's own folder; ``package``: in installed packages; ``both``."""
    reason: str
    """For people, one clause."""
    source: str
    """What proved it, or where it is written."""
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
    exceptions: Mapping[str, str] = field(default_factory=dict)
    """Package glob → why the rule does not hold there."""
