"""Single files of a project folder, and the language they speak of."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def language_of(root: Path) -> str:
    """Return ``nodejs``, ``python`` or ``provided`` by the files of a project; empty if nothing is recognised."""
    if (root / "package.json").is_file():
        return "nodejs"
    if any((root / name).is_file() for name in ("requirements.txt", "pyproject.toml", "lambda_function.py")):
        return "python"
    if (root / "bootstrap").is_file():
        return "provided"
    return ""
