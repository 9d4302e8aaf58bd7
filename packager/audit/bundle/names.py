"""Do the names in an archive survive being unpacked? Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packager.core.names import folded

if TYPE_CHECKING:
    from collections.abc import Iterator

    from packager.audit.context import AuditContext, MountedFile
    from packager.model.findings import Finding


def check_names(scene: AuditContext) -> Iterator[Finding]:
    """Report paths that are one file where upper and lower case or the form of letters are ignored: ZIP001."""
    seen: dict[tuple[str, str], MountedFile] = {}
    for place in scene.judged:
        first = seen.setdefault((place.mount.name, folded(place.file.path)), place)
        if first is not place and first.file.path != place.file.path:
            alike = first.file.path.casefold() == place.file.path.casefold()
            how = "in upper and lower case" if alike else "in how its letters are composed (Unicode)"
            yield place.finding("ZIP001", f"differs from {first.file.path} only {how}")
