"""What a bill of materials lists."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping


Ecosystem = Literal["npm", "pypi", ""]


@dataclass(frozen=True)
class Native:
    """One machine code file."""

    path: str
    sha256: str
    """Hex, as it is packed: symbols may have been taken out."""
    size_bytes: int


@dataclass(frozen=True)
class BomEntry:
    """One package at one version; copies of it in several folders are one part."""

    name: str
    version: str
    ecosystem: Ecosystem
    """Empty for what a generator wrote, which no registry has."""
    contents: Mapping[str, str]
    """Folder → SHA-256 (hex) over path and SHA-256 of each of its files in the artifact, sorted."""
    licence: str = ""
    """As the package declares it; empty if it does not."""
    licence_files: tuple[str, ...] = ()
    """Paths in the artifact."""
    needs: tuple[str, ...] = ()
    """Keys of the parts it needs, sorted."""
    natives: tuple[Native, ...] = ()
    inlined: bool = False
    """Whether its code was joined into the bundle's own: no file of it is there any more."""
    integrity: str = ""
    """Of the package as the registry has it, from the lock file: ``sha512-…``."""

    @property
    def key(self) -> str:
        """Return what tells parts apart: ``npm:sharp@0.33.5``."""
        return f"{self.ecosystem or 'generated'}:{self.name}@{self.version}"


@dataclass(frozen=True)
class Materials:
    """Everything an artifact is made of."""

    name: str
    sha256: str
    """Hex: of the zip; of a folder over path and SHA-256 of every file."""
    parts: tuple[BomEntry, ...]
    """Sorted by ecosystem, name and version."""
    own_natives: tuple[Native, ...] = ()
    """Machine code among the project's own files."""
    version: str = ""
    """Of the project itself, from its package.json."""
    licence: str = ""
    needs: tuple[str, ...] = ()
    """Keys of the parts the project itself depends on."""
