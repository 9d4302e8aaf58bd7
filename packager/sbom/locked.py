"""What a lock file says of the packages it names: the hash of each as the registry has it. Never an error."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_NPM = ("package-lock.json", "npm-shrinkwrap.json")


def lock_integrity(path: Path) -> dict[str, str]:
    """Return folder → integrity (``sha512-…``) of an npm lock file, version 2 or 3; {} for what has none.

    Other lock files name packages rather than folders, and pip's allow several files for one version.
    """
    if path.name not in _NPM:
        return {}
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}  # the install has judged it; hashes are an addition
    packages = data.get("packages") if isinstance(data, dict) else None
    if not isinstance(packages, dict):
        return {}
    return {
        str(folder): str(entry["integrity"])
        for folder, entry in packages.items()
        if isinstance(entry, dict) and isinstance(entry.get("integrity"), str)
    }
