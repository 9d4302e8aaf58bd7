"""Single files of a project folder, and the language they speak of."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from packager.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

_TABLES = ("dependencies", "devDependencies", "optionalDependencies")
"""Keys of package.json whose values are looked up by name."""
_SIGNS = (
    ("nodejs", ("package.json",)),
    ("python", ("requirements.txt", "pyproject.toml", "lambda_function.py")),
    ("provided", ("bootstrap",)),
    ("python", ("Pipfile", "Pipfile.lock", "uv.lock", "poetry.lock", "pdm.lock", "pylock.toml", "pylock.*.toml")),
)
"""Language → files that speak of it, the plainest first."""


def language_of(root: Path) -> str:
    """Return ``nodejs``, ``python`` or ``provided`` by the files of a project; empty if nothing is recognised."""
    return sign_of(root)[0]


def sign_of(root: Path) -> tuple[str, str]:
    """Return the language of a project as `language_of` does, and the file that speaks of it."""
    for language, names in _SIGNS:
        for name in names:
            if found := next((path for path in sorted(root.glob(name)) if path.is_file()), None):
                return language, found.name
    return "", ""


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
            msg = "is not an object of texts"
            raise ConfigError(msg, where=f"package.json: {key}", fix='write it like {"express": "^4.21.2"}')
    return data


def read_object(path: Path, fix: str = "correct it there") -> dict[str, Any]:
    """Return the object a JSON file holds. Raises ConfigError naming the line of a mistake, and what mends it."""
    name = path.name
    try:
        data = json.loads(path.read_text(encoding="utf-8-sig"))
    except json.JSONDecodeError as error:
        msg = f"is not JSON: {error.msg}"
        raise ConfigError(msg, where=f"{name}: line {error.lineno}", fix=fix) from error
    except UnicodeDecodeError as error:
        raise ConfigError("is not UTF-8 text", where=name) from error  # noqa: EM101
    except RecursionError as error:
        raise ConfigError("is too deeply nested", where=name) from error  # noqa: EM101
    except OSError as error:
        raise ConfigError(error.strerror or str(error), where=name) from error
    if not isinstance(data, dict):
        raise ConfigError("is not a JSON object", where=name)  # noqa: EM101
    return data


def read_toml(path: Path) -> dict[str, Any]:
    """Return what a TOML file holds. Raises ConfigError naming the line of a mistake."""
    name = path.name
    try:
        text = path.read_text(encoding="utf-8-sig")
        if sys.version_info >= (3, 11):
            import tomllib

            return tomllib.loads(text)
        else:  # noqa: RET505 - the type checker knows this branch is of older Pythons
            import tomlkit

            return tomlkit.parse(text).unwrap()
    except UnicodeDecodeError as error:
        raise ConfigError("is not UTF-8 text", where=name) from error  # noqa: EM101
    except ValueError as error:
        msg = f"is not TOML: {error}"
        raise ConfigError(msg, where=name, fix="correct it there") from error
    except RecursionError as error:
        raise ConfigError("is too deeply nested", where=name) from error  # noqa: EM101
    except OSError as error:
        raise ConfigError(error.strerror or str(error), where=name) from error


def read_text(root: Path, name: str) -> str | None:
    """Return the text of a project file, None where there is none. Raises ConfigError for what is no text."""
    path = root / name
    if not path.is_file():
        return None
    try:
        # Line breaks as they are: a file that is not changed must stay so to the byte.
        with path.open(encoding="utf-8", newline="") as stream:
            return stream.read()
    except UnicodeDecodeError as error:
        raise ConfigError("is not UTF-8 text", where=name) from error  # noqa: EM101
    except OSError as error:
        raise ConfigError(error.strerror or str(error), where=name) from error
