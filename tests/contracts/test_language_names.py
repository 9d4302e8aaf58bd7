"""A language is asked, not compared: outside `languages` nothing is decided by the name of one."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import packager
from packager.languages.registry import LANGUAGES

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(packager.__file__).parent
CONSTANTS = {"DEFAULT_LANGUAGE", "UNKNOWN_LANGUAGE"}
LOOK_UPS = {"get", "pop", "setdefault", "startswith", "endswith", "removeprefix", "index", "count"}
ALLOWED = {
    ("model/targets.py", "Literal"): "the type of the names; held against LANGUAGES by test_languages.py",
    ("model/trim_rules.py", "Literal"): "the shape of a file of the catalog; held against LANGUAGES likewise",
    ("model/bytecode.py", "dict"): "a key of the manifest: which Python compiled",
}


def _named(node: ast.AST | None) -> bool:
    """Return whether an expression is a language's name, or a collection with one."""
    if isinstance(node, ast.Constant):
        return isinstance(node.value, str) and node.value in LANGUAGES
    if isinstance(node, ast.Name):
        return node.id in CONSTANTS
    return isinstance(node, (ast.Tuple, ast.List, ast.Set)) and any(_named(item) for item in node.elts)


def _faults(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Yield (kind, line) of everything that decides by a language's name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare) and any(_named(side) for side in (node.left, *node.comparators)):
            yield "compare", node.lineno
        elif isinstance(node, ast.MatchValue) and _named(node.value):
            yield "match", node.lineno
        elif isinstance(node, ast.Dict) and any(_named(key) for key in node.keys):
            yield "dict", node.lineno
        elif isinstance(node, ast.Subscript) and _named(node.slice):
            literal = isinstance(node.value, ast.Name) and node.value.id == "Literal"
            yield ("Literal" if literal else "subscript"), node.lineno
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            if node.func.attr in LOOK_UPS and node.args and _named(node.args[0]):
                yield node.func.attr, node.lineno
        elif isinstance(node, (ast.Set, ast.List, ast.Tuple)) and sum(_named(item) for item in node.elts) > 1:
            yield "collection", node.lineno
        elif isinstance(node, ast.ImportFrom) and _of_one_language(node):
            yield "import", node.lineno


def _of_one_language(node: ast.ImportFrom) -> bool:
    modules = {f"{node.module}.{alias.name}" for alias in node.names}
    inside = {name for name in modules if name.startswith("packager.languages.")}
    return any(not name.startswith("packager.languages.registry.") for name in inside)


def test_no_module_decides_by_the_name_of_a_language() -> None:
    files = [path for path in ROOT.rglob("*.py") if path.relative_to(ROOT).parts[0] != "languages"]
    found = {
        (path.relative_to(ROOT).as_posix(), kind, line)
        for path in files
        for kind, line in _faults(ast.parse(path.read_text(encoding="utf-8")))
    }
    tuples_of_literals = {(file, line) for file, kind, line in found if kind == "Literal"}
    rest = {
        (file, kind, line)
        for file, kind, line in found
        if (file, kind) not in ALLOWED and not (kind == "collection" and (file, line) in tuples_of_literals)
    }

    assert len(files) > 300
    assert not rest
    assert {(file, kind) for file, kind, _ in found} >= ALLOWED.keys()


@pytest.mark.parametrize(
    "code",
    [
        'target.language == "nodejs"',
        '"python" != language',
        'language in ("nodejs", "python")',
        'language not in {"provided"}',
        "language == UNKNOWN_LANGUAGE",
        'match language:\n    case "python":\n        pass',
        'TABLE = {"nodejs": 1}',
        'TABLE["python"]',
        'runtimes.get("python", "")',
        'runtime.startswith("nodejs")',
        'NAMES = ("nodejs", "python")',
        'NAMES = frozenset({"nodejs", "java", "python"})',
        'How = Literal["nodejs", "other"]',
        "from packager.languages.nodejs.advice import NPM_CPU",
        "from packager.languages import custom",
    ],
)
def test_every_way_of_deciding_is_seen(code: str) -> None:
    assert list(_faults(ast.parse(code)))


@pytest.mark.parametrize(
    "code",
    [
        'find(language, "npm")',
        "runtime = host.default_runtimes[language]",
        'report("start", runtime="python")',
        "from packager.languages.registry import LANGUAGES",
        'shutil.which("python")',
        'language: Language = "nodejs"',
    ],
)
def test_what_decides_nothing_is_no_fault(code: str) -> None:
    assert not list(_faults(ast.parse(code)))
