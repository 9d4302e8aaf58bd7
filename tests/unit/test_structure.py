"""Habits of the code that the type checker does not know: read from the sources, nothing is run."""

from __future__ import annotations

import ast
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

import packager

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(packager.__file__).parent
MOST_PARAMETERS = 7
PUBLIC = {"prove/prover.py:prove"}
"""Functions of `packager.__all__` with more parameters; click's commands have one for each option."""
OFFLINE_FILES = 4
"""The wish to fetch nothing is asked for at the door: what lies deeper is told what it may do."""


def _modules() -> Iterator[tuple[str, ast.Module]]:
    for file in sorted(ROOT.rglob("*.py")):
        if "_bundled" not in file.parts:
            yield file.relative_to(ROOT).as_posix(), ast.parse(file.read_text(encoding="utf-8"))


MODULES = dict(_modules())


def _is_command(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return any("command" in ast.unparse(decorator) for decorator in function.decorator_list)


def _parameters(function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[str]:
    given = function.args
    names = [each.arg for each in (*given.posonlyargs, *given.args, *given.kwonlyargs)]
    names += [each.arg for each in (given.vararg, given.kwarg) if each is not None]
    return names[1:] if names[:1] in (["self"], ["cls"]) else names


def test_there_is_something_to_look_at() -> None:
    assert len(MODULES) > 300


def test_no_function_has_more_parameters_than_a_reader_can_hold() -> None:
    guilty = {
        f"{file}:{node.name}": len(_parameters(node))
        for file, tree in MODULES.items()
        for node in ast.walk(tree)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and not _is_command(node)
        if len(_parameters(node)) > MOST_PARAMETERS
    }

    assert guilty.keys() == PUBLIC


def test_a_class_name_means_one_class() -> None:
    where: dict[str, list[str]] = defaultdict(list)
    for file, tree in MODULES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                where[node.name].append(file)

    assert {name: files for name, files in where.items() if len(files) > 1} == {}


def test_the_wish_to_fetch_nothing_is_not_handed_down() -> None:
    asking = set()
    for file, tree in MODULES.items():
        for node in ast.walk(tree):
            names = {
                getattr(node, "id", ""),
                getattr(node, "attr", ""),
                getattr(node, "arg", "") or "",
            }
            if "offline" in names:
                asking.add(file)

    assert len(asking) <= OFFLINE_FILES, sorted(asking)
