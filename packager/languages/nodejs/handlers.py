"""Where a Node project's code starts: in its folder, and where the runtime looks for it."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from packager.core.errors import ConfigError
from packager.core.package_json import read_package_json
from packager.languages.scanning import first_handler

if TYPE_CHECKING:
    from pathlib import Path

usual_handlers: tuple[str, ...] = (
    "src/handler", "handler", "src/index", "index", "src/lambda", "lambda", "src/app", "app",
)  # fmt: skip
source_suffixes: tuple[str, ...] = (".js", ".mjs", ".cjs")
compiled_suffixes: tuple[str, ...] = (".ts", ".mts", ".cts")
handler_endings: tuple[str, ...] = (".js", ".mjs", ".cjs")
"""In the order of the runtime's loader, which tries the bare name before them.

Source: aws-lambda-nodejs-runtime-interface-client, UserFunction.js.
"""
_TYPESCRIPT = (".ts", ".tsx", ".mts", ".cts")
_HANDLER = re.compile(
    r"(?:^|[\s;(])(?:module\.)?exports\.(handler|main|default)\s*="
    r"|export\s+(?:async\s+)?(?:function|const|let|var)\s+(handler)\b"
    r"|module\.exports\s*=\s*\{[^}]*\b(handler)\b"
    r"|export\s*\{[^}]*\b(handler)\b",
    re.MULTILINE,
)


def find_handler(root: Path, *, compiles: bool) -> str:
    """Return the handler of the file that is package.json's main, else of a usual one."""
    main = str(read_package_json(root).get("main", "")).removeprefix("./")
    stems = usual_handlers
    for suffix in source_suffixes:
        if main.endswith(suffix):
            stems = (main.removesuffix(suffix), *usual_handlers)
    suffixes = (*source_suffixes, *compiled_suffixes) if compiles else source_suffixes
    return first_handler(root, stems, suffixes, _HANDLER)


def check_handler(root: Path, handler: str, where: str, *, compiles: bool) -> None:
    """Raise ConfigError for a handler whose file is not there; TypeScript will do where the build compiles it."""
    folder, slash, name = handler.rpartition("/")
    stem = folder + slash + name.split(".")[0]
    if any((root / f"{stem}{suffix}").is_file() for suffix in source_suffixes):
        return
    for suffix in _TYPESCRIPT:
        if (root / f"{stem}{suffix}").is_file():
            if compiles:
                return
            msg = f"{stem}{suffix} is TypeScript, which is not compiled"
            fix = "let packager compile it (trim: bundle), or generate.command: tsc, and name the compiled file"
            raise ConfigError(msg, where=where, fix=fix)
    fix = "create the file, or correct the path: a handler is path/to/module.exportedName"
    raise ConfigError(f"there is no file {stem}.js", where=where, fix=fix)  # noqa: EM102


def usual_entries(root: Path, launcher: str) -> tuple[str, ...]:
    """Return ``index.js`` and ``api/``, or for a server what package.json starts."""
    if launcher == "module":
        return (*(f"index{suffix}" for suffix in source_suffixes), "api/**/*")
    data = read_package_json(root)
    start = str((data.get("scripts") or {}).get("start", "")).split()
    named = [start[1]] if len(start) == 2 and start[0] == "node" else []
    for name in (*named, str(data.get("main", "")), "app.js", "server.js", "index.js"):
        path = name.removeprefix("./")
        if path and (root / path).is_file():
            return (path,)
    return ()


def framework_handler(root: Path) -> str | None:
    """Return what package.json has the functions framework serve: ``index.hello`` for ``--target=hello``."""
    data = read_package_json(root)
    found = re.search(r"functions-framework\b.*--target[= ](\w+)", str((data.get("scripts") or {}).get("start", "")))
    main = str(data.get("main") or "index.js").removeprefix("./")
    return f"{main.rpartition('.')[0] or main}.{found[1]}" if found else ""


def split_handler(handler: str) -> tuple[str, str]:
    """Return (file, export): Node's runtime splits at the first dot behind the last slash."""
    folder, slash, name = handler.rpartition("/")
    stem, _, export = name.partition(".")
    return (folder + slash + stem, export) if stem else ("", "")


def handler_files(stem: str) -> tuple[str, ...]:
    """Return the bare name, then the name with each ending."""
    stem = posixpath.normpath(stem) if stem else ""
    return tuple(stem + ending for ending in ("", *handler_endings))
