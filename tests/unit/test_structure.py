"""Habits of the code that the type checker does not know: read from the sources, nothing is run."""

from __future__ import annotations

import ast
import re
from collections import Counter, defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

import packager

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(packager.__file__).parent
MOST_PARAMETERS = 7
PUBLIC = {"prove/prover.py:prove"}
"""Functions of `packager.__all__` with more parameters; click's commands have one for each option."""
ANY_WORDS = {
    "core/document.py:get",  # `default=` may be given as None, too: only the words tell
    "prove/loaders/bootstrap_loader.py:report",  # the loaders stand alone in the function's process
    "prove/loaders/bootstrap_loader.py:finish",
    "prove/loaders/python_loader.py:report",
    "prove/loaders/python_loader.py:fail",
}
"""Functions with `**words`; what one of ours hands to another is named."""
STAGES = "model/stages.py"
"""Inputs of a stage stand in one call and one signature by design."""
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


def test_arguments_are_named_and_not_handed_on_as_a_mapping() -> None:
    guilty = {
        f"{file}:{node.name}"
        for file, tree in MODULES.items()
        for node in ast.walk(tree)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and not _is_command(node)
        if node.args.kwarg is not None
    }

    assert guilty == ANY_WORDS


def test_no_class_is_only_a_parcel_of_arguments() -> None:
    """Fields without a method, filled in one call for the one function that takes them, are its parameters in
    disguise."""
    records = {}
    calls: Counter[str] = Counter()
    signatures: Counter[str] = Counter()
    elsewhere: set[str] = set()
    for file, tree in MODULES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                if file != STAGES and _is_record(node):
                    records[node.name] = file
                elsewhere |= {name for base in node.bases for name in _names(base)}
                elsewhere |= {
                    name for field in node.body if isinstance(field, ast.AnnAssign) for name in _names(field.annotation)
                }
            elif isinstance(node, ast.Call):
                calls.update(_names(node.func))
            elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                taken = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
                signatures.update({name for each in taken if each.annotation for name in _names(each.annotation)})
                elsewhere |= _names(node.returns) if node.returns else set()
    parcels = {name for name in records if calls[name] <= 1 and signatures[name] == 1 and name not in elsewhere}

    assert {name: records[name] for name in parcels} == {}


def _is_record(node: ast.ClassDef) -> bool:
    made = [ast.unparse(each) for each in (*node.decorator_list, *node.bases)]
    methods = [each for each in node.body if isinstance(each, (ast.FunctionDef, ast.AsyncFunctionDef))]
    return not methods and any(
        word in text for text in made for word in ("dataclass", "Struct", "Record", "NamedTuple")
    )


def _names(node: ast.expr) -> set[str]:
    """Return the names in an expression, those of annotations in quotes included."""
    found = set()
    for each in ast.walk(node):
        if isinstance(each, ast.Name):
            found.add(each.id)
        elif isinstance(each, ast.Attribute):
            found.add(each.attr)
        elif isinstance(each, ast.Constant) and isinstance(each.value, str):
            found |= set(re.findall(r"[A-Za-z_]+", each.value))
    return found


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
