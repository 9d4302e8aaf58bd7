"""Globs as users of this field write them: ``**`` crosses folders, ``*`` does not, ``{a,b}`` and ``!`` work."""

from __future__ import annotations

import re
from functools import lru_cache


@lru_cache(maxsize=4096)
def compiled(pattern: str) -> re.Pattern[str]:
    """Return the expression that matches whole POSIX paths. Dot files match like any other."""
    from wcmatch import glob

    flags = glob.GLOBSTAR | glob.BRACE | glob.DOTGLOB | glob.FORCEUNIX
    positive, _ = glob.translate(pattern.removeprefix("./").rstrip("/"), flags=flags)
    return re.compile("|".join(str(text) for text in positive))


@lru_cache(maxsize=4096)
def literal_part(pattern: str) -> str:
    """Return the longest text that every path matching a glob contains: asked first, as most paths lack it.

    >>> literal_part("{**/,}node_modules/.cache/**"), literal_part("*.tf")
    ('node_modules/.cache/', '.tf')
    """
    return max(re.split(r"\{[^}]*\}|\[[^\]]*\]|[*?]+", pattern), key=len)


def matches(path: str, pattern: str) -> bool:
    """Return whether a path, or a folder it lies in, matches.

    >>> matches("src/a/b.js", "src/**"), matches("src/a/b.js", "src"), matches("src/a/b.js", "*.js")
    (True, True, False)
    """
    expression = compiled(pattern)
    if expression.match(path):
        return True
    # "docs" stands for everything below docs, as in Serverless and .gitignore.
    parts = path.split("/")
    return any(expression.match("/".join(parts[:depth])) for depth in range(1, len(parts)))


def deciding_pattern(path: str, patterns: tuple[str, ...]) -> str | None:
    """Return the last pattern that speaks of this path, ``!`` included; None if none does. Last match wins."""
    for pattern in reversed(patterns):
        if matches(path, pattern.removeprefix("!")):
            return pattern
    return None


def included(path: str, patterns: tuple[str, ...]) -> tuple[bool, str]:
    """Return (kept, deciding pattern) under ordered include patterns.

    A list that starts with a positive pattern starts from nothing, one that starts with ``!`` starts from everything.

    >>> included("src/a.test.js", ("src/**", "!**/*.test.js"))
    (False, '!**/*.test.js')
    >>> included("lib/b.js", ("!**/*.md",))
    (True, '')
    """
    if not patterns:
        return True, ""
    pattern = deciding_pattern(path, patterns)
    if pattern is None:
        return patterns[0].startswith("!"), ""
    return not pattern.startswith("!"), pattern


def reaching(path: str, patterns: tuple[str, ...]) -> str:
    """Return the include pattern that decides about a file of an installed package; empty if trimming does.

    ``!`` reaches into packages as in Serverless; to keep what trimming drops, a pattern must name node_modules. Any
    other pattern that comes later takes a ``!`` back and leaves the file to trimming.

    >>> reaching("node_modules/a/x.md", ("!**/*.md",)), reaching("node_modules/a/x.md", ("!**/*.md", "**"))
    ('!**/*.md', '')
    """
    taken_back = False
    for pattern in reversed(patterns):
        if not matches(path, pattern.removeprefix("!")):
            continue
        if pattern.startswith("!"):
            return "" if taken_back else pattern
        if "node_modules" in pattern:
            return pattern
        taken_back = True
    return ""
