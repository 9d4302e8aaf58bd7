"""One row of the table of findings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from packager.model.findings import Severity


@dataclass(frozen=True)
class Code:
    """What a code stands for: its usual severity, what it means, and what helps."""

    code: str
    title: str
    severity: Severity
    meaning: str
    fix: str
