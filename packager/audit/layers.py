"""Does a layer put things where the runtime looks? Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from packager.catalog.finding_codes.registry import CODES
from packager.model.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from packager.audit.scene import Scene
    from packager.model.findings import Mounted

_SEARCHED = frozenset({"bin", "lib", "extensions", "nodejs", "python", "java", "ruby"})
"""Folders of /opt that some runtime, the loader or the shell looks into. Source: AWS, layer packaging page."""
_NODE_FOLDER = re.compile(r"nodejs/(?:node(?P<version>\d+)/)?node_modules/")
_SITE_PACKAGES = re.compile(r"python/lib/python(?P<version>\d+\.\d+)/site-packages/")
_MISPLACED = {"node_modules": "nodejs/node_modules/", "site-packages": "python/", "nodejs": "nodejs/node_modules/"}


def check_layer(scene: Scene) -> Iterator[Finding]:
    """Report folders of a layer that no runtime reads (LAY001), and those of another version's runtime (LAY002)."""
    if scene.target.kind != "layer" or not scene.whole:
        return
    for mount in scene.mounts:
        if mount.judged:
            yield from _folders(mount, scene)


def _folders(mount: Mounted, scene: Scene) -> Iterator[Finding]:
    language, version = scene.target.language, scene.target.language_version
    unread: dict[str, str] = {}
    others: dict[str, str] = {}
    found = False
    for file in mount.inventory.files:
        top, _, rest = file.path.partition("/")
        versioned = _NODE_FOLDER.match(file.path) or _SITE_PACKAGES.match(file.path)
        if versioned and versioned["version"] and _for_language(top, language) and versioned["version"] != version:
            others.setdefault(versioned[0].rstrip("/"), versioned["version"])
        elif not rest or top not in _SEARCHED:
            unread.setdefault(top, _MISPLACED.get(top, ""))
        elif top == "nodejs" and not versioned and rest not in ("package.json", "package-lock.json"):
            unread.setdefault(f"nodejs/{rest.partition('/')[0]}", _MISPLACED["nodejs"])
        else:
            found = found or top in ("bin", "lib", "extensions") or _for_language(top, language)
    for folder, other in others.items():
        message = f"is read by version {other} of the language only, {scene.target.title} has {version}"
        place = "nodejs/node_modules" if folder.startswith("nodejs/") else "python"
        yield _finding("LAY002", mount, folder, message, f"move its contents to {place}/", certain=not found)
    for folder, place in unread.items():
        message = "is where no runtime looks: it is reached only by its full path, /opt/…"
        fix = f"put it under {place}" if place else ""
        yield _finding("LAY001", mount, folder, message, fix, certain=bool(place) and not found)
    kinds = {file.path.partition("/")[0] for file in mount.inventory.files} & {"nodejs", "python", "java", "ruby"}
    if not found and not unread and not others and kinds:
        listed = " and ".join(sorted(kinds))
        yield _finding("LAY001", mount, listed, f"is read by other languages' runtimes than {scene.target.runtime}", "")


def _for_language(top: str, language: str) -> bool:
    return language == "provided" or top == language


def _finding(code: str, mount: Mounted, path: str, message: str, fix: str, *, certain: bool = True) -> Finding:
    row = CODES[code]
    subject = f"{mount.name}!{path}" if mount.name else path
    return Finding(code, "error" if certain else "warning", subject, message, fix or row.fix)
