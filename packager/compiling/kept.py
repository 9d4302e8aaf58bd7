"""The modules among the kept files of a bundle, compiled and kept beside them, each with a reason as any other file."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from packager.compiling.cache import compile_modules
from packager.core.errors import ArtifactError
from packager.inventory.bytecode import bytecode_path
from packager.model.bytecode import Compiled, Manner, Module
from packager.model.inventory import File
from packager.model.selection import Choice, Selection

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from packager.model.builds import Tree
    from packager.model.bytecode import FindPython
    from packager.model.plan import Bundle

RULE = "compiled"


def manner_of(bundle: Bundle) -> Manner:
    """Return how a bundle's modules are compiled.

    In a layer Python compares bytecode with source: another layer may lie over it and replace the one only.
    """
    return Manner(_optimize(dict(bundle.environment).get("PYTHONOPTIMIZE", "")), checked=bundle.kind == "layer")


def compile_kept(
    selection: Selection,
    bundle: Bundle,
    tree: Tree | None,
    place: Callable[[str], str],
    find: FindPython,
    cache: Path,
    scratch: Path,
) -> Compiled:
    """Return the selection with the bytecode of its modules. Works in `scratch`, an empty folder.

    `place` gives a file's name in the archive. Bytecode that was installed is not used: nobody knows of what it was
    made. Raises EnvironmentFault without the target's Python, GeneratorFault if that dies.
    """
    target, manner = bundle.target, manner_of(bundle)
    root = target.system.layer_root if bundle.kind == "layer" else target.system.function_root
    files = {choice.file.path: choice.file for choice in selection.kept}
    modules = {
        path: Module(file.source, f"{root}/{place(path)}")
        for path, file in files.items()
        if file.source is not None and bytecode_path(path, target.language_version)
    }
    with find(target.language_version, tree, target.arch) as python:
        release = python.release
        try:
            batch = compile_modules(python, list(modules.values()), manner, cache, scratch / "work")
        except OSError as error:
            msg = f"cannot be read: {error.strerror or error}"
            raise ArtifactError(msg, where=str(error.filename or bundle.name)) from error
    folder = scratch / "made"
    folder.mkdir(parents=True)
    chosen: dict[str, Choice] = {}
    for number, (path, module) in enumerate(modules.items()):
        if module.name in batch.failed:
            continue
        made = folder / f"{number}.pyc"
        made.write_bytes(batch.made[module.name])
        where = bytecode_path(path, target.language_version, manner.optimize)
        file = File(where, len(batch.made[module.name]), source=made, package=files[path].package)
        reason = f"{path.rpartition('/')[2]} as Python {release} compiles it: importing it need not"
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
