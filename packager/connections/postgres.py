"""Asking a live PostgreSQL: how many connections it has, and how many clients hold one. Through ``psql``, read-only."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from packager.connections.usage import SUPERUSER_RESERVED
from packager.core.errors import EnvironmentFault, ProviderFault, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

_HELD = (
    "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'"
    " AND datname = current_database() AND pid <> pg_backend_pid()"
)


def max_connections(url: str) -> int:
    """Return how many connections the server has for all but superusers."""
    return int(_ask(url, "SHOW max_connections")) - SUPERUSER_RESERVED


def held_connections(url: str) -> int:
    """Return how many clients hold a connection to this database now, ourselves left out."""
    return int(_ask(url, _HELD))


def settings(url: str) -> Mapping[str, str]:
    """Return libpq's variables for a URL: unlike arguments, other users cannot see them.

    >>> settings("postgresql://me:p%40ss@db.example.com:6543/app?schema=public")["PGPASSWORD"]
    'p@ss'
    """
    parts = urlsplit(url)
    if parts.scheme not in ("postgres", "postgresql") or not parts.hostname:
        msg = "only a database with a postgresql:// URL can be asked for its limit"
        raise UsageError(msg, where="--url", fix="give --max-connections for other databases")
    found = {
        "PGHOST": parts.hostname,
        "PGPORT": str(parts.port or 5432),
        "PGUSER": unquote(parts.username or ""),
        "PGPASSWORD": unquote(parts.password or ""),
        "PGDATABASE": unquote(parts.path.strip("/")),
        "PGAPPNAME": "packager",
        "PGCONNECT_TIMEOUT": "10",
    }
    return {name: value for name, value in found.items() if value}


def _ask(url: str, query: str) -> str:
    psql = shutil.which("psql")
    if psql is None:
        msg = "the client psql is needed to ask the database for its limit"
        raise EnvironmentFault(msg, fix="install postgresql-client, or give --max-connections")
    argv = [psql, "--no-psqlrc", "--no-password", "--tuples-only", "--no-align", "--command", query]
    environment = {"PATH": os.environ.get("PATH", ""), **settings(url)}
    ran = subprocess.run(argv, env=environment, capture_output=True, text=True, timeout=60, check=False)
    if ran.returncode != 0:
        raise ProviderFault(ran.stderr.strip() or "psql failed", where="the database of --url")
    return ran.stdout.strip()
