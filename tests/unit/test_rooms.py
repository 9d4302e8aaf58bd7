"""The rooms of the package: who may import whom, read from the code without running it."""

from __future__ import annotations

import ast
import re
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

import packager

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(packager.__file__).parent
DOORS = {
    "boto3": ("destinations/aws/",),
    "click": ("cli/",),
    "cyclonedx": ("sbom/cyclonedx.py",),
    "docker": ("containers/docker_engine.py", "containers/docker_container.py"),
    "elftools": ("inventory/elf.py",),
    "inflate64": ("archive/read/inflate.py",),
    "platformdirs": ("core/resources.py",),
    "rich": ("cli/",),
    "ruamel": ("core/yamltext.py",),
    "tree_sitter": ("audit/code/",),
    "tree_sitter_javascript": ("audit/code/syntax.py",),
    "tree_sitter_typescript": ("audit/code/syntax.py",),
    "wcmatch": ("select/trim/patterns.py",),
    "zipfile_deflate64": ("archive/read/inflate.py",),
}
"""Library → the files, or folders, that alone import it."""
BENEATH: dict[str, set[str]] = {
    "core": set(),
    "model": {"core"},
    "catalog": {"core", "model"},
    "package_managers": {"catalog", "core", "model", "toolchains"},
    "languages": {"catalog", "core", "model"},
    "archive": {"core", "model"},
}
"""Room → the only rooms it may import: what everything else stands on, and what `packager pack` loads."""
_MODULE = re.compile(r"packager(?:\.\w+)+(?::\w+)?")


class Import(NamedTuple):
    """One import of one file: at its top, inside a function, for type checkers alone, or named in a string."""

    file: str
    """Relative to the package."""
    module: str


def _imports(file: Path) -> Iterator[Import]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
            if node.module == "packager":
                names = [f"packager.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and _MODULE.fullmatch(node.value):
            names = [node.value.partition(":")[0]]
        for name in names:
            yield Import(file.relative_to(ROOT).as_posix(), name)


IMPORTS = [found for file in sorted(ROOT.rglob("*.py")) for found in _imports(file)]


def _room(file: str) -> str:
    return file.partition("/")[0].removesuffix(".py")


def _between_rooms() -> Iterator[tuple[Import, str, str]]:
    for found in IMPORTS:
        if found.module.startswith("packager.") and found.module != "packager.yaml":
            here, there = _room(found.file), found.module.split(".")[1]
            if here not in (there, "__init__", "__main__") and not there.startswith("__"):
                yield found, here, there


def test_there_is_something_to_look_at() -> None:
    assert len({found.file for found in IMPORTS}) > 200
    assert {"cli", "archive", "pipeline"} <= {here for _, here, _ in _between_rooms()}


@pytest.mark.parametrize("library", DOORS)
def test_a_library_has_one_door(library: str) -> None:
    users = {found.file for found in IMPORTS if found.module.partition(".")[0] == library}

    assert users
    assert not {file for file in users if not file.startswith(DOORS[library])}


def test_no_circle_of_rooms() -> None:
    """Imports inside functions, those for type checkers and names of modules in strings count as well."""
    uses: dict[str, set[str]] = {}
    for _, here, there in _between_rooms():
        uses.setdefault(here, set()).add(there)

    try:
        TopologicalSorter(uses).prepare()
    except CycleError as error:
        pytest.fail(f"a circle of rooms: {' < '.join(error.args[1])}")


@pytest.mark.parametrize("room", BENEATH)
def test_what_everything_stands_on_imports_nothing_above(room: str) -> None:
    assert {there for _, here, there in _between_rooms() if here == room} <= BENEATH[room]


def test_the_fast_path_of_packing_stands_on_next_to_nothing() -> None:
    ours = {found.module for found in IMPORTS if found.file.startswith("archive/fastpath/")}
    allowed = ("packager.archive.fastpath", "packager.core", "packager.model.archives")

    assert not {module for module in ours if module.startswith("packager.") and not module.startswith(allowed)}


def test_a_room_is_described_by_its_init_and_defines_nothing_there() -> None:
    public = {"__init__.py", "cli/__init__.py"}
    guilty = {
        file.relative_to(ROOT).as_posix()
        for file in ROOT.rglob("__init__.py")
        for node in ast.parse(file.read_text(encoding="utf-8")).body
        if isinstance(node, (ast.FunctionDef, ast.ClassDef))
    }

    assert guilty <= public


def test_only_the_command_line_uses_the_command_line() -> None:
    assert {here for _, here, there in _between_rooms() if there == "cli"} <= {"__main__"}
