"""Where a bundle's code begins: its entry files, found in the built tree as the host finds them. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packager.core.errors import ConfigError
from packager.select.trim.patterns import included

if TYPE_CHECKING:
    from packager.model.stages import TraceInputs

SUFFIXES = ("", ".js", ".mjs", ".cjs", ".ts", ".mts", ".cts")
"""In the order AWS's runtime client tries them; other hosts name the file."""
TYPESCRIPT = (".ts", ".mts", ".cts", ".tsx")
_CODE = (".js", ".mjs", ".cjs")


def entry_files(inputs: TraceInputs) -> tuple[str, ...]:
    """Return the files the host starts, relative to the tree. Raises ConfigError if the handler's is not there."""
    if inputs.entries:
        return inputs.entries
    folder, slash, name = inputs.handler.rpartition("/")
    stem = f"{folder}{slash}{name.split('.')[0]}".removeprefix("./")
    for suffix in SUFFIXES:
        if f"{stem}{suffix}" in inputs.inventory.by_path:
            return (f"{stem}{suffix}",)
    fix = "name a handler of the project, or choose trim: strict, which needs none"
    msg = f"there is no file {stem}.js to trace from"
    raise ConfigError(msg, where=f"bundles.{inputs.name}.handler", fix=fix)


def code_asked_for(inputs: TraceInputs) -> tuple[str, ...]:
    """Return the project's own code that an include pattern names: it stays, so what it reaches must stay, too."""
    found = []
    for file in inputs.inventory.files:
        if (file.package and file.package.path) or not file.path.endswith(_CODE) or "node_modules/" in file.path:
            continue
        kept, pattern = included(file.path, inputs.include)
        if kept and pattern:
            found.append(file.path)
    return tuple(found)
