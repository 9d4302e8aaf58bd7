"""Findings as SARIF 2.1.0, which code hosts show beside the code. Pure. Source: OASIS SARIF 2.1.0, sections 3.13 ff."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from packager import __version__
from packager.catalog.finding_codes.registry import CODES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from packager.model.findings import Finding

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def sarif(findings: Sequence[Finding]) -> dict[str, Any]:
    """Return one SARIF log. The artifact is the location; the file in it is the logical one."""
    used = sorted({finding.code for finding in findings})
    rules = [
        {
            "id": code,
            "name": CODES[code].title.title().replace(" ", ""),
            "shortDescription": {"text": CODES[code].title},
            "fullDescription": {"text": CODES[code].meaning},
            "help": {"text": CODES[code].fix},
            "defaultConfiguration": {"level": CODES[code].severity},
        }
        for code in used
    ]
    driver = {"name": "packager", "version": __version__, "rules": rules}
    results = [_result(finding, used.index(finding.code)) for finding in findings]
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [{"tool": {"driver": driver}, "results": results}]}


def _result(finding: Finding, rule: int) -> dict[str, Any]:
    artifact, _, path = finding.subject.partition("!")
    location: dict[str, Any] = {"physicalLocation": {"artifactLocation": {"uri": quote(artifact)}}}
    if path:
        location["logicalLocations"] = [{"fullyQualifiedName": path, "kind": "member"}]
    fix = f" Fix: {finding.fix}" if finding.fix else ""
    return {
        "ruleId": finding.code,
        "ruleIndex": rule,
        "level": finding.severity,
        "message": {"text": f"{path or artifact} {finding.message}.{fix}"},
        "locations": [location],
        "partialFingerprints": {"packagerFinding/v1": f"{finding.code}:{path or artifact}"},
    }
