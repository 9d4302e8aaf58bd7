"""Where a package's licence is found."""

from __future__ import annotations

import pytest

from packager.select.trace.licences import is_licence, licence_files, licence_text


@pytest.mark.parametrize("name", ["LICENSE", "licence.md", "LICENSE-MIT", "COPYING.LESSER", "NOTICE.txt", "UNLICENSE"])
def test_files_of_licences(name: str) -> None:
    assert is_licence(name)
    assert licence_files([name, "README.md", "index.js"]) == {name}


@pytest.mark.parametrize("name", ["license.js", "licenses.json", "notices", "relicense"])
def test_files_of_something_else(name: str) -> None:
    assert not is_licence(name)


@pytest.mark.parametrize("name", ["README", "readme.md", "Readme.markdown", "README.rst"])
def test_the_readme_stands_in_for_a_missing_file(name: str) -> None:
    assert licence_files([name, "package.json", "readme.js"]) == {name}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("# a\n\n## license\n\nMIT\n", "## license\n\nMIT"),
        ("# a\n\n### Copyright and licence ###\nMIT", "### Copyright and licence ###\nMIT"),
        ("a\n=\n\nLicense\n-------\n\nMIT\n", "License\n-------\n\nMIT"),
        ("a\r\n\r\nLICENSE\r\n=======\r\nMIT\r\n", "LICENSE\r\n=======\r\nMIT"),
        ("# a\n\nIt checks whether a license is valid.\n\n## Use\n", ""),
        ("", ""),
    ],
)
def test_the_chapter_of_a_readme(text: str, found: str) -> None:
    assert licence_text("README.md", text) == found
