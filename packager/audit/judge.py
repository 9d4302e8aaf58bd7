"""The audit of mounted artifacts: every check, then what is no fault after all. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packager.audit.abi import check_platform, check_shape, check_unreadable
from packager.audit.families import excuse
from packager.audit.libraries import check_needed, check_shadowed
from packager.audit.names import check_names
from packager.audit.scene import Scene
from packager.audit.symbols import check_symbol_versions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from packager.audit import Finding, Mounted
    from packager.catalog.records import Target

CHECKS = (
    check_platform,
    check_unreadable,
    check_shape,
    check_symbol_versions,
    check_needed,
    check_shadowed,
    check_names,
)
"""Every check of file contents. A new one is a function from `Scene` to findings, and its line here."""

_RANK = {"error": 0, "warning": 1, "note": 2}


def audit(mounts: Sequence[Mounted], target: Target) -> list[Finding]:
    """Return what would go wrong with these artifacts on the target: errors first, then by subject and code.

    Every mount helps to resolve libraries; findings are about those that are `judged`.
    """
    scene = Scene(mounts, target)
    findings = [finding for check in CHECKS for finding in check(scene)]
    return sorted(excuse(scene, findings), key=lambda finding: (_RANK[finding.severity], finding.subject, finding.code))
