"""What is loaded before a function's own code, by the variables of its environment. Pure."""

from __future__ import annotations

import posixpath
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from packager.model.stages import TraceInputs

_OPTIONS = frozenset({"-r", "--require", "--import", "--loader", "--experimental-loader"})
_WRAPPER = "AWS_LAMBDA_EXEC_WRAPPER"


@dataclass(frozen=True)
class Preloads:
    """What Node loads first."""

    modules: tuple[str, ...] = ()
    """By names: ``dd-trace/init``."""
    files: tuple[str, ...] = ()
    """Of the project, relative to the tree, as far as they are there."""
    elsewhere: tuple[str, ...] = ()
    """What lies in a layer or the runtime, and a script that starts the runtime in its place."""


def preloads(inputs: TraceInputs) -> Preloads:
    """Return what NODE_OPTIONS and a wrapper have loaded before the handler."""
    environment = dict(inputs.environment)
    root = inputs.target.system.function_root
    modules, files, elsewhere = [], [], []
    for name in _named(_words(environment.get("NODE_OPTIONS", ""))):
        path = name.removeprefix("file://")
        if path.startswith((".", f"{root}/")):
            inside = posixpath.normpath(posixpath.relpath(posixpath.join(root, path), root))
            files += [each for end in ("", ".js", ".cjs", ".mjs") if (each := inside + end) in inputs.inventory.by_path]
        elif path.startswith("/"):
            elsewhere.append(path)
        else:
            modules.append(name)
    wrapper = environment.get(_WRAPPER, "")
    if wrapper and not wrapper.startswith(f"{root}/"):
        elsewhere.append(wrapper)
    return Preloads(tuple(modules), tuple(files), tuple(elsewhere))


def _words(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:
        return text.split()


def _named(words: Iterable[str]) -> Iterator[str]:
    """Yield what these options of Node load."""
    option = ""
    for word in words:
        name, equals, value = word.partition("=")
        if option:
            yield word
            option = ""
        elif name in _OPTIONS and equals:
            yield value
        elif name in _OPTIONS:
            option = name
