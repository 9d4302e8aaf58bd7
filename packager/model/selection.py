"""The files that are kept and dropped, each with its rule and reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from packager.model.inventory import File


@dataclass(frozen=True)
class Choice:
    """What became of one file, and why."""

    file: File
    kept: bool
    rule: str
    """Stable name of the rule that decided: ``platform``, ``engine:prisma-7``, ``secret``, …"""
    reason: str
    """For people, one clause."""
    noted: bool = False
    """Whether the manifest must mention it: a secret packed on the user's explicit wish."""


@dataclass(frozen=True)
class Selection:
    """The verdict on every file of a tree, sorted by path."""

    choices: tuple[Choice, ...]

    @property
    def kept(self) -> tuple[Choice, ...]:
        """Return what goes into the archive."""
        return tuple(choice for choice in self.choices if choice.kept)

    @property
    def dropped(self) -> tuple[Choice, ...]:
        """Return what stays out."""
        return tuple(choice for choice in self.choices if not choice.kept)

    def why(self, path: str) -> tuple[Choice, ...]:
        """Return the choices for a path or, for a folder, for everything below it."""
        prefix = path.rstrip("/") + "/"
        return tuple(c for c in self.choices if c.file.path == path or c.file.path.startswith(prefix))

    def savings(self) -> dict[str, int]:
        """Return bytes dropped per rule, largest first."""
        totals: dict[str, int] = {}
        for choice in self.dropped:
            totals[choice.rule] = totals.get(choice.rule, 0) + choice.file.size_bytes
        return dict(sorted(totals.items(), key=lambda item: -item[1]))
