"""Documents people wrote (YAML, JSON, TOML): values of the right type, or an error that points at file and key."""

from __future__ import annotations

import difflib
import json
import sys
from typing import TYPE_CHECKING, Any

from packager.core.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

_TYPE_NAMES: dict[type, str] = {
    str: "text", int: "a number", float: "a number", bool: "true or false", dict: "a mapping", list: "a list",
}  # fmt: skip

_OPENING = ("[", "{", "- ", "? ")
_MANY = 5000


def read_yaml(path: Path) -> Any:
    """Return what a file holds. Raises ConfigError naming the line of a mistake, a key given twice included."""
    import yaml

    text = ""
    try:
        text = path.read_text(encoding="utf-8-sig")
        loader = _loader(text)
        try:
            node = loader.get_single_node()
            if node is None:
                return None
            _refuse_doubles(node)
            return loader.construct_document(node)
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f"{path.name}: line {mark.line + 1}" if mark is not None else path.name
        line = text.splitlines()[mark.line] if mark is not None and mark.line < len(text.splitlines()) else ""
        tabbed = "\t" in line[: len(line) - len(line.lstrip())]
        hint = "indent with spaces: YAML allows no tabs" if tabbed else ""
        raise ConfigError(error.problem or str(error), where=where, fix=hint) from error
    except yaml.YAMLError as error:
        raise ConfigError(str(error), where=path.name) from error
    except RecursionError as error:
        raise ConfigError("is nested too deeply", where=path.name) from error  # noqa: EM101
    except UnicodeDecodeError as error:
        raise ConfigError("is not UTF-8 text", where=path.name) from error  # noqa: EM101
    except OSError as error:
        raise ConfigError(error.strerror or str(error), where=path.name) from error


def _loader(text: str) -> Any:
    """Return the fast loader, but for a text that may be nested so deeply that it would end the process."""
    import yaml

    if sum(map(text.count, _OPENING)) > _MANY:
        return yaml.SafeLoader(text)
    return getattr(yaml, "CSafeLoader", yaml.SafeLoader)(text)


def _refuse_doubles(root: Any) -> None:
    """Raise for a mapping that has a key twice, where YAML itself silently takes the last."""
    import yaml

    waiting, seen = [root], set()
    while waiting:
        node = waiting.pop()
        if id(node) in seen or isinstance(node, yaml.ScalarNode):
            continue
        seen.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            waiting += node.value
            continue
        keys = set()
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode) and key.tag != "tag:yaml.org,2002:merge":
                if key.value in keys:
                    problem = f"{key.value!r} is there twice"
                    raise yaml.constructor.ConstructorError(None, None, problem, key.start_mark)
                keys.add(key.value)
            waiting.append(value)


class Section:
    """A mapping of the document with the path that leads to it, for messages that point at the key."""

    def __init__(self, data: Any, where: str) -> None:
        """`where` is the file, ``packager.yaml``, or file and keys, ``packager.yaml: bundles.api``."""
        if not isinstance(data, dict):
            msg = f"expected a mapping, found {_kind(data)}"
            raise ConfigError(msg, where=where)
        self.data = data
        self.where = where

    def key(self, name: str) -> str:
        """Return the path of a key, as the user would write it."""
        return f"{self.where}.{name}" if ": " in self.where else f"{self.where}: {name}"

    def has(self, name: str) -> bool:
        """Return whether the key is there and not null."""
        return self.data.get(name) is not None

    def only(self, *known: str) -> None:
        """Refuse keys that are not known, guessing at the misprint."""
        for name in self.data:
            if name not in known:
                fix = f"{_guess(str(name), known)}keys are: {', '.join(known)}"
                raise ConfigError("unknown key", where=self.key(str(name)), fix=fix)  # noqa: EM101

    def get(self, name: str, types: Any, **default: Any) -> Any:
        """Return a value of the given type(s); without a default the key is required."""
        value = self.data.get(name)
        if value is None:
            if "default" in default:
                return default["default"]
            raise ConfigError("required key is missing", where=self.key(name))  # noqa: EM101
        # bool is an int to Python but never to a reader of YAML.
        wrong = not isinstance(value, types) or (isinstance(value, bool) and types is not bool)
        if wrong:
            names = [_TYPE_NAMES[each] for each in (types if isinstance(types, tuple) else (types,))]
            msg = f"expected {' or '.join(dict.fromkeys(names))}, found {_kind(value)}"
            raise ConfigError(msg, where=self.key(name))
        return value

    def strings(self, name: str) -> tuple[str, ...]:
        """Return a list of strings; one bare string stands for a list of one."""
        value = self.get(name, (str, list), default=())
        items = [value] if isinstance(value, str) else list(value)
        for index, item in enumerate(items):
            if not isinstance(item, str):
                msg = f"expected text, found {_kind(item)}"
                raise ConfigError(msg, where=f"{self.key(name)}[{index}]")
        return tuple(items)

    def sub(self, name: str) -> Section | None:
        """Return a mapping below this one; None where the key is absent."""
        return Section(self.data[name], self.key(name)) if self.has(name) else None

    def choice(self, name: str, choices: tuple[str, ...], default: str) -> str:
        """Return one of a few words."""
        value = str(self.get(name, str, default=default))
        if value not in choices:
            msg = f"unknown value {value!r}"
            fix = f"{_guess(value, choices)}use one of: {', '.join(choices)}"
            raise ConfigError(msg, where=self.key(name), fix=fix)
        return value


def _guess(word: str, known: tuple[str, ...]) -> str:
    close = difflib.get_close_matches(word, known, n=1)
    return f"did you mean {close[0]!r}? " if close else ""


def _kind(value: Any) -> str:
    return "nothing" if value is None else _TYPE_NAMES.get(type(value), type(value).__name__)


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
