"""Does the code of the function ask for its own files by their names, upper and lower case included? Pure.

On macOS and Windows './Foo' finds foo.js, on Linux it does not. Only relative names written out are looked at, and only
where a file of that name in another spelling is there and none in this one: so it is not an alarm for what is optional.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from packager.languages.registry import LANGUAGES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from packager.audit.context import AuditContext
    from packager.model.findings import Finding


def check_imports(scene: AuditContext) -> Iterator[Finding]:
    """Report files asked for in another spelling than they have: HND005."""
    language = LANGUAGES[scene.target.language]
    for mount in scene.mounts:
        if not mount.judged:
            continue
        spelled: dict[str, str] = {}
        for path, text in mount.inventory.texts.items():
            place = scene.by_path.get(f"{mount.root}/{path}")
            if place is None or not language.is_own_source(path):
                continue
            spelled = spelled or {path.casefold(): path for path in mount.inventory.by_path}
            for name in language.relative_imports(text):
                wanted = posixpath.normpath(posixpath.join(posixpath.dirname(path), name))
                candidates = language.import_candidates(wanted)
                there = [spelled[each.casefold()] for each in candidates if each.casefold() in spelled]
                if there and not any(each in mount.inventory.by_path for each in candidates):
                    yield place.finding(
                        "HND005", f"asks for {name!r}, but the file is {there[0]}: Linux minds the case"
                    )
