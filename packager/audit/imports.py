"""Does the code of the function ask for its own files by their names, upper and lower case included? Pure.

On macOS and Windows './Foo' finds foo.js, on Linux it does not. Only relative names written out are looked at, and only
where a file of that name in another spelling is there and none in this one: so it is no alarm for what is optional.
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from packager.audit.handlers import COMMENTS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from packager.audit.scene import Scene
    from packager.model.findings import Finding
    from packager.model.targets import Target

_SOURCES = (".js", ".cjs", ".mjs")
_TRIED = ("", ".js", ".json", ".node", ".mjs", ".cjs", "/index.js", "/index.json", "/package.json")
"""What Node makes of a name, and one spelling of it is enough. Source: Node manual, "Modules: All together"."""
_ASKED = re.compile(r"""(?:\brequire\s*\(|\bfrom|\bimport\s*\(?)\s*["'](?P<name>\.{1,2}/[^"'\n]+)["']""")


def is_own_source(path: str, target: Target) -> bool:
    """Return whether a file's text is wanted here: JavaScript of the function itself, not of an installed package."""
    return target.language == "nodejs" and path.endswith(_SOURCES) and "node_modules/" not in path


def check_imports(scene: Scene) -> Iterator[Finding]:
    """Report files asked for in another spelling than they have: HND005."""
    if scene.target.language != "nodejs":
        return
    for mount in scene.mounts:
        if not mount.judged:
            continue
        spelled = {path.casefold(): path for path in mount.inventory.by_path}
        for path, text in mount.inventory.texts.items():
            place = scene.by_path.get(f"{mount.root}/{path}")
            if place is None or not is_own_source(path, scene.target):
                continue
            asked = dict.fromkeys(match["name"] for match in _ASKED.finditer(COMMENTS.sub("", text)))
            for name in asked:
                wanted = posixpath.normpath(posixpath.join(posixpath.dirname(path), name))
                candidates = [wanted + ending for ending in _TRIED]
                there = [spelled[each.casefold()] for each in candidates if each.casefold() in spelled]
                if there and not any(each in mount.inventory.by_path for each in candidates):
                    yield place.finding(
                        "HND005", f"asks for {name!r}, but the file is {there[0]}: Linux minds the case"
                    )
