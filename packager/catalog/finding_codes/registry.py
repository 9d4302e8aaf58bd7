"""All codes a finding can have, those of the proof included: one at a time, or as the table of FINDINGS.md. Pure."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from packager.catalog.finding_codes import archives, binaries, bundle, connections, engines, proof, tracing
from packager.core.errors import UsageError

if TYPE_CHECKING:
    from packager.catalog.finding_codes.row import Code

_TABLES = (archives, binaries, bundle, connections, engines, proof, tracing)
FAMILIES = {
    "ABI": "Is it code for this system?",
    "CON": "Database connections",
    "ENG": "Engines and generated clients",
    "EXE": "Can it be started?",
    "HND": "The handler",
    "LAY": "The layout of a layer",
    "LIB": "Needed libraries",
    "PKG": "Packages",
    "RUN": "What the proof saw when it was loaded",
    "SEC": "Secrets",
    "SIZE": "Sizes",
    "TRC": "What trimming got wrong, and the proof put right",
    "ZIP": "The archive itself",
}
CODES: dict[str, Code] = {
    row.code: row for row in sorted((row for table in _TABLES for row in table.ROWS), key=lambda row: row.code)
}
"""Every code this version can report. A code never changes its meaning; a message may get better. Severities are the
usual ones: a few checks report the same code more mildly where the loader would, too."""


def explain(code: str) -> Code | None:
    """Return the row of a code, in any case of letters; None for an unknown one."""
    return CODES.get(code.upper())


def row_of(code: str) -> Code:
    """Return the row of a code, in any case of letters; raises UsageError with a guess for an unknown one."""
    row = explain(code)
    if row is None:
        family = code.rstrip("0123456789").upper()
        padded = f"{family}{code[len(family) :].zfill(3)}"  # RUN1 is meant as RUN001
        close = difflib.get_close_matches(padded, CODES, n=1)
        fix = f"did you mean {close[0]}? " if close else ""
        msg = f"{code!r} is not a finding code"
        raise UsageError(msg, fix=f"{fix}list all codes with `packager explain all`")
    return row


def explained(row: Code) -> str:
    """Return what ``packager explain CODE`` prints."""
    return f"{row.code} {row.title} ({row.severity})\n\n{row.meaning}\n\nfix: {row.fix}"


def findings_table() -> str:
    """Return the document FINDINGS.md."""
    lines = [
        "# Findings",
        "",
        "What `packager` can say about an artifact. Codes are stable: accept one with a reason in `packager.yaml`",
        '(`silence: [{code: ABI009, path: "lib/**", reason: …}]`; a secret only by its exact path). The severity is',
        "the usual one: some checks report the same code more mildly, or more strictly, where the loader would.",
        "",
        "This file is the output of `packager audit --explain all`.",
    ]
    family = ""
    for row in CODES.values():
        prefix = row.code.rstrip("0123456789")
        if prefix != family:
            family = prefix
            lines += ["", f"## {prefix}: {FAMILIES.get(prefix, prefix)}", ""]
            lines += ["| code | severity | what | meaning | fix |", "|---|---|---|---|---|"]
        cells = (row.code, row.severity, row.title, row.meaning, row.fix)
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines) + "\n"
