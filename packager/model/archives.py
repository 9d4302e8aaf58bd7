"""The archive before and after it exists: entry, layout, member, artifact. Light: `packager pack` loads it first."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


# Entries and members are tuples, not dataclasses: a tree has tens of thousands, and a tuple takes a third of the time.
# The others are, too: to load ``dataclasses``, which loads ``inspect``, is felt where one file has changed.
class Entry(NamedTuple):
    """One member to be written."""

    path: str
    """Name in the archive: relative, POSIX, proved safe by `layout`."""
    source: Path | str | bytes
    """Where the bytes lie, or the bytes themselves; of a link that is kept, a NUL and where it leads."""
    size_bytes: int | None = None
    """What the walk saw that found it, a regular file; None: not known yet."""


class Layout(NamedTuple):
    """All members, sorted by the UTF-8 bytes of their names, unique, inside the root."""

    entries: tuple[Entry, ...]


class Member(NamedTuple):
    """One member as it was written."""

    path: str
    size_bytes: int
    compressed_bytes: int
    sha256: str
    """Hex, of the content; of a link, something that no file has."""
    executable: bool
    """Written as 0755 rather than 0644: decided by content (ELF, ``#!``), the same on every system."""


class Artifact(NamedTuple):
    """A zip we wrote."""

    path: Path
    zipped_bytes: int
    """Length of the file."""
    unzipped_bytes: int
    """Sum of the members' sizes."""
    sha256: str
    """Hex, of the whole file."""
    members: Sequence[Member]
    codec: str
    """Codec, version and level, such as ``libdeflate 1.22 level 6``: other values may give other bytes."""
    written: bool = True
    """False if the file was there already, and nothing has changed since."""

    def summary(self) -> str:
        """Return for people how much is in it."""
        from packager.core.units import counted, format_size

        zipped, unzipped = format_size(self.zipped_bytes), format_size(self.unzipped_bytes)
        return f"{counted(len(self.members), 'file')}, {zipped} zipped, {unzipped} unzipped"

    @property
    def code_sha256(self) -> str:
        """Return the SHA-256 as AWS Lambda's CodeSha256 shows it: base64."""
        import base64

        return base64.b64encode(bytes.fromhex(self.sha256)).decode("ascii")
