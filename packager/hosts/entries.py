"""What a host starts that routes to files: each entry, a function of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def each_entry(handler: str, entries: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Return (what is called, its file) of each entry; of one alone, what is called may be said by the handler.

    >>> each_entry("api/a.default", ["api/a.js", "api/[id].js"])
    (('api/a.default', 'api/a.js'), ('api/[id].default', 'api/[id].js'))
    """
    if len(entries) < 2:
        return ((handler, entries[0] if entries else ""),)
    return tuple((f"{entry.rpartition('.')[0]}.default", entry) for entry in entries)
