"""What earlier runs left in a project: never source, wherever it lies. Other files of an output folder are the user's.

Compilers write to ``dist`` as well as packager does by default, so the folder as a whole cannot be left out.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from packager.core.atomic import PARTIAL_SUFFIX

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MANIFEST_SUFFIX = ".manifest.json"
SBOM_SUFFIX = ".cdx.json"
MAPS_SUFFIX = ".maps"
"""Of the folder with the source maps of bundled code."""
SHIPMENT_RECORD = ".packager.json"
"""In every folder we made for a host's own tool."""
# Output folders have not been deeper than this so far; going through all of node_modules for them would cost more.
_DEPTH = 3
_NEVER_OURS = frozenset(("node_modules", ".git", ".venv", "venv"))


def own_outputs(root: Path, out: str = "") -> tuple[str, ...]:
    """Return the paths, relative and POSIX, of archives, manifests and folders that packager wrote into a project.

    `out` is the output folder of this run; it is looked into however deep it lies.
    """
    found = list(_below(root, root, _DEPTH))
    if out and (root / out).is_dir() and root in (root / out).resolve().parents:
        found += _below(root, (root / out).resolve(), 1)
    return tuple(sorted(set(found)))


def _below(root: Path, folder: Path, depth: int) -> Iterator[str]:
    try:
        entries = sorted(folder.iterdir())
    except OSError:
        # What cannot be listed cannot be packed either; the walk over the sources says so with its own message.
        return
    if folder != root and folder / SHIPMENT_RECORD in entries:
        yield folder.relative_to(root).as_posix()
        return
    for entry in entries:
        if entry.name.endswith(MANIFEST_SUFFIX) and _is_ours(entry):
            stem = entry.name.removesuffix(MANIFEST_SUFFIX)
            beside = (f"{stem}{SBOM_SUFFIX}", f"{stem}{MAPS_SUFFIX}", f"{stem}.zip.report.html")
            for name in (entry.name, f"{stem}.zip", *(name for name in beside if folder / name in entries)):
                yield (folder / name).relative_to(root).as_posix()
        elif entry.name.startswith(".") and entry.name.endswith(PARTIAL_SUFFIX):
            yield entry.relative_to(root).as_posix()  # of a run that was killed
        elif depth > 1 and entry.name not in _NEVER_OURS and entry.is_dir() and not entry.is_symlink():
            yield from _below(root, entry, depth - 1)


def _is_ours(path: Path) -> bool:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(data, dict) and isinstance(data.get("tool"), dict) and data["tool"].get("name") == "packager"
