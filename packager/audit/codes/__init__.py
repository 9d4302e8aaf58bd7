"""The codes of the audit's findings: stable, documented, and what ``--explain`` prints. One table per subject.

A code never changes its meaning; a message may get better. Severities here are the usual ones: a few checks report the
same code more mildly where the loader would, too.
"""

from __future__ import annotations

from packager.audit.codes import archives, binaries, bundle, engines, tracing
from packager.audit.codes.row import Code

__all__ = ["CODES", "Code", "explain"]

_TABLES = (binaries, engines, bundle, archives, tracing)
CODES: dict[str, Code] = {row.code: row for table in _TABLES for row in table.ROWS}
"""Every code of the audit."""


def explain(code: str) -> Code | None:
    """Return the row of a code, in any case of letters; None for an unknown one."""
    return CODES.get(code.upper())
