"""Where a package's licence stands: in files of its own, or as a chapter of its README. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_LICENCE = re.compile(r"(licen[cs]e|copying|notice|unlicense)([._-].*)?", re.IGNORECASE)
_README = re.compile(r"readme([._-].*)?", re.IGNORECASE)
_CODE = (".js", ".cjs", ".mjs", ".ts", ".json")
_CHAPTER = re.compile(r"^(#+[^\n]*licen[cs]|[^\n]*licen[cs][^\n]*\r?\n(=+|-+)\s*$)", re.IGNORECASE | re.MULTILINE)
"""A heading of Markdown or reStructuredText."""


def is_licence(name: str) -> bool:
    """Return whether a file's name says that it holds a licence.

    >>> is_licence("LICENSE-MIT.txt"), is_licence("license.js")
    (True, False)
    """
    return bool(_LICENCE.fullmatch(name)) and not name.endswith(_CODE)


def licence_files(names: Iterable[str]) -> frozenset[str]:
    """Return which of the files directly in a package hold its licence: the README where there is none for it.

    >>> sorted(licence_files(["LICENSE", "README.md"])), sorted(licence_files(["index.js", "Readme.md"]))
    (['LICENSE'], ['Readme.md'])
    """
    given = [*names]
    own = [name for name in given if is_licence(name)]
    return frozenset(own or (name for name in given if _README.fullmatch(name) and not name.endswith(_CODE)))


def licence_text(name: str, text: str) -> str:
    """Return what of a file's text is licence: all of it, or a README from its chapter on; empty if it has none.

    >>> licence_text("readme.md", "# image\\n\\nFast.\\n\\n## License (MIT)\\n\\nDo what you like.\\n")
    '## License (MIT)\\n\\nDo what you like.'
    """
    if is_licence(name):
        return text.strip()
    chapter = _CHAPTER.search(text)
    return text[chapter.start() :].strip() if chapter else ""
