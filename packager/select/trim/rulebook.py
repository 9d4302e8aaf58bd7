"""The rules of a trim level as one quick question: which rule drops this file of a package?

A tree has tens of thousands of files and there are hundreds of patterns, so nothing is tried one after the other: file
names are looked up by what follows their dots, folders by their name, and each distinct name is judged once.
"""

from __future__ import annotations

import fnmatch
import re
from functools import lru_cache
from typing import TYPE_CHECKING

from packager.catalog.trim_rules import trim_rules
from packager.languages.registry import with_layout
from packager.select.trim.patterns import compiled, literal_part

if TYPE_CHECKING:
    from collections.abc import Iterable

    from packager.model.languages import PackageLayout
    from packager.model.plan import TrimLevel
    from packager.model.trim_rules import Scope, TrimRule

_LEVELS: dict[TrimLevel, frozenset[str]] = {
    "none": frozenset({"always"}),
    "safe": frozenset({"always", "safe"}),
    "strict": frozenset({"always", "safe", "strict"}),
    "trace": frozenset({"always", "safe", "strict"}),
    "bundle": frozenset({"always", "safe", "strict"}),
}


class Rulebook:
    """The rules of one language that hold at one level."""

    def __init__(self, rules: Iterable[TrimRule]) -> None:
        self._rules = tuple(rules)
        self._by_name = _NamePatterns([rule.names for rule in self._rules])
        self._kept = _NamePatterns([rule.keep for rule in self._rules])
        self._besides = _NamePatterns([rule.beside for rule in self._rules])
        self._folders = _index([rule.folders for rule in self._rules])
        self._tops = _index([rule.top for rule in self._rules])
        self._keep_folders = _index([rule.keep_folders for rule in self._rules])
        self._paths = [
            (literal_part(pattern), compiled(pattern), number)
            for number, rule in enumerate(self._rules)
            for pattern in rule.paths
        ]
        self._excepted: dict[str, frozenset[int]] = {}

    def rule(self, inner: str, package: str = "", beside: frozenset[str] = frozenset()) -> TrimRule | None:
        """Return the rule that drops a file, None if it stays.

        `inner` is its path from the package's folder, or from the project's; `beside` are the names of the files that
        lie directly there.
        """
        *folders, name = inner.lower().split("/")
        found = set(self._by_name.of(name))
        for folder in folders:
            found.update(self._folders.get(folder, ()))
        if folders:
            found.update(self._tops.get(folders[0], ()))
        found.update(number for part, path, number in self._paths if part in inner and path.match(inner))
        if not found:
            return None
        found.difference_update(self._kept.of(name))
        for folder in folders:
            found.difference_update(self._keep_folders.get(folder, ()))
        found -= self._excepted_for(package)
        return next((self._rules[n] for n in sorted(found) if self._is_there(n, beside)), None)

    def _is_there(self, number: int, beside: frozenset[str]) -> bool:
        """Return whether the files that a rule wants to see are there."""
        return not self._rules[number].beside or any(number in self._besides.of(name.lower()) for name in beside)

    def _excepted_for(self, package: str) -> frozenset[int]:
        if package not in self._excepted:
            self._excepted[package] = frozenset(
                number
                for number, rule in enumerate(self._rules)
                if any(fnmatch.fnmatchcase(package, pattern) for pattern in rule.exceptions)
            )
        return self._excepted[package]


class _NamePatterns:
    """Which rules' globs of file names match a name; lower case."""

    def __init__(self, globs: list[tuple[str, ...]]) -> None:
        self._endings: dict[str, list[int]] = {}
        self._exact: dict[str, list[int]] = {}
        self._others: list[tuple[re.Pattern[str], int]] = []
        self._known: dict[str, tuple[int, ...]] = {}
        for number, patterns in enumerate(globs):
            for pattern in patterns:
                lower = pattern.lower()
                if not re.search(r"[*?\[]", lower):
                    self._exact.setdefault(lower, []).append(number)
                elif lower.startswith("*.") and not re.search(r"[*?\[]", lower[2:]):
                    self._endings.setdefault(lower[1:], []).append(number)
                else:
                    self._others.append((re.compile(fnmatch.translate(lower)), number))

    def of(self, name: str) -> tuple[int, ...]:
        """Return the numbers of the rules that mean this name."""
        known = self._known.get(name)
        if known is None:
            found = [*self._exact.get(name, ())]
            at = name.find(".")
            while at >= 0:
                found += self._endings.get(name[at:], ())
                at = name.find(".", at + 1)
            found += [number for pattern, number in self._others if pattern.match(name)]
            known = self._known[name] = tuple(found)
        return known


def _index(names: list[tuple[str, ...]]) -> dict[str, list[int]]:
    """Return name → numbers of the rules that have it."""
    found: dict[str, list[int]] = {}
    for number, folders in enumerate(names):
        for folder in folders:
            found.setdefault(folder.lower(), []).append(number)
    return found


def rulebook(language: str, level: TrimLevel, *scopes: Scope) -> Rulebook:
    """Return the rules of a language's file that hold at a level and in one of these scopes."""
    return _rules_of((language,), level, scopes)


def package_rules(layout: PackageLayout, level: TrimLevel) -> Rulebook:
    """Return the rules for installed packages of the languages that lay them out so."""
    return _rules_of(with_layout(layout), level, ("package", "both"))


@lru_cache(maxsize=16)
def _rules_of(languages: tuple[str, ...], level: TrimLevel, scopes: tuple[Scope, ...]) -> Rulebook:
    wanted = _LEVELS[level]
    return Rulebook(
        rule
        for file in trim_rules()
        if file.language in languages
        for rule in file.rules
        if rule.level in wanted and rule.scope in scopes
    )
