"""Where Python looks for the compiled form of a module: PEP 3147, and PEP 488 for levels of optimisation. Pure."""

from __future__ import annotations

import re

FOLDER = "__pycache__"
_COMPILED = re.compile(r"(?P<folder>(?:.*/)?)__pycache__/(?P<stem>[^/.]+)\.cpython-\d+(?:\.opt-\w+)?\.pyc")


def bytecode_path(source: str, version: str, optimize: int = 0) -> str:
    """Return where CPython of that version looks for what it has made of a source file; empty if it never looks.

    >>> bytecode_path("numpy/linalg/__init__.py", "3.12"), bytecode_path("app.py", "3.9", 2)
    ('numpy/linalg/__pycache__/__init__.cpython-312.pyc', '__pycache__/app.cpython-39.opt-2.pyc')
    >>> bytecode_path("conf.sample.py", "3.12")  # no name that can be imported
    ''
    """
    folder, slash, name = source.rpartition("/")
    stem, _, ending = name.rpartition(".")
    if ending != "py" or not stem or "." in stem:
        return ""
    level = f".opt-{optimize}" if optimize else ""
    return f"{folder}{slash}{FOLDER}/{stem}.cpython-{version.replace('.', '')}{level}.pyc"


def source_path(path: str) -> str:
    """Return the source that a file of a ``__pycache__`` was made of, which lies beside that folder; else empty.

    >>> source_path("numpy/__pycache__/__init__.cpython-312.pyc"), source_path("numpy/__init__.py")
    ('numpy/__init__.py', '')
    """
    match = _COMPILED.fullmatch(path)
    return f"{match['folder']}{match['stem']}.py" if match else ""
