"""Python modules → bytecode of the target's own Python, beside their sources: importing them compiles nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from packager.catalog.records import Arch
    from packager.generate import Tree


@dataclass(frozen=True)
class Module:
    """One source file to compile."""

    source: Path
    name: str
    """Its path where it will run, such as ``/var/task/app.py``: part of the bytecode, shown by tracebacks."""


@dataclass(frozen=True)
class Manner:
    """How to compile. All of it is part of the bytes."""

    optimize: int = 0
    """What PYTHONOPTIMIZE is where it will run: Python looks for each level under another name.
    From 2 on all are alike."""
    checked: bool = False
    """Whether Python is to compare it with the source on every import (PEP 552, checked hash) or to trust it."""


@dataclass(frozen=True)
class Batch:
    """What came of some modules, by `Module.name`."""

    made: Mapping[str, bytes] = field(default_factory=dict)
    failed: Mapping[str, str] = field(default_factory=dict)
    """Why a file is no module of that Python: ``invalid syntax (setup.py, line 3)``."""


class Python(Protocol):
    """An interpreter of the target's version, ready to run: of this machine, or in an image."""

    @property
    def release(self) -> str:
        """Return its full version, ``3.12.1``: another one may give other bytes."""

    def compile(self, modules: Sequence[Module], manner: Manner, scratch: Path) -> Batch:
        """Return the bytecode of the modules. Works in `scratch`, a folder that is not there yet.

        Raises GeneratorFault if the interpreter itself dies or takes too long.
        """


class FindPython(Protocol):
    """The door to interpreters."""

    def __call__(self, version: str, tree: Tree | None, arch: Arch) -> AbstractContextManager[Python]:
        """Return an interpreter of a version such as ``3.12``: of the image that made the tree, or of this machine.

        Raises EnvironmentFault where there is none.
        """
