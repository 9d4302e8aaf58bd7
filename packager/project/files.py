"""Which language the files of a project folder speak of."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_SIGNS = (
    ("nodejs", ("package.json",)),
    ("python", ("requirements.txt", "pyproject.toml", "lambda_function.py")),
    ("provided", ("bootstrap",)),
    ("python", ("Pipfile", "Pipfile.lock", "uv.lock", "poetry.lock", "pdm.lock", "pylock.toml", "pylock.*.toml")),
)
"""Language → files that speak of it, the plainest first."""


def language_of(root: Path) -> str:
    """Return ``nodejs``, ``python`` or ``provided`` by the files of a project; empty if nothing is recognised."""
    return sign_of(root)[0]


def sign_of(root: Path) -> tuple[str, str]:
    """Return the language of a project as `language_of` does, and the file that speaks of it."""
    for language, names in _SIGNS:
        for name in names:
            if found := next((path for path in sorted(root.glob(name)) if path.is_file()), None):
                return language, found.name
    return "", ""
