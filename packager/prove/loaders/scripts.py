"""The loaders of the languages, as files of this folder."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parent


BY_LANGUAGE = {"nodejs": "node_loader.cjs", "python": "python_loader.py", "provided": "bootstrap_loader.py"}


TRACE = "node_trace.cjs"
"""Preloaded where a start is taken apart."""


_BESIDE = {"nodejs": (TRACE, "node_http.cjs", "node_watch.cjs"), "python": ("python_watch.py",)}


def files(language: str) -> tuple[str, ...]:
    """Return the names of everything the loader of a language needs beside it, itself first."""
    return (BY_LANGUAGE[language], *_BESIDE.get(language, ()))
