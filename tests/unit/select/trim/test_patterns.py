"""Globs as users write them, and ordered include patterns."""

from __future__ import annotations

import pytest

from packager.select.trim.patterns import included, matches


@pytest.mark.parametrize(
    ("path", "pattern", "wanted"),
    [
        ("src/a.js", "src/*.js", True),
        ("src/deep/a.js", "src/*.js", False),
        ("src/deep/a.js", "src/**/*.js", True),
        ("src/a.js", "src/**/*.js", True),
        ("a.js", "**/*.js", True),
        ("src/.hidden/a.js", "src/**", True),
        (".env", "*", True),
        ("docs/a/b.md", "docs", True),
        ("docs/a/b.md", "docs/", True),
        ("mydocs/a.md", "docs", False),
        ("src/a.js", "./src/a.js", True),
        ("a.ts", "*.{js,ts}", True),
        ("a.jsx", "*.{js,ts}", False),
        ("a1.js", "a[0-9].js", True),
        ("A.js", "a.js", False),
        ("with space/ü.js", "with space/*.js", True),
        ("a(1).js", "a(1).js", True),
        ("node_modules/@a/b/c.js", "node_modules/@a/*/c.js", True),
    ],
)
def test_one_pattern(path: str, pattern: str, wanted: bool) -> None:
    assert matches(path, pattern) is wanted


@pytest.mark.parametrize(
    ("path", "patterns", "kept", "pattern"),
    [
        ("a.js", (), True, ""),
        ("src/a.js", ("src/**",), True, "src/**"),
        ("lib/a.js", ("src/**",), False, ""),
        ("lib/a.js", ("!src/**",), True, ""),
        ("src/a.js", ("!src/**",), False, "!src/**"),
        ("src/a.test.js", ("src/**", "!**/*.test.js"), False, "!**/*.test.js"),
        ("src/a.test.js", ("!**/*.test.js", "src/**"), True, "src/**"),
        ("src/keep.test.js", ("src/**", "!**/*.test.js", "src/keep.test.js"), True, "src/keep.test.js"),
    ],
)
def test_the_last_match_wins(path: str, patterns: tuple[str, ...], kept: bool, pattern: str) -> None:
    assert included(path, patterns) == (kept, pattern)
