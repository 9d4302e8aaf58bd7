"""package.json of a project, checked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from packager.core.document import read_object
from packager.core.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path


_TABLES = ("dependencies", "devDependencies", "optionalDependencies")
"""Keys of package.json whose values are looked up by name."""


def read_package_json(root: Path) -> dict[str, Any]:
    """Return the project's package.json; {} if there is none. Raises ConfigError naming what is mistaken in it."""
    path = root / "package.json"
    if not path.is_file():
        return {}
    data = read_object(path)
    for key in _TABLES:
        table = data.get(key)
        if not table:
            data.pop(key, None)  # npm takes null and [] for nothing, too
        elif not isinstance(table, dict) or not all(isinstance(text, str) for text in table.values()):
            msg = "is not an object whose values are texts"
            raise ConfigError(msg, where=f"package.json: {key}", fix='write it like {"express": "^4.21.2"}')
    return data
