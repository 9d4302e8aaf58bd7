"""Findings the user has accepted: still listed, with the reason, but they no longer say no."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from packager.select.trim.patterns import matches

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from packager.model.findings import Finding


def silenced(findings: Iterable[Finding], silences: Iterable[tuple[str, str, str]]) -> Iterator[Finding]:
    """Yield the findings, accepted ones as notes. `silences` are (code, path glob, reason)."""
    accepted = tuple(silences)
    for finding in findings:
        path = finding.subject.rpartition("!")[2]
        for code, glob, reason in accepted:
            if code == finding.code and _covers(glob, path, code):
                yield replace(finding, severity="note", message=f"{finding.message} [accepted: {reason}]")
                break
        else:
            yield finding


def _covers(glob: str, path: str, code: str) -> bool:
    """Return whether an acceptance is about this path. For a secret it has to name the file letter by letter."""
    if code.startswith("SEC"):
        return glob == path
    return glob == "**" or matches(path, glob)
