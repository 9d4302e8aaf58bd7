"""``python docs/_ext/check_pages.py FOLDER``: no page of a built site makes a browser ask another host for anything.

Links that a reader may follow are allowed; what a browser fetches by itself (styles, scripts, fonts, pictures,
frames) is not.
"""

from __future__ import annotations

import re
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_ELSEWHERE = re.compile(r"\s*(?:[a-z][a-z0-9+.-]*:)?//", re.IGNORECASE)
_FETCHED = {"src", "srcset", "poster", "data", "background", "manifest", "action", "formaction", "ping"}
_LINKS = {"canonical", "next", "prev", "search", "index", "license", "author", "help", "alternate", "me"}
"""Kinds of ``<link>`` that name an address and fetch nothing."""
_IN_STYLES = re.compile(r"(?:url\(\s*|@import\s+)['\"]?((?:https?:)?//[^'\")\s]+)", re.IGNORECASE)
_IN_SCRIPTS = re.compile(
    r"(?:fetch|import|importScripts|XMLHttpRequest|\.open|\.src\s*=|\.href\s*=|sendBeacon|WebSocket|EventSource)"
    r"[^\n;]{0,60}?['\"`]((?:https?|wss?):)?//[^'\"`\s]+",
)


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.inside = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.inside = tag if tag in ("script", "style") else ""
        given = {name: value or "" for name, value in attrs}
        for name, value in given.items():
            fetched = name in _FETCHED or (name == "href" and tag in ("image", "use", "base"))
            if tag == "link" and name == "href":
                fetched = not set(given.get("rel", "").lower().split()) <= _LINKS
            if fetched and any(_ELSEWHERE.match(part) for part in (value.split(",") if name == "srcset" else [value])):
                self.found.append(f"<{tag} {name}={value!r}>")
            if name == "style":
                self.found += in_style(value)
        if tag == "meta" and given.get("http-equiv", "").lower() == "refresh" and "//" in given.get("content", ""):
            self.found.append(f"<meta refresh {given['content']!r}>")

    def handle_endtag(self, tag: str) -> None:
        self.inside = ""

    def handle_data(self, data: str) -> None:
        if self.inside:
            self.found += (in_style if self.inside == "style" else in_script)(data)


def in_page(text: str) -> list[str]:
    """Return what a browser would fetch from another host for this HTML."""
    page = _Page()
    page.feed(text)
    page.close()
    return page.found


def in_style(text: str) -> list[str]:
    """Return what a style sheet fetches from another host."""
    return [match[0] for match in _IN_STYLES.finditer(text)]


def in_script(text: str) -> list[str]:
    """Return what a script plainly fetches from another host."""
    return [match[0] for match in _IN_SCRIPTS.finditer(text)]


_READERS = {".html": in_page, ".svg": in_page, ".css": in_style, ".js": in_script}


def requests(folder: Path) -> Iterator[str]:
    """Yield FILE: WHAT for each thing that would be fetched from another host."""
    for path in sorted(folder.rglob("*")):
        reader = _READERS.get(path.suffix)
        if reader:
            for what in reader(path.read_text(encoding="utf-8", errors="replace")):
                yield f"{path.relative_to(folder)}: {what}"


def main(folder: Path) -> int:
    """Print what was found; 1 if there was anything, or if there is no page at all."""
    found = list(requests(folder))
    pages = len(list(folder.rglob("*.html")))
    for line in found:
        print(line)
    print(f"{pages} pages, {len(found)} requests to other hosts")
    return 1 if found or not pages else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
