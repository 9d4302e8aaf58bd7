"""The rules of the trim levels as data: what is shipped is sound, what is broken is refused by name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from packager.catalog.trim_rules import load_rules, trim_rules
from packager.core.errors import CatalogError
from packager.select.trim.rulebook import rulebook

if TYPE_CHECKING:
    from pathlib import Path

READ_BY_CODE = (
    "package.json", "data.json", "a.wasm", "a.node", "a.proto", "a.html", "a.txt", "a.pem", "a.js", "a.mjs", "a.cjs",
    "a.py", "a.so", "a.so.1", "a.css", "a.yml", "a.yaml", "a.afm", "a.ttf", "a.dat", "a.bin", "a.sql", "a.graphql",
    "a.ejs", "a.pug", "a.hbs", "a.tmpl", "a.svg", "a.xml", "METADATA", "entry_points.txt", "RECORD",
)  # fmt: skip
LICENCES = ("LICENSE", "LICENCE.md", "license-mit.txt", "MIT.LICENSE", "NOTICE.md", "COPYING", "ThirdPartyNotices.md")


@pytest.mark.parametrize("language", ["nodejs", "python"])
@pytest.mark.parametrize("name", [*READ_BY_CODE, *LICENCES])
def test_no_rule_goes_by_the_name_of_what_code_reads(language: str, name: str) -> None:
    book = rulebook(language, "strict", "package", "both")

    assert book.rule(f"lib/{name}") is None
    assert book.rule(name) is None


@pytest.mark.parametrize("language", ["nodejs", "python"])
@pytest.mark.parametrize("name", LICENCES[:-1])
def test_licences_stay_even_where_all_else_goes(language: str, name: str) -> None:
    assert rulebook(language, "strict", "package", "both").rule(f"tests/{name}") is None


def test_every_rule_says_why_and_whence() -> None:
    rules = [rule for file in trim_rules() for rule in file.rules]

    assert [file.language for file in trim_rules()] == ["any", "nodejs", "python"]
    assert all(rule.reason and rule.source and re.fullmatch("[a-z-]+", rule.name) for rule in rules)
    assert all(why for rule in rules for why in rule.exceptions.values())
    assert all((rule.level == "always") == (file.language == "any") for file in trim_rules() for rule in file.rules)


def test_a_level_applies_what_the_one_below_applies() -> None:
    for path in ("lib/a.d.ts", "docs/a.js", "test/a.js"):
        assert rulebook("nodejs", "none", "package", "both").rule(path) is None
        assert rulebook("nodejs", "safe", "package", "both").rule(path) == (
            rulebook("nodejs", "trace", "package", "both").rule(path)
        )


GOOD = """\
language: nodejs
checked: 2026-11-22
always_kept: [licence]
rules:
- {name: docs, level: safe, names: [no, "*.md"], reason: documentation, source: seen}
"""


def test_names_are_text_whatever_yaml_takes_them_for(tmp_path: Path) -> None:
    (tmp_path / "nodejs.yaml").write_text(GOOD)

    (file,) = load_rules(tmp_path)

    (rule,) = file.rules
    assert (rule.names, rule.keep) == (("no", "*.md"), ("licence",))


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("language: nodejs", "language: python", "the file is called 'nodejs'"),
        ("level: safe", "level: bold", "level"),
        ("reason: documentation", "because: documentation", "because"),
        ('names: [no, "*.md"], ', "", "names no file"),
        ("rules:", "rules: [", "expected"),
    ],
)
def test_a_broken_file_is_refused_by_name(tmp_path: Path, before: str, after: str, message: str) -> None:
    (tmp_path / "nodejs.yaml").write_text(GOOD.replace(before, after))

    with pytest.raises(CatalogError, match=re.escape(message)) as caught:
        load_rules(tmp_path)
    assert "nodejs.yaml" in caught.value.where
