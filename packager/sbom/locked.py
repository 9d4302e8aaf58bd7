"""What a lock file says of the packages it names: the hash of each as the registry has it. Never an error."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packager.core.errors import ConfigError
from packager.package_managers.lockfiles import entries, read_lock

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
        lock = read_lock(path)
    except ConfigError:
        return {}  # the install has judged it; hashes are an addition
    if "packages" not in lock:
        return {}
    return {folder: text for folder, entry in entries(lock) if isinstance(text := entry.get("integrity"), str)}
