"""The rooms of the package: who may import whom, read from the code without running it."""

from __future__ import annotations

import ast
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

import packager

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(packager.__file__).parent
DOORS = {
    "boto3": ("publish/",),
    "click": ("cli/",),
    "cyclonedx": ("sbom/cyclonedx.py",),
    "docker": ("containers/docker_engine.py", "containers/docker_container.py"),
    "elftools": ("inventory/elf.py",),
    "inflate64": ("archive/inflate.py",),
    "platformdirs": ("resources.py",),
    "rich": ("cli/",),
    "ruamel": ("emit/yamltext.py",),
    "wcmatch": ("trim/patterns.py",),
    "zipfile_deflate64": ("archive/inflate.py",),
}
"""Library → the files, or folders, that alone import it."""
GROUND = {"errors", "masking", "progress", "resources", "sealed", "signals", "units"}
"""Modules everybody may use."""


class Import(NamedTuple):
    """One import of one file."""

    file: str
    """Relative to the package."""
    module: str
    at_load: bool
    """Not for type checkers alone, nor inside a function."""


def _imports(file: Path) -> Iterator[Import]:
    waiting: list[tuple[ast.AST, bool]] = [(ast.parse(file.read_text(encoding="utf-8")), True)]
    while waiting:
        node, at_load = waiting.pop()
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
            if node.module == "packager":
                names = [f"packager.{alias.name}" for alias in node.names]
        else:
            names = []
            typing_only = isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")
            inside = at_load and not typing_only and not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
            waiting += [(child, inside) for child in ast.iter_child_nodes(node)]
        for name in names:
            yield Import(file.relative_to(ROOT).as_posix(), name, at_load)


IMPORTS = [found for file in sorted(ROOT.rglob("*.py")) for found in _imports(file)]


def _room(file: str) -> str:
    return file.partition("/")[0].removesuffix(".py")


def _between_rooms() -> Iterator[tuple[Import, str, str]]:
    for found in IMPORTS:
        if found.module.startswith("packager."):
            here, there = _room(found.file), found.module.split(".")[1]
            if here not in (there, "__init__", "__main__") and not there.startswith("__"):
                yield found, here, there


def test_there_is_something_to_look_at() -> None:
    assert len({found.file for found in IMPORTS}) > 200
    assert {"cli", "archive", "making"} <= {here for _, here, _ in _between_rooms()}


@pytest.mark.parametrize("library", DOORS)
def test_a_library_has_one_door(library: str) -> None:
    users = {found.file for found in IMPORTS if found.module.partition(".")[0] == library}

    assert users
    assert not {file for file in users if not file.startswith(DOORS[library])}


def test_no_room_is_loaded_for_one_that_it_loads() -> None:
    loads: dict[str, set[str]] = {}
    for found, here, there in _between_rooms():
        if found.at_load:
            loads.setdefault(here, set()).add(there)

    try:
        TopologicalSorter(loads).prepare()
    except CycleError as error:
        pytest.fail(f"a circle of rooms: {' < '.join(error.args[1])}")


@pytest.mark.parametrize("room", ["archive", "glance"])
def test_packing_knows_nothing_of_building(room: str) -> None:
    assert {there for _, here, there in _between_rooms() if here == room} <= {"archive", "glance", *GROUND}


def test_the_ground_stands_on_nothing_else() -> None:
    assert {there for _, here, there in _between_rooms() if here in GROUND} <= GROUND


def test_only_the_command_line_uses_the_command_line() -> None:
    assert {here for _, here, there in _between_rooms() if there == "cli"} <= {"__main__"}
