"""The loaders of the languages, as files of this folder."""

from __future__ import annotations

from pathlib import Path

from packager.languages.registry import LANGUAGES

FOLDER = Path(__file__).parent


def files(language: str) -> tuple[str, ...]:
    """Return the names of everything the loader of a language needs beside it, itself first."""
    proof = LANGUAGES[language].proof
    return (proof.loader, *proof.beside)
