"""Clients that a schema's generator writes, and the engine files they need."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from packager.model.generators import Engine, NativeEngine


@dataclass(frozen=True)
class Client:
    """One client that a schema's generator writes."""

    schema_file: str
    """Relative to the project, POSIX."""
    generator: str
    """Name of its block in the schema, usually ``client``."""
    folder: str
    """Where the generated code goes, relative to the project: ``node_modules/.prisma/client``, ``src/generated``."""
    facts: Mapping[str, str] = field(default_factory=dict)
    """What rules ask for: ``provider``, ``generator``, ``engine_type``, …; with a target also ``binary_target``."""
    listed: tuple[str, ...] = ()
    """The binary targets the schema names; empty if it names none, which means ``native``."""
    engine: Engine | None = None
    """The generation; None if no package of it is installed."""

    @property
    def installed(self) -> bool:
        """Return whether the generated code lies among the installed packages rather than in the project's own code."""
        return "node_modules" in self.folder.split("/")


@dataclass(frozen=True)
class EngineFile:
    """One engine file a build needs, and where it can be had."""

    native: NativeEngine
    """What the catalog says of it: its name, the variable that names another, where it is fetched from."""
    binary_target: str
    commit: str = ""
    local: str = ""
    """A file on this machine the user has named instead; it is taken as it is."""

    @property
    def file(self) -> str:
        """Return its name beside the client: ``libquery_engine-rhel-openssl-3.0.x.so.node``."""
        return self.native.file.replace("{binary_target}", self.binary_target)
