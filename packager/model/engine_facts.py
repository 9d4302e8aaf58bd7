"""What an artifact says of the generated clients in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

EngineKind = Literal["library", "binary", "compiler", "none", ""]
"""What a client opens: a native library, a native program, a WebAssembly compiler, nothing (Accelerate), not known."""


@dataclass(frozen=True)
class ClientFacts:
    """One generated client, or the stub that stands where one should be."""

    folder: str
    """Relative to the artifact."""
    generated: bool
    kind: EngineKind
    version: str = ""
    targets: tuple[str, ...] = ()
    """The binary targets it was generated for."""
    schema: str = ""
    """Digest of the schema beside it, white space and engine settings left out; empty if there is none."""
    runtime: str = ""
    """The module of ``@prisma/client/runtime`` it imports: ``library``; empty where it brings its own."""


@dataclass(frozen=True)
class Override:
    """A variable that names an engine file."""

    where: str
    variable: str
    value: str


@dataclass(frozen=True)
class EngineFacts:
    """Everything about generated clients in one artifact."""

    clients: tuple[ClientFacts, ...] = ()
    schemas: tuple[tuple[str, str], ...] = ()
    """(path, digest) of schemas that are the project's own."""
    overrides: tuple[Override, ...] = ()
