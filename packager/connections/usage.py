"""The pool of one container, and what all containers together open."""

from __future__ import annotations

from dataclasses import dataclass

SUPERUSER_RESERVED = 3
"""PostgreSQL keeps these of max_connections for superusers. Source: manual, superuser_reserved_connections."""


UNRESERVED_CONCURRENCY = 1000
"""What a function may reach if nothing limits it: an AWS account's default, shared by all its functions."""


@dataclass(frozen=True)
class Pool:
    """The pool one container opens."""

    client: str
    """Package that makes the connections: ``@prisma/client``, ``pg``, ``psycopg``."""
    size: int
    origin: str
    """Where the number is from: ``connection_limit in the URL``, ``default of pg``, ``src/db.js:3``."""
    setting: str
    """How to write another size; ``{size}`` stands for the number."""
    idle_setting: str = ""
    """How to give idle connections back; empty where it happens by itself or cannot be set."""


@dataclass(frozen=True)
class Usage:
    """What all containers together may open."""

    pool: Pool
    containers: int
    functions: int = 1
    """Functions of the same kind that share the database."""

    @property
    def connections(self) -> int:
        """Return the most that can be open at once."""
        return self.pool.size * self.containers * self.functions


def affordable_containers(usage: Usage, available: int) -> int:
    """Return how many containers of each function the database can serve: the concurrency to reserve.

    >>> affordable_containers(Usage(Pool("pg", 5, "", ""), 1000, 2), 97)
    9
    """
    return available // (usage.pool.size * usage.functions)
