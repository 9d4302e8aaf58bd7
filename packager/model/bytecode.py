"""Python modules to compile, and what came of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from packager.core.units import counted, format_size

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from packager.model.builds import Tree
    from packager.model.selection import Selection
    from packager.model.targets import Arch


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
class BytecodeBatch:
    """What came of some modules, by `Module.name`."""

    made: Mapping[str, bytes] = field(default_factory=dict)
    failed: Mapping[str, str] = field(default_factory=dict)
    """Why a file is not a module of that Python: ``invalid syntax (setup.py, line 3)``."""


class Python(Protocol):
    """An interpreter of the target's version, ready to run: of this machine, or in an image."""

    @property
    def release(self) -> str:
        """Return its full version, ``3.12.1``: another one may give other bytes."""

    def compile(self, modules: Sequence[Module], manner: Manner, scratch: Path) -> BytecodeBatch:
        """Return the bytecode of the modules. Works in `scratch`, a folder that is not there yet.

        Raises GeneratorFault if the interpreter itself dies or takes too long.
        """


class FindPython(Protocol):
    """The door to interpreters."""

    def __call__(self, version: str, tree: Tree | None, arch: Arch) -> AbstractContextManager[Python]:
        """Return an interpreter of a version such as ``3.12``: of the image that made the tree, or of this machine.

        Raises EnvironmentFault where there is none.
        """


@dataclass(frozen=True)
class Compiled:
    """What came of compiling a bundle's modules."""

    selection: Selection
    """With the bytecode among what is kept, its files in scratch."""
    release: str
    """Of the interpreter that made it: ``3.12.1``."""
    modules: int = 0
    size_bytes: int = 0
    left_alone: Mapping[str, str] = field(default_factory=dict)
    """Path in the tree → why that file is not a module of this Python; it is packed as it is."""

    def summary(self) -> str:
        """Return for people how much came of it."""
        return f"{counted(self.modules, 'module')} by Python {self.release}, {format_size(self.size_bytes)} unzipped"

    def notes(self) -> tuple[str, ...]:
        """Return what people should know, a line at most; the manifest names every file."""
        if not self.left_alone:
            return ()
        names = [f"{path}: {why}" for path, why in self.left_alone.items()]
        more = f"; and {len(names) - 3} more, see the manifest" if len(names) > 3 else ""
        return (f"not compiled, since Python {self.release} cannot: {'; '.join(names[:3])}{more}",)

    def to_json(self) -> dict[str, object]:
        """Return the fields for the manifest; sizes are bytes, unzipped."""
        return {
            "python": self.release,
            "modules": self.modules,
            "bytes": self.size_bytes,
            "left_alone": dict(self.left_alone),
        }
