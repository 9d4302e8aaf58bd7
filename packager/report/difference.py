"""Two artifacts' contents → what was added, removed and changed. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from packager.report.summary import packages_of

if TYPE_CHECKING:
    from packager.report.summary import ArtifactContents, PackageShare, PackedFile


@dataclass(frozen=True)
class PackageChange:
    """One package that is not in both artifacts as it was; folders tell packages of one name apart."""

    folder: str
    name: str
    before: str
    """Version; empty if it was not there."""
    after: str
    size_bytes: int
    """What it takes now, less what it took."""
    compressed_bytes: int


@dataclass(frozen=True)
class Difference:
    """What sets the contents of two artifacts apart; each part sorted, all empty if they are the same."""

    added: tuple[PackedFile, ...]
    removed: tuple[PackedFile, ...]
    changed: tuple[tuple[PackedFile, PackedFile], ...]
    packages: tuple[PackageChange, ...]

    @property
    def same(self) -> bool:
        """Return whether both hold the same files with the same contents."""
        return not (self.added or self.removed or self.changed)


def compare(before: ArtifactContents, after: ArtifactContents) -> Difference:
    """Return what sets two contents apart: files by path, size and CRC-32, packages by version."""
    old = {item.path: item for item in before.items}
    new = {item.path: item for item in after.items}
    changed = tuple((old[path], new[path]) for path in sorted(old.keys() & new.keys()) if _moved(old[path], new[path]))
    return Difference(
        added=tuple(new[path] for path in sorted(new.keys() - old.keys())),
        removed=tuple(old[path] for path in sorted(old.keys() - new.keys())),
        changed=changed,
        packages=tuple(_package_changes(before, after)),
    )


def _moved(old: PackedFile, new: PackedFile) -> bool:
    return (old.size_bytes, old.crc) != (new.size_bytes, new.crc)


def _package_changes(before: ArtifactContents, after: ArtifactContents) -> list[PackageChange]:
    old, new = _by_folder(before), _by_folder(after)
    changes = []
    for folder in sorted(old.keys() | new.keys()):
        first, second = old.get(folder), new.get(folder)
        if not folder or (first and second and (first.name, first.version) == (second.name, second.version)):
            continue
        share = second or first
        changes.append(
            PackageChange(
                folder=folder,
                name=share.name if share else "",
                before=_version(first),
                after=_version(second),
                size_bytes=(second.size_bytes if second else 0) - (first.size_bytes if first else 0),
                compressed_bytes=(second.compressed_bytes if second else 0) - (first.compressed_bytes if first else 0),
            )
        )
    return sorted(changes, key=lambda change: (-abs(change.compressed_bytes), change.folder))


def _by_folder(contents: ArtifactContents) -> dict[str, PackageShare]:
    return {share.folder: share for share in packages_of(contents)}


def _version(share: PackageShare | None) -> str:
    return (share.version or "no version") if share else ""
