"""Which files of a project a host starts: handlers and entry files, named or found in the usual places."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from packager.core.errors import ConfigError
from packager.core.package_json import read_package_json

if TYPE_CHECKING:
    from pathlib import Path

NODE_ENTRIES = ("src/handler", "handler", "src/index", "index", "src/lambda", "lambda", "src/app", "app")
NODE_SUFFIXES = (".js", ".mjs", ".cjs")
TYPESCRIPT_SUFFIXES = (".ts", ".mts", ".cts")
PYTHON_ENTRIES = ("lambda_function", "handler", "app", "main", "src/handler", "src/app")
_NODE_HANDLER = re.compile(
    r"(?:^|[\s;(])(?:module\.)?exports\.(handler|main|default)\s*="
    r"|export\s+(?:async\s+)?(?:function|const|let|var)\s+(handler)\b"
    r"|module\.exports\s*=\s*\{[^}]*\b(handler)\b"
    r"|export\s*\{[^}]*\b(handler)\b",
    re.MULTILINE,
)
_PYTHON_HANDLER = re.compile(
    r"^(?:async\s+)?def\s+(lambda_handler|handler)\s*\(|^(lambda_handler|handler)\s*=", re.MULTILINE
)


def detect_handler(root: Path, language: str, *, compiles: bool = False) -> str:
    """Return a handler such as ``src/handler.handler`` by looking into the usual entry files; empty if none fits.

    TypeScript counts where the build `compiles` it.
    """
    if language == "provided":
        return "bootstrap"
    if language == "python":
        return _first(root, PYTHON_ENTRIES, (".py",), _PYTHON_HANDLER)
    main = str(read_package_json(root).get("main", "")).removeprefix("./")
    entries: tuple[str, ...] = NODE_ENTRIES
    for suffix in NODE_SUFFIXES:
        if main.endswith(suffix):
            entries = (main.removesuffix(suffix), *NODE_ENTRIES)
    suffixes = (*NODE_SUFFIXES, *TYPESCRIPT_SUFFIXES) if compiles else NODE_SUFFIXES
    return _first(root, entries, suffixes, _NODE_HANDLER)


def _first(root: Path, entries: tuple[str, ...], suffixes: tuple[str, ...], pattern: re.Pattern[str]) -> str:
    for entry in entries:
        for suffix in suffixes:
            path = root / f"{entry}{suffix}"
            if not path.is_file():
                continue
            match = pattern.search(path.read_text(encoding="utf-8", errors="replace"))
            if match:
                return f"{entry}.{next(group for group in match.groups() if group)}"
    return ""


def entry_files(
    root: Path, patterns: tuple[str, ...], launcher: str, where: str, *, compiles: bool = False
) -> tuple[str, ...]:
    """Return the entry files of a host that routes to files, sorted within each pattern; () where handlers are named.

    Without patterns: ``index.js`` and ``api/``, or for a server what package.json starts. Raises ConfigError for a
    file that is not there or is TypeScript, unless the build `compiles` it.
    """
    if not patterns and launcher == "handler":
        return ()
    found: dict[str, None] = {}
    for pattern in patterns or _usual_entries(root, launcher):
        if any(letter in pattern for letter in "*?[{"):
            paths = [path.relative_to(root).as_posix() for path in sorted(root.glob(pattern)) if path.is_file()]
            suffixes = (*NODE_SUFFIXES, *TYPESCRIPT_SUFFIXES) if compiles else NODE_SUFFIXES
            code = [
                path for path in paths if path.endswith(suffixes) and not path.endswith((".d.ts", ".d.mts", ".d.cts"))
            ]
            matched = [path for path in code if "node_modules/" not in path]
        else:
            matched = [pattern] if (root / pattern).is_file() else []
        if not matched and patterns:
            raise ConfigError(f"no file {pattern}", where=f"{where}.src", fix="name files of the project")  # noqa: EM102
        found.update(dict.fromkeys(matched))
    for path in found:
        if path.endswith((".ts", ".tsx", ".mts", ".cts")) and not compiles:
            fix = "let packager compile it (trim: bundle), or compile it and name the result"
            raise ConfigError(f"{path} is TypeScript", where=f"{where}.src", fix=fix)  # noqa: EM102
    if not found:
        msg = "no entry file is named and none was found"
        raise ConfigError(msg, where=f"{where}.src", fix="name it, such as src: index.js")
    return tuple(found)


def _usual_entries(root: Path, launcher: str) -> tuple[str, ...]:
    if launcher == "module":
        return (*(f"index{suffix}" for suffix in NODE_SUFFIXES), "api/**/*")
    data = read_package_json(root)
    start = str((data.get("scripts") or {}).get("start", "")).split()
    named = [start[1]] if len(start) == 2 and start[0] == "node" else []
    for name in (*named, str(data.get("main", "")), "app.js", "server.js", "index.js"):
        path = name.removeprefix("./")
        if path and (root / path).is_file():
            return (path,)
    return ()


def check_handler(root: Path, handler: str, language: str, where: str, *, compiles: bool = False) -> None:
    """Raise ConfigError for a handler whose file is not there, before anything is installed.

    TypeScript will do where the build `compiles` it.
    """
    if language != "nodejs":
        return
    stem = handler.rpartition("/")[0] + "/" * ("/" in handler) + handler.rpartition("/")[2].split(".")[0]
    if any((root / f"{stem}{suffix}").is_file() for suffix in NODE_SUFFIXES):
        return
    for suffix in (".ts", ".tsx", ".mts", ".cts"):
        if (root / f"{stem}{suffix}").is_file():
            if compiles:
                return
            msg = f"{stem}{suffix} is TypeScript, and nothing here compiles it"
            fix = "let packager compile it (trim: bundle), or generate.command: tsc, and name the compiled file"
            raise ConfigError(msg, where=where, fix=fix)
    raise ConfigError(f"no file {stem}.js", where=where, fix="write it as path/to/module.exportedName")  # noqa: EM102
