"""Our own programs beside the modules: they go to an interpreter as text, so that no builder has to bring files."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

_FOLDER = Path(__file__).parent


@lru_cache(maxsize=16)
def script(*names: str) -> str:
    """Return the text of the files, one after the other: what an earlier one defines, a later one may use."""
    return "".join((_FOLDER / name).read_text(encoding="utf-8") for name in names)
