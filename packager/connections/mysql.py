"""Asking a live MySQL or MariaDB: how many connections it has, and how many clients hold one. Through their client."""

from __future__ import annotations

import os
import shutil
import subprocess
from urllib.parse import unquote, urlsplit

from packager.core.errors import EnvironmentFault, ProviderFault, UsageError

SCHEMES = ("mysql", "mariadb")
_LIMITS = "SELECT @@max_connections, @@max_user_connections"
_HELD = "SELECT count(*) FROM information_schema.processlist WHERE db = database() AND id <> connection_id()"


def max_connections(url: str) -> int:
    """Return how many connections the server has for this user: its own limit, if it has one.

    The one more that the server keeps is for administrators.
    """
    server, user = map(int, _ask(url, _LIMITS).split())
    return min(server, user) if user else server


def held_connections(url: str) -> int:
    """Return how many clients hold a connection to this database now, ourselves left out."""
    return int(_ask(url, _HELD))


def command(client: str, url: str, query: str) -> tuple[list[str], dict[str, str]]:
    """Return the client's arguments, and its password as a variable: other users can see arguments.

    >>> argv, environment = command("mysql", "mysql://me:p%40ss@db.example.com/app", "SELECT 1")
    >>> " ".join(argv), environment
    ('mysql --no-defaults --protocol=tcp --connect-timeout=10 --batch --skip-column-names --host=db.example.com \
--port=3306 --user=me --database=app --execute=SELECT 1', {'MYSQL_PWD': 'p@ss'})
    """
    parts = urlsplit(url)
    if parts.scheme not in SCHEMES or not parts.hostname:
        msg = "only a database with a mysql:// URL can be asked for its limit"
        raise UsageError(msg, where="--url", fix="give --max-connections for other databases")
    words = {
        "host": parts.hostname,
        "port": str(parts.port or 3306),
        "user": unquote(parts.username or ""),
        "database": unquote(parts.path.strip("/")),
        "execute": query,
    }
    argv = [client, "--no-defaults", "--protocol=tcp", "--connect-timeout=10", "--batch", "--skip-column-names"]
    return (
        [*argv, *(f"--{name}={value}" for name, value in words.items() if value)],
        {"MYSQL_PWD": unquote(parts.password)} if parts.password else {},
    )


def _ask(url: str, query: str) -> str:
    client = shutil.which("mariadb") or shutil.which("mysql")
    argv, secret = command(client or "mysql", url, query)
    if client is None:
        msg = "the client mysql or mariadb is needed to ask the database for its limit"
        raise EnvironmentFault(msg, fix="install mariadb-client, or give --max-connections")
    environment = {"PATH": os.environ.get("PATH", ""), **secret}
    ran = subprocess.run(argv, env=environment, capture_output=True, text=True, timeout=60, check=False)
    if ran.returncode != 0:
        raise ProviderFault(ran.stderr.strip() or "the client failed", where="the database of --url")
    return ran.stdout.strip()
