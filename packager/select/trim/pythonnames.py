"""Which modules a Python file imports, told from its text. Pure.

Its own grammar is not needed for that, and cannot be had: the file may be for a newer Python than ours.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_FROM = re.compile(
    rb"^[ \t]*from[ \t]+(\.*[\w.]*)[ \t]+import[ \t]*(\([^)]*\)|[^\n#;]*(?:\\\n[^\n#;]*)*)", re.MULTILINE
)
_IMPORT = re.compile(rb"^[ \t]*import[ \t]+([^\n#;]+)", re.MULTILINE)
_NAME = re.compile(r"(\w+)(?:\s+as\s+\w+)?")
_CALLED = re.compile(rb"import_module\(\s*f?[\"']([\w.]+)[\"']")


def imported_modules(text: bytes, path: str, packages: str) -> Iterator[str]:
    """Yield what the file at `path` may import, as paths without ``.py``; `packages` is the folder modules start from.

    Of ``from a import b`` both ``a`` and ``a/b``: only the tree tells which is a module.

    >>> sorted(imported_modules(b"from ..tests import x, y as z", "np/core/a.py", "."))
    ['np/tests', 'np/tests/x', 'np/tests/y']
    >>> list(imported_modules(b"import np.tests.x as t", "deps/a.py", "deps"))
    ['deps/np/tests/x']
    """
    start = "" if packages in ("", ".") else f"{packages}/"
    for module, names in _FROM.findall(text):
        base = _base(module.decode("utf-8", "replace"), path, start)
        if base is None:
            continue
        yield base
        for name in _NAME.findall(names.decode("utf-8", "replace")):
            yield f"{base}/{name}"
    for line in _IMPORT.findall(text):
        for item in line.decode("utf-8", "replace").split(","):
            yield start + item.split(" as ")[0].strip().replace(".", "/")
    for module in _CALLED.findall(text):
        yield start + module.decode("utf-8", "replace").replace(".", "/")


def _base(module: str, path: str, start: str) -> str | None:
    """Return where a module of ``from`` lies; None where the dots lead out of the tree."""
    dots = len(module) - len(module.lstrip("."))
    inner = module[dots:].replace(".", "/")
    if not dots:
        return start + inner
    folder = path.split("/")[:-dots]
    if len(path.split("/")) <= dots:
        return None
    return "/".join([*folder, inner] if inner else folder)
