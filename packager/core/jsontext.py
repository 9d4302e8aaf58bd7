"""JSON files people edit: read with errors that name the line, written in their own indentation."""

from __future__ import annotations

import json
import re
from typing import Any

from packager.core.errors import ConfigError

_INDENT = re.compile(r"^[{\[]\r?\n([ \t]+)", re.MULTILINE)


def read_json(text: str | None, file: str) -> dict[str, Any]:
    """Return the object a text holds, {} for no text. Raises ConfigError naming the line."""
    if text is None or not text.strip():
        return {}
    try:
        data = json.loads(text.removeprefix("\ufeff"), object_pairs_hook=lambda pairs: _no_doubles(pairs, file))
    except json.JSONDecodeError as error:
        line = text.splitlines()[error.lineno - 1] if error.lineno <= len(text.splitlines()) else ""
        commented = re.search(r"(^|\s)(//|/\*)", line) is not None
        fix = "remove them: JSON has no comments" if commented else ""
        raise ConfigError(error.msg, where=f"{file}: line {error.lineno}", fix=fix) from error
    except RecursionError as error:
        raise ConfigError("is too deeply nested", where=file) from error  # noqa: EM101
    if not isinstance(data, dict):
        raise ConfigError("expected an object", where=file)  # noqa: EM101
    return data


def write_json(data: dict[str, Any], like: str | None = None) -> str:
    """Return the text, indented as the old one was."""
    found = _INDENT.search(like or "")
    return json.dumps(data, indent=found[1] if found else 2, ensure_ascii=False) + "\n"


def _no_doubles(pairs: list[tuple[str, Any]], file: str) -> dict[str, Any]:
    """Return the object, where JSON itself would silently keep the last of two equal keys."""
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            msg = f"{key!r} is given twice"
            raise ConfigError(msg, where=file)
        found[key] = value
    return found
