"""YAML files people edit: read and written with their comments, order, quotes, anchors and tags."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING, Any

from packager.core.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import MutableMapping

_DASH = re.compile(r"^( *)[^\s#-][^\n]*:[ \t]*(?:#[^\n]*)?\n(?:[ \t]*(?:#[^\n]*)?\n)*( *)- ", re.MULTILINE)


def read_yaml_text(text: str, file: str) -> Any:
    """Return the document with everything a rewrite must keep. Raises ConfigError naming the line."""
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    try:
        data = _yaml(text).load(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark
        line = text.splitlines()[mark.line] if mark is not None and mark.line < len(text.splitlines()) else ""
        tabbed = "\t" in line[: len(line) - len(line.lstrip())]
        where = f"{file}: line {mark.line + 1}" if mark is not None else file
        problem = (error.problem or str(error)).splitlines()[0]
        raise ConfigError(
            problem, where=where, fix="indent with spaces: YAML allows no tabs" if tabbed else ""
        ) from error
    except YAMLError as error:
        raise ConfigError(str(error).splitlines()[0], where=file) from error
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise ConfigError("expected a mapping", where=file)  # noqa: EM101
    return data


def write_yaml_text(data: Any, like: str = "") -> str:
    """Return the text, its lists indented as in the old one."""
    stream = io.StringIO()
    _yaml(like).dump(data, stream)
    return stream.getvalue()


def own(mapping: MutableMapping[str, Any], key: str) -> None:
    """Give a mapping a copy of its own where a value comes to it through an anchor: others share that one."""
    merged = getattr(mapping, "merge", None)
    if not merged or key not in mapping:
        return
    value = mapping[key]
    if isinstance(value, (dict, list)) and any(other.get(key) is value for other in _merged_maps(merged)):
        mapping[key] = type(value)(value)


def _merged_maps(merged: Any) -> list[Any]:
    """Return the mappings behind ``<<``; the library keeps them as (index, mapping) pairs or bare."""
    maps = [item[1] if isinstance(item, tuple) else item for item in merged]
    return [item for item in maps if hasattr(item, "get")]


def _yaml(text: str) -> Any:
    from ruamel.yaml import YAML

    yaml = YAML(typ="rt")
    yaml.preserve_quotes = True
    yaml.width = 4096
    match = _DASH.search(text)
    if match is None or len(match[2]) > len(match[1]):
        yaml.indent(mapping=2, sequence=4, offset=2)
    return yaml
