"""The modules among the kept files of a bundle, compiled and kept beside them, each with a reason as any other file."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from packager.compile.cache import compile_modules
from packager.core.errors import ArtifactError
from packager.inventory.bytecode import bytecode_path
from packager.model.bytecode import Compiled, Manner, Module
from packager.model.inventory import File
from packager.model.selection import Choice

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from packager.model.bytecode import Python
    from packager.model.contents import Contents
    from packager.model.stages import CompileInputs

RULE = "compiled"


def optimize_of(environment: Mapping[str, str]) -> int:
    """Return the level of optimization that a function's environment asks for."""
    return _optimize(environment.get("PYTHONOPTIMIZE", ""))


def compile_kept(inputs: CompileInputs, python: Python, contents: Contents, cache: Path, scratch: Path) -> Compiled:
    """Return the selection with the bytecode of its modules. Works in `scratch`, an empty folder.

    Bytecode that was installed is not used: its source is not known. In a layer Python compares bytecode with
    source (`checked`): another layer may lie over it and replace the one only. Raises GeneratorFault if the
    interpreter dies.
    """
    selection, manner, release = inputs.selection, Manner(inputs.optimize, checked=inputs.checked), python.release
    files = {choice.file.path: choice.file for choice in selection.kept}
    modules = {
        path: Module(contents.path(file.source), inputs.names[path])
        for path, file in files.items()
        if file.source and bytecode_path(path, inputs.language_version)
    }
    try:
        batch = compile_modules(python, list(modules.values()), manner, cache, scratch / "work")
    except OSError as error:
        msg = f"cannot be read: {error.strerror or error}"
        raise ArtifactError(msg, where=str(error.filename or inputs.name)) from error
    chosen: dict[str, Choice] = {}
    for path, module in modules.items():
        if module.name in batch.failed:
            continue
        content = batch.made[module.name]
        where = bytecode_path(path, inputs.language_version, manner.optimize)
        file = File(where, len(content), source=contents.keep(content), package=files[path].package)
        reason = f"{path.rpartition('/')[2]}, compiled ahead by Python {release}"
        chosen[where] = Choice(file, True, RULE, reason)
    left_alone = {path: batch.failed[one.name] for path, one in modules.items() if one.name in batch.failed}
    others = (_told(choice, left_alone) for choice in selection.choices if choice.file.path not in chosen)
    together = sorted([*others, *chosen.values()], key=lambda choice: choice.file.path.encode())
    return Compiled(
        replace(selection, choices=tuple(together)),
        release,
        len(chosen),
        sum(choice.file.size_bytes for choice in chosen.values()),
        left_alone,
    )


def _told(choice: Choice, left_alone: Mapping[str, str]) -> Choice:
    """Return a choice that says so where its file could not be compiled."""
    why = left_alone.get(choice.file.path)
    return replace(choice, reason=f"{choice.reason}; not compiled: {why}") if why else choice


def _optimize(text: str) -> int:
    """Return the level a value of PYTHONOPTIMIZE means: a number is that level, any other text is 1.

    >>> [_optimize(text) for text in ("", "0", "2", "yes", "-1")]
    [0, 0, 2, 1, 1]
    """
    if not text:
        return 0
    return int(text) if text.isdecimal() else 1
