"""Single files of a project folder, and the language they speak of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packager.languages.registry import LANGUAGES

if TYPE_CHECKING:
    from pathlib import Path


def language_of(root: Path) -> str:
    """Return the name of the first language that the files of a project speak; empty if nothing is recognised."""
    return next((name for name, language in LANGUAGES.items() if language.detect(root)), "")
