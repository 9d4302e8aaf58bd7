"""The last line of a command: what was done, how long it took, and what was proved; or that it failed.

Every command that does something ends with one line of this form, and what it counts is decided here alone.
Light: `packager pack` loads it.
"""

from __future__ import annotations

from packager.core.units import counted, format_seconds

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from packager.model.findings import Finding, Severity
    from packager.model.proof import Proof, ProofStatus

_PROOFS: dict[ProofStatus, str] = {"proved": "proved", "failed": "failed", "skipped": "not proved"}
_SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")


def done(seconds: float, *counts: str) -> str:
    """Return the last line of a command that did what it was asked to.

    >>> done(1.23, "2 bundles built", "2 proved")
    'Done in 1.2 s: 2 bundles built, 2 proved.'
    """
    return f"Done in {format_seconds(seconds)}: {', '.join(counts)}."


def failed(what: str, *then: str) -> str:
    """Return the last line of a command that said no; `then` are sentences on what that means.

    >>> failed("Build", "No files were written.")
    'Build failed: see the findings above. No files were written.'
    """
    return " ".join((f"{what} failed: see the findings above.", *then))


def packed(seconds: float, *, written: bool) -> str:
    """Return the last line of ``packager pack``, with its line break."""
    return done(seconds, "1 archive packed" if written else "1 archive unchanged") + "\n"


def proof_counts(proofs: Iterable[Proof]) -> tuple[str, ...]:
    """Return how many bundles were proved, how many of these loaded or called as well, and how many were not."""
    found = list(proofs)
    counts = ((len([proof for proof in found if proof.status == status]), word) for status, word in _PROOFS.items())
    return tuple(f"{count} {word}{_manner(found) if word == 'proved' else ''}" for count, word in counts if count)


def _manner(proofs: Sequence[Proof]) -> str:
    """Return how those that are proved were: a handler that an event has called has been loaded before."""
    proved = [proof for proof in proofs if proof.status == "proved"]
    called = len([proof for proof in proved if proof.answer])
    ways = ((len(proved) - called, "loaded"), (called, "called"))
    return f" ({', '.join(f'{count} {way}' for count, way in ways if count)})"


def finding_counts(findings: Sequence[Finding]) -> tuple[str, ...]:
    """Return how many findings of each severity there are; ("no findings",) if there are none."""
    found = [finding.severity for finding in findings]
    counts = tuple(counted(found.count(severity), severity) for severity in _SEVERITIES if severity in found)
    return counts or ("no findings",)
