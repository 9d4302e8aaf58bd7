"""Does a layer put things where the runtime looks? Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packager.catalog.finding_codes.registry import CODES
from packager.languages.registry import LANGUAGES
from packager.model.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from packager.audit.context import AuditContext
    from packager.model.findings import Mounted

_SHARED = ("bin", "lib", "extensions")
"""Folders of /opt that the loader, the shell and every runtime look into. Source: AWS, layer packaging page."""
_OTHERS = ("java", "ruby")
"""Folders of languages that nothing is built for here. Source: the same page."""


def check_layer(scene: AuditContext) -> Iterator[Finding]:
    """Report folders of a layer that no runtime reads (LAY001), and those of another version's runtime (LAY002)."""
    if scene.target.kind != "layer" or not scene.whole:
        return
    for mount in scene.mounts:
        if mount.judged:
            yield from _folders(mount, scene)


def _folders(mount: Mounted, scene: AuditContext) -> Iterator[Finding]:
    home, version = LANGUAGES[scene.target.language], scene.target.language_version
    owners = {language.layer_folder: language for language in LANGUAGES.values() if language.layer_folder}
    unread: dict[str, str] = {}
    others: dict[str, str] = {}
    found = False
    for file in mount.inventory.files:
        top, _, rest = file.path.partition("/")
        owner = owners.get(top)
        packages = owner.layer_pattern.match(file.path) if owner else None
        at_home = home.layer_folder in ("", top)
        if packages and packages["version"] and at_home and packages["version"] != version:
            others.setdefault(packages[0].rstrip("/"), packages["version"])
        elif not rest or top not in (*_SHARED, *_OTHERS, *owners):
            unread.setdefault(top, _meant_for(top))
        elif owner and not owner.reads_in_layer(file.path):
            unread.setdefault(f"{top}/{rest.partition('/')[0]}", f"{owner.layer_packages}/")
        else:
            found = found or top in _SHARED or at_home
    for folder, other in others.items():
        message = f"is read by version {other} of the language only, but {scene.target.title} has {version}"
        place = owners[folder.partition("/")[0]].layer_packages
        yield _finding("LAY002", mount, folder, message, f"move its contents to {place}/", certain=not found)
    for folder, place in unread.items():
        message = "is not in a folder that a runtime searches: it is reached only by its full path, /opt/…"
        fix = f"put it under {place}" if place else ""
        yield _finding("LAY001", mount, folder, message, fix, certain=bool(place) and not found)
    kinds = {file.path.partition("/")[0] for file in mount.inventory.files} & {*owners, *_OTHERS}
    if not found and not unread and not others and kinds:
        listed = " and ".join(sorted(kinds))
        yield _finding("LAY001", mount, listed, f"is read by other languages' runtimes than {scene.target.runtime}", "")


def _meant_for(name: str) -> str:
    """Return the folder that what lies directly in a layer was meant for; empty if that cannot be told."""
    wanted = (language for language in LANGUAGES.values() if name in language.layer_misplaced)
    return next((f"{language.layer_packages}/" for language in wanted), "")


def _finding(code: str, mount: Mounted, path: str, message: str, fix: str, *, certain: bool = True) -> Finding:
    row = CODES[code]
    subject = f"{mount.name}!{path}" if mount.name else path
    return Finding(code, "error" if certain else "warning", subject, message, fix or row.fix)
