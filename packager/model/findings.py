"""Findings: the results of an audit or a proof, and the mounted artifacts they are about."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Literal, get_args

from packager.model.engine_facts import EngineFacts

if TYPE_CHECKING:
    from packager.model.inventory import Inventory


Severity = Literal["error", "warning", "note"]


@dataclass(frozen=True)
class Finding:
    """One result of an audit. An error means: would not load or would not fit."""

    code: str
    """Stable, documented in ``audit/codes``: ``ABI002``."""
    severity: Severity
    subject: str
    """Where: ``dist/api.zip!node_modules/x/y.node``, a path in the artifact, or a configuration key."""
    message: str
    """What, as a clause that continues the subject."""
    fix: str = ""
    package: str = ""
    """``name@version`` of the package concerned, where known."""

    def __str__(self) -> str:
        text = f"{self.severity} {self.code} {self.subject}: {self.message}"
        if self.package:
            text += f" ({self.package})"
        return f"{text}\n  fix: {self.fix}" if self.fix else text

    def at(self, prefix: str) -> Finding:
        """Return this finding with its subject placed in an artifact: "dist/api.zip!" + path.

        >>> Finding("RUN014", "error", "api.zip!index.js", "throws").at("dist/api.zip").subject
        'dist/api.zip!index.js'
        """
        if not prefix:
            return self
        name, inner = prefix.rpartition("/")[2], self.subject
        if inner == name:
            return replace(self, subject=prefix)
        return replace(self, subject=f"{prefix}!{inner.removeprefix(f'{name}!')}")

    def to_json(self) -> dict[str, str]:
        """Return the fields for ``--json`` and the manifest."""
        return {
            "code": self.code,
            "severity": self.severity,
            "subject": self.subject,
            "message": self.message,
            "fix": self.fix,
            "package": self.package,
        }

    @classmethod
    def from_json(cls, data: object) -> Finding:
        """Return the finding of which `to_json` gave this; raises ValueError for anything else."""
        if not isinstance(data, dict) or not all(isinstance(text, str) for text in data.values()):
            msg = "is not a finding: expected an object of strings"
            raise ValueError(msg)
        if data.keys() != {each.name for each in fields(cls)} or data["severity"] not in get_args(Severity):
            msg = f"is not a finding: {data}"
            raise ValueError(msg)
        return cls(**data)


@dataclass(frozen=True)
class Mounted:
    """An artifact's files where the runtime puts them: a function under /var/task, a layer under /opt."""

    root: str
    """Mount point, such as ``/var/task``."""
    inventory: Inventory
    name: str
    """What findings call the artifact: its path as the user typed it."""
    judged: bool = True
    """False for layers that only help to resolve: their own faults are reported where they are built."""
    engines: EngineFacts = field(default_factory=EngineFacts)
    """What the artifact's generated clients say of themselves."""


def has_errors(findings: list[Finding] | tuple[Finding, ...]) -> bool:
    """Return whether any finding says no."""
    return any(finding.severity == "error" for finding in findings)
