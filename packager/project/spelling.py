"""Paths in a configuration are written as on the target: with ``/``, relative to the project. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from packager.core.errors import ConfigError

if TYPE_CHECKING:
    from packager.model.project import BundleSpec

_DRIVE = re.compile(r"!?[A-Za-z]:[\\/]")
_SEPARATOR = re.compile(r"\\(?![\[\]{}()!,])")
"""A backslash that is no escape of a pattern: ``\\[id\\].js`` has escapes, ``src\\*.js`` is written as on Windows."""


def check_spelling(spec: BundleSpec, where: str) -> None:
    """Raise ConfigError for a path of a bundle that is written as Windows writes it."""
    if "\\" in spec.handler or _DRIVE.match(spec.handler):
        raise _refused(spec.handler, f"{where}.handler")
    lists = {"include": spec.include, "src": spec.src, "silence": tuple(each.path for each in spec.silence)}
    for key, patterns in lists.items():
        for index, pattern in enumerate(patterns):
            if _DRIVE.match(pattern) or _SEPARATOR.search(pattern):
                raise _refused(pattern, f"{where}.{key}[{index}]" if len(patterns) > 1 else f"{where}.{key}")


def _refused(text: str, where: str) -> ConfigError:
    if _DRIVE.match(text):
        msg = f"{text!r} begins with a drive: paths are relative to the project"
        return ConfigError(msg, where=where, fix="write the path inside the project, with / between folders")
    right = _SEPARATOR.sub("/", text)
    msg = f"{text!r} has a backslash between folders"
    return ConfigError(msg, where=where, fix=f"write {right!r}: paths have / on every system ([*] is a plain asterisk)")
