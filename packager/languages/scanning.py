"""What languages share: a look into the usual entry files."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import re
    from pathlib import Path


def first_handler(root: Path, stems: tuple[str, ...], suffixes: tuple[str, ...], pattern: re.Pattern[str]) -> str:
    """Return the first handler that a file of these names defines, ``src/handler.handler``; empty if none does.

    The first group of `pattern` that matches is the handler's name.
    """
    for stem in stems:
        for suffix in suffixes:
            path = root / f"{stem}{suffix}"
            if not path.is_file():
                continue
            match = pattern.search(path.read_text(encoding="utf-8", errors="replace"))
            if match:
                return f"{stem}.{next(group for group in match.groups() if group)}"
    return ""
