"""Which database client a project uses, and how large its pool is unless it is configured.

Sources: Prisma docs "Database connections" (up to 6: num_physical_cpus * 2 + 1, and Lambda shows two CPUs at every
memory size; from 7 on the driver's own pool) and the drivers' readmes for their defaults.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from packager.connections.usage import Pool
from packager.core.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

PRISMA_ON_LAMBDA = 2 * 2 + 1


@dataclass(frozen=True)
class Driver:
    """A driver and the pool it makes by itself."""

    package: str
    default: int
    setting: str
    idle_setting: str = ""
    """Only where idle connections stay for ever unless it is set."""
    keyword: str = "max"
    """The option that says the size, in the source."""


DRIVERS = {
    driver.package: driver
    for driver in (
        Driver("pg", 10, "new Pool({{ max: {size} }})"),
        Driver("postgres", 10, "postgres(url, {{ max: {size} }})", "postgres(url, { idle_timeout: 10 })"),
        Driver("mysql2", 10, "createPool({{ connectionLimit: {size} }})", keyword="connectionLimit"),
        Driver("mariadb", 10, "createPool({{ connectionLimit: {size} }})", keyword="connectionLimit"),
        Driver("mssql", 10, "{{ pool: {{ max: {size} }} }}"),
        Driver("psycopg", 1, "one connection, or ConnectionPool(min_size=0, max_size={size})", keyword="max_size"),
        Driver("psycopg2", 1, "one connection", keyword="maxconn"),
        Driver("sqlalchemy", 15, "create_engine(url, pool_size={size}, max_overflow=0)", keyword="pool_size"),
    )
}
_ADAPTERS = {"@prisma/adapter-pg": "pg", "@prisma/adapter-mariadb": "mariadb", "@prisma/adapter-mssql": "mssql"}
_PYTHON = {"psycopg2-binary": "psycopg2", "psycopg2": "psycopg2", "psycopg": "psycopg", "sqlalchemy": "sqlalchemy"}


def find_pool(project: Path, url: str = "", sources: dict[str, str] | None = None) -> Pool | None:
    """Return the pool one container of this project opens; None if it uses no client we know.

    `sources` (path → text) may set the size where the client is made. Raises ConfigError for a broken package.json.
    """
    dependencies = _dependencies(project)
    prisma = dependencies.get("@prisma/client")
    if prisma is not None and not _at_least_7(prisma):
        return _prisma_pool(url)
    names = [_ADAPTERS.get(name, name) for name in dependencies]
    for name in ("sqlalchemy", *DRIVERS):
        if name in names:
            return _driver_pool(DRIVERS[name], sources or {})
    return None


def _prisma_pool(url: str) -> Pool:
    setting = "connection_limit={size} in the database URL"
    limit = parse_qs(urlsplit(url).query).get("connection_limit", [""])[0]
    if limit.isdigit() and int(limit) > 0:
        return Pool("@prisma/client", int(limit), "connection_limit in the URL", setting)
    origin = "default of Prisma up to 6 on Lambda: 2 CPUs * 2 + 1"
    return Pool("@prisma/client", PRISMA_ON_LAMBDA, origin, setting)


def _driver_pool(driver: Driver, sources: dict[str, str]) -> Pool:
    size, origin = driver.default, f"default of {driver.package}"
    pattern = re.compile(rf"\b{driver.keyword}['\"]?\s*[:=]\s*(\d+)\b")
    idle = driver.idle_setting
    for path, text in sources.items():
        if driver.package.split("-")[0] not in text.lower() and "prisma" not in text.lower():
            continue
        found = pattern.search(text)
        if found is not None:
            size, origin = int(found[1]), f"{path}:{text[: found.start()].count(chr(10)) + 1}"
        if "idle_timeout" in text:
            idle = ""
    return Pool(driver.package, size, origin, driver.setting, idle)


def _dependencies(project: Path) -> dict[str, str]:
    """Return package → version of package.json, or the names in requirements.txt."""
    path = project / "package.json"
    if path.is_file():
        try:
            found = json.loads(path.read_text(encoding="utf-8")).get("dependencies") or {}
            return {str(name): str(version) for name, version in found.items()}
        except (ValueError, AttributeError) as error:
            raise ConfigError(str(error), where=str(path)) from error
    path = project / "requirements.txt"
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    names = (re.split(r"[\s=<>~!\[;]", line.strip().lower(), maxsplit=1)[0] for line in lines)
    return {_PYTHON[name]: "" for name in names if name in _PYTHON}


def _at_least_7(version: str) -> bool:
    """Return whether a version range starts at 7 or later.

    >>> _at_least_7("^7.1.0"), _at_least_7("~6.19.0"), _at_least_7("latest")
    (True, False, True)
    """
    major = re.search(r"\d+", version)
    return major is None or int(major[0]) >= 7
