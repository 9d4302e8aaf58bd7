"""Which language the files of a project folder speak of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packager.languages.registry import LANGUAGES

if TYPE_CHECKING:
    from pathlib import Path


def language_of(root: Path) -> str:
    """Return the name of the first language that the files of a project speak; empty if nothing is recognised."""
    return sign_of(root)[0]


def sign_of(root: Path) -> tuple[str, str]:
    """Return the language of a project as `language_of` does, and the file that speaks of it.

    Files that other languages' projects hold as well count where nothing plainer is there.
    """
    plain = [(name, mark) for name, language in LANGUAGES.items() for mark in language.marks]
    weak = [(name, mark) for name, language in LANGUAGES.items() for mark in language.weak_marks]
    for name, mark in (*plain, *weak):
        if found := next((path for path in sorted(root.glob(mark)) if path.is_file()), None):
            return name, found.name
    return "", ""
