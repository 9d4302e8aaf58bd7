"""What ``--why`` says of one file: the same for a build and for a packed folder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from packager.cli.plain import plain

if TYPE_CHECKING:
    from packager.model.selection import Choice


def verdict_row(choice: Choice) -> dict[str, Any]:
    """Return a verdict for ``--json``; the size is in bytes."""
    return {
        "path": choice.file.path,
        "kept": choice.kept,
        "rule": choice.rule,
        "reason": choice.reason,
        "size": choice.file.size_bytes,
    }


def verdict_line(choice: Choice) -> str:
    """Return a verdict for people."""
    verdict = "kept   " if choice.kept else "dropped"
    return plain(f"{verdict} {choice.file.path}  [{choice.rule}] {choice.reason}")
