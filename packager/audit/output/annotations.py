"""Findings as workflow commands, which GitHub Actions turns into annotations. Pure.

Source: GitHub, "Workflow commands for GitHub Actions"; actions/toolkit, packages/core/src/command.ts for the escapes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from packager.model.findings import Finding

_COMMANDS = {"error": "error", "warning": "warning", "note": "notice"}


def annotation(finding: Finding) -> str:
    """Return the line that makes an annotation of a finding."""
    artifact, _, path = finding.subject.partition("!")
    text = f"{path or artifact}: {finding.message}" + (f"\nfix: {finding.fix}" if finding.fix else "")
    command = _COMMANDS[finding.severity]
    return f"::{command} file={_property(artifact)},title={_property(finding.code)}::{_data(text)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
