"""Asking the database of a URL, whichever of the two kinds we can ask it is."""

from __future__ import annotations

from packager.connections import mysql, postgres


def max_connections(url: str) -> int | None:
    """Return how many connections it has for us; None for a kind that cannot be asked."""
    if url.startswith("postgres"):
        return postgres.max_connections(url)
    return mysql.max_connections(url) if url.startswith(mysql.SCHEMES) else None


def held_connections(url: str) -> int:
    """Return how many clients hold a connection to this database now, ourselves left out.

    Raises UsageError for a kind that cannot be asked.
    """
    return mysql.held_connections(url) if url.startswith(mysql.SCHEMES) else postgres.held_connections(url)
