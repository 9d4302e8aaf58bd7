"""Sphinx's settings: Markdown by MyST, furo's look, and nothing that a reader's browser fetches from elsewhere."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE / "_ext"))

import reference  # noqa: E402  (it lies in _ext)

from packager import __version__  # noqa: E402

if TYPE_CHECKING:
    from sphinx.application import Sphinx

project = "packager"
author = "The packager developers"
version = release = __version__
extensions = ["myst_parser"]
exclude_patterns = ["_ext"]
myst_heading_anchors = 3
html_theme = "furo"
html_title = f"packager {__version__}"
html_show_copyright = False
html_copy_source = False
html_theme_options = {"top_of_page_buttons": []}
# Code is coloured where its language is known, and no text that merely looks like some language fails the build.
highlight_language = "text"

_FILES = {"design": "DESIGN.md", "contributing": "CONTRIBUTING.md", "changelog": "CHANGELOG.md"}
"""Page → the file of the repository that it shows."""


def page(name: str, text: str) -> str:
    """Return the Markdown of a page: made from the program, a file of the repository, or what is written in it."""
    if name in reference.PAGES:
        return reference.PAGES[name]()
    if name in _FILES:
        text = (HERE.parent / _FILES[name]).read_text(encoding="utf-8")
    # What lies beside docs/ in the repository is no page here: its path is shown.
    return re.sub(r"\[([^\]]+)\]\(\.\./([^)]+)\)", r"\1 (`\2`)", text)


def setup(app: Sphinx) -> None:
    """Have Sphinx ask `page` for each text."""

    def read(_: Sphinx, name: str, source: list[str]) -> None:
        source[0] = page(name, source[0])

    app.connect("source-read", read)
