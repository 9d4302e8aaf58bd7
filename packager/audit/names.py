"""Do the names in an archive survive being unpacked? Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from packager.audit.context import AuditContext, MountedFile
    from packager.model.findings import Finding


def check_names(scene: AuditContext) -> Iterator[Finding]:
    """Report paths that differ only in upper and lower case: ZIP001."""
    seen: dict[tuple[str, str], MountedFile] = {}
    for place in scene.judged:
        first = seen.setdefault((place.mount.name, place.file.path.casefold()), place)
        if first is not place and first.file.path != place.file.path:
            yield place.finding("ZIP001", f"differs from {first.file.path} only in upper and lower case")
