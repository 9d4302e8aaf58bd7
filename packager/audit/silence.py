"""Findings the user has accepted: still listed, with the reason, but they no longer say no."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from packager.trim.patterns import matches

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from packager.audit import Finding


def silenced(findings: Iterable[Finding], silences: Iterable[tuple[str, str, str]]) -> Iterator[Finding]:
    """Yield the findings, accepted ones as notes. `silences` are (code, path glob, reason)."""
    accepted = tuple(silences)
    for finding in findings:
        path = finding.subject.rpartition("!")[2]
        for code, glob, reason in accepted:
            if code == finding.code and (glob == "**" or matches(path, glob)):
                yield replace(finding, severity="note", message=f"{finding.message} [accepted: {reason}]")
                break
        else:
            yield finding
