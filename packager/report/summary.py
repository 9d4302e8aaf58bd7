"""What an artifact holds, package by package."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class PackedFile:
    """One file of an artifact."""

    path: str
    size_bytes: int
    compressed_bytes: int
    """In the zip; in a folder, which has no such thing, the size."""
    crc: int
    """CRC-32 of the content: with the size it tells contents apart (it is not a proof against a forger)."""
    package: str = ""
    """``name@version``; empty for the project's own files."""
    folder: str = ""
    """Where that package lies in the artifact; the same package may lie in several places."""
    reason: str = ""
    """Why it is packed, from the manifest beside the artifact; empty if there is none."""


@dataclass(frozen=True)
class ArtifactContents:
    """Everything an artifact holds, sorted by path."""

    name: str
    zipped_bytes: int
    """Length of the file; for a folder 0."""
    items: tuple[PackedFile, ...]
    facts: Mapping[str, str] = field(default_factory=dict)
    """What its manifest says of it: target, runtime, proof, …; for people, in order."""
    findings: tuple[Mapping[str, str], ...] = ()
    """Of its manifest, as `Finding.to_json` gives them."""

    @property
    def size_bytes(self) -> int:
        """Return the sum of the files' sizes."""
        return sum(item.size_bytes for item in self.items)


@dataclass(frozen=True)
class PackageShare:
    """What one installed package takes."""

    name: str
    version: str
    folder: str
    files: int
    size_bytes: int
    compressed_bytes: int
    reason: str
    """How the project came to need it; empty if not known."""


def packages_of(contents: ArtifactContents) -> list[PackageShare]:
    """Return the share of every package, those that take most first; the project's own files are one without name."""
    grouped: dict[tuple[str, str], list[PackedFile]] = {}
    for item in contents.items:
        grouped.setdefault((item.folder, item.package), []).append(item)
    shares = []
    for (folder, package), items in grouped.items():
        name, _, version = package.rpartition("@") if "@" in package[1:] else (package, "", "")
        shares.append(
            PackageShare(
                name=name,
                version=version,
                folder=folder,
                files=len(items),
                size_bytes=sum(item.size_bytes for item in items),
                compressed_bytes=sum(item.compressed_bytes for item in items),
                reason=next((item.reason for item in items if item.reason), ""),
            )
        )
    return sorted(shares, key=lambda share: (-share.compressed_bytes, share.folder))


def duplicates_of(contents: ArtifactContents) -> list[tuple[PackedFile, ...]]:
    """Return files of one content, most wasted bytes first; empty files do not count."""
    grouped: dict[tuple[int, int], list[PackedFile]] = {}
    for item in contents.items:
        if item.size_bytes:
            grouped.setdefault((item.size_bytes, item.crc), []).append(item)
    found = [tuple(items) for items in grouped.values() if len(items) > 1]
    return sorted(found, key=lambda items: (-items[0].compressed_bytes * (len(items) - 1), items[0].path))
