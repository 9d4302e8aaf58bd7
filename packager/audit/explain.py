"""All codes a finding can have, those of the proof included: one at a time, or as the table of FINDINGS.md. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packager.audit.codes import CODES, Code

if TYPE_CHECKING:
    from packager.model.findings import Severity

_PROOF_FIX = "Follow the finding's own fix, which names the file; `packager prove` tries it again."
_SETTING = "Follow the finding's own fix, which has the setting to write."
_FAMILIES = {
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


def every_code() -> dict[str, Code]:
    """Return every code this version can report, by code."""
    from packager.connections.advise import CODES as CONNECTIONS
    from packager.prove.causes import CODES as CAUSES
    from packager.prove.causes import WARNINGS

    causes = {"RUN000": "a proof was required and could not be had here", **CAUSES}
    proof = {code: _proof(code, meaning, mild=code in WARNINGS) for code, meaning in causes.items()}
    connections = {code: _connections(code, meaning) for code, meaning in CONNECTIONS.items()}
    return dict(sorted({**CODES, **proof, **connections}.items()))


def _proof(code: str, meaning: str, *, mild: bool) -> Code:
    text = f"When it was loaded as its host would: {meaning}."
    return Code(code, meaning, "warning" if mild else "error", text, _PROOF_FIX)


def _connections(code: str, meaning: str) -> Code:
    severity: Severity = "error" if code == "CON001" else "warning"
    return Code(code, meaning, severity, f"As `packager connections` sees it: {meaning}.", _SETTING)


def explained(row: Code) -> str:
    """Return what ``--explain CODE`` prints."""
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
    for row in every_code().values():
        prefix = row.code.rstrip("0123456789")
        if prefix != family:
            family = prefix
            lines += ["", f"## {prefix}: {_FAMILIES.get(prefix, prefix)}", ""]
            lines += ["| code | severity | what | meaning | fix |", "|---|---|---|---|---|"]
        cells = (row.code, row.severity, row.title, row.meaning, row.fix)
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines) + "\n"
