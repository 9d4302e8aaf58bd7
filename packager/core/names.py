"""Names of files as other systems see them."""

from __future__ import annotations


def folded(path: str) -> str:
    r"""Return the name as a file system that ignores case and Unicode's normal forms sees it (macOS, Windows).

    >>> folded("Src/A.js"), folded("e\u0301") == folded("\u00c9")
    ('src/a.js', True)
    """
    if path.isascii():
        return path.lower()
    import unicodedata

    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", path).casefold())
