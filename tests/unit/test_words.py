"""The list of words: what no message, docstring, comment or document says, and what to write in its place."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.checkout  # the texts beside the package, too

ROOT = Path(__file__).parents[2]
LIST = ROOT / "tests/support/words.txt"
PLACES = ("packager", "tests", "benchmarks", "samples", "lambda_layers", "docs", "dockerfiles", ".ci")
READ = {".py", ".md", ".cjs", ".mjs", ".js", ".ts", ".yaml", ".yml", ".toml", ".sh", ""}
PACKED = ("samples/*/*", "lambda_layers/*/*/*")
"""What goes into archives, but for code of ours in Python and READMEs: a word changed there changes their bytes."""


@cache
def listed() -> dict[re.Pattern[str], str]:
    """Return pattern → what to write in its place."""
    rows = [line for line in LIST.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    pairs = [row.split(" => ") for row in rows]
    return {re.compile(word.replace(" ", r"\s+"), re.IGNORECASE): instead for word, instead in pairs}


@cache
def any_listed() -> re.Pattern[str]:
    """Return all of them as one, which is quicker where there is nothing to be found."""
    return re.compile("|".join(f"(?:{pattern.pattern})" for pattern in listed()), re.IGNORECASE)


def files() -> Iterator[Path]:
    """Yield every file with text of ours."""
    yield from sorted(ROOT.glob("*.md"))
    yield ROOT / "run"
    for place in PLACES:
        for path in sorted((ROOT / place).rglob("*")):
            shown = path.relative_to(ROOT)
            # ``rglob`` also meets what an editor, a build or an install has left beside the sources.
            ours = not {"node_modules", "__pycache__", "dist", ".serverless"} & set(shown.parts)
            packed = any(shown.match(pattern) or shown.parent.match(pattern) for pattern in PACKED)
            if (
                ours
                and path.is_file()
                and path.suffix in READ
                and (not packed or path.suffix == ".py")
                and path.name != "test_words.py"
            ):
                yield path


def prose(path: Path) -> Iterator[tuple[int, str]]:
    """Yield (line, text) of what people read: a Python file's strings and comments, any other file as a whole."""
    text = path.read_text(encoding="utf-8", errors="replace")
    if path.suffix == ".py":
        yield from python_prose(text)
    else:
        yield 1, re.sub(r"(?m)^(\s*)(#|//|\*)(?= )", r"\1 ", text)  # a phrase may go on in the next line of a comment


def python_prose(text: str) -> Iterator[tuple[int, str]]:
    """Yield (line, text) of each string, and of each run of comment lines."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, node.value
    comments: list[str] = []
    last = 0
    for number, line in enumerate(text.splitlines(), 1):
        _, found, comment = line.partition("#")  # in a string, too: that is read anyway
        if not found:
            continue
        if number != last + 1:
            yield last, " ".join(comments)
            comments = []
        comments.append(comment.lstrip("# "))
        last = number
    yield last, " ".join(comments)


def said(path: Path) -> Iterator[str]:
    """Yield FILE:LINE of each listed word, with what to write in its place."""
    for line, text in prose(path):
        if not any_listed().search(text):
            continue
        for pattern, instead in listed().items():
            for match in pattern.finditer(text):
                at = line + text.count("\n", 0, match.start())
                yield f"{path.relative_to(ROOT)}:{at}: {' '.join(match[0].split())!r}: write {instead}"


def test_no_text_uses_a_listed_word() -> None:
    assert [line for path in files() for line in said(path)] == []


@pytest.mark.parametrize(
    "text",
    [
        '"""Nobody knows."""',
        'x = f"{1} made anew"',
        'x = ("tried in "\n     "vain")',
        "# it ended without\n# a word\n",
        "'fine'",
    ],
)
def test_each_kind_of_text_is_read(text: str) -> None:
    assert any(pattern.search(part) for _, part in python_prose(text) for pattern in listed())


@pytest.mark.parametrize("text", ["fine = 1", "def anew(): ...", "'github-fine-grained'", "# refined"])
def test_names_in_code_are_not_text(text: str) -> None:
    assert not any(pattern.search(part) for _, part in python_prose(text) for pattern in listed())


def test_the_list_says_what_to_write_in_place() -> None:
    assert listed()
    assert all(listed().values())
    assert {path.name for path in files()} >= {"README.md", "DESIGN.md", "FINDINGS.md", "group.py", "docker-up", "run"}
