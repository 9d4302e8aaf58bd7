"""What bundles and architectures may be called."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from packager.core.errors import ConfigError
from packager.core.package_json import read_package_json

if TYPE_CHECKING:
    from pathlib import Path


_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def check_name(name: object, where: str) -> None:
    """Raise ConfigError unless a bundle may be called so: its files in the output folder are."""
    if not isinstance(name, str):
        msg = f"YAML reads this name as {name!r}, not as text"
        raise ConfigError(msg, where=where, fix="put it in quotes")
    if not _NAME.fullmatch(name):
        msg = "a bundle's name must be a file name: letters, digits, dots and dashes, at most 64"
        raise ConfigError(msg, where=where)


def bundle_name(root: Path) -> str:
    """Return a name for the only bundle: the package's, else the folder's, without what file names dislike."""
    raw = str(read_package_json(root).get("name") or root.name)
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", raw.removeprefix("@").replace("/", "-")).strip("-._")
    return name[:64] or "app"
