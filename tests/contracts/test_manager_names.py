"""A package manager is asked, not compared: outside `package_managers` nothing is decided by the name of one."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import packager
from packager.package_managers.registry import PACKAGE_MANAGERS

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(packager.__file__).parent
NAMES = {*PACKAGE_MANAGERS, "bun"}
ECOSYSTEMS = ("ecosystem", "registry")
"""What has values that are spelled like managers and means something else: where a package is published."""
MODULES = {f"packager.package_managers.{path.stem}" for path in (ROOT / "package_managers").glob("*.py")}
SHARED = ("registry", "choose", "node_platform")
ASKED = {f"packager.package_managers.{name}" for name in SHARED}
"""The modules that belong to no manager."""


def _named(node: ast.AST | None) -> bool:
    if isinstance(node, ast.Constant):
        return isinstance(node.value, str) and node.value in NAMES
    return isinstance(node, (ast.Tuple, ast.List, ast.Set)) and any(_named(item) for item in node.elts)


def _of_another_kind(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute) and node.attr in ECOSYSTEMS


def _faults(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Yield (kind, line) of everything that decides by a manager's name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare):
            sides = (node.left, *node.comparators)
            if any(map(_named, sides)) and not any(map(_of_another_kind, sides)):
                yield "compare", node.lineno
        elif isinstance(node, ast.MatchValue) and _named(node.value):
            yield "match", node.lineno
        elif isinstance(node, ast.Dict) and sum(_named(key) for key in node.keys) > 1:
            yield "dict", node.lineno
        elif isinstance(node, ast.Subscript) and _named(node.slice):
            # The type of the names is held against the dict by test_package_managers.py.
            if not (isinstance(node.value, ast.Name) and node.value.id == "Literal"):
                yield "subscript", node.lineno
        elif isinstance(node, ast.ImportFrom):
            modules = {node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)}
            if modules & (MODULES - ASKED):
                yield "import", node.lineno


def test_no_module_decides_by_the_name_of_a_manager() -> None:
    files = [path for path in ROOT.rglob("*.py") if path.relative_to(ROOT).parts[0] != "package_managers"]
    found = {
        (path.relative_to(ROOT).as_posix(), kind, line)
        for path in files
        for kind, line in _faults(ast.parse(path.read_text(encoding="utf-8")))
    }

    assert len(files) > 300
    assert not found


@pytest.mark.parametrize(
    "code",
    [
        'job.manager == "npm"',
        '"yarn" != manager',
        'manager in ("npm", "pnpm")',
        'match manager:\n    case "pip":\n        pass',
        'TABLE = {"npm": 1, "pnpm": 2}',
        'TABLE["pnpm"]',
        "from packager.package_managers.npm import integrity",
        "from packager.package_managers import yarn_classic",
    ],
)
def test_every_way_of_deciding_is_seen(code: str) -> None:
    assert list(_faults(ast.parse(code)))


@pytest.mark.parametrize(
    "code",
    [
        'part.ecosystem == "npm"',
        'shutil.which("npm")',
        'name == "node"',
        "from packager.package_managers.registry import PACKAGE_MANAGERS",
        'words = {"npm": flags}',
        'Ecosystem = Literal["npm", "pypi"]',
    ],
)
def test_what_decides_nothing_is_no_fault(code: str) -> None:
    assert not list(_faults(ast.parse(code)))
