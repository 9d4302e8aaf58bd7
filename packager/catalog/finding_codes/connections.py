"""What `packager connections` finds: connections in use against those the database has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packager.catalog.finding_codes.row import Code

if TYPE_CHECKING:
    from packager.model.findings import Severity

_FIX = "Follow the finding's own fix, which has the setting to write."


def _row(code: str, meaning: str, *, severity: Severity = "warning") -> Code:
    return Code(code, meaning, severity, f"As `packager connections` sees it: {meaning}.", _FIX)


ROWS: tuple[Code, ...] = (
    _row("CON001", "all containers together open more connections than the database has", severity="error"),
    _row("CON002", "the client is made inside the handler: anew on every call"),
    _row("CON003", "the connection is closed on every call, and made again on the next"),
    _row("CON004", "idle connections are never given back"),
    _row("CON005", "a pool of more than one where one call runs one query at a time"),
    _row("CON006", "nothing limits the number of containers"),
)
