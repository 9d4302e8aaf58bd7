"""A folder without packager.yaml → `Project`: what can be detected need not be written."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from packager.errors import ConfigError
from packager.project import BundleSpec, Project

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


def language_of(root: Path) -> str:
    """Return ``nodejs``, ``python`` or ``provided`` by the files of a project; empty if nothing is recognised."""
    if (root / "package.json").is_file():
        return "nodejs"
    if any((root / name).is_file() for name in ("requirements.txt", "pyproject.toml", "lambda_function.py")):
        return "python"
    if (root / "bootstrap").is_file():
        return "provided"
    return ""


def read_package_json(root: Path) -> dict[str, Any]:
    """Return the project's package.json; {} if there is none. Raises ConfigError naming the line of a mistake."""
    path = root / "package.json"
    if not path.is_file():
        return {}
    try:
        data = json.loads(path.read_text(encoding="utf-8-sig"))
    except json.JSONDecodeError as error:
        raise ConfigError(error.msg, where=f"package.json: line {error.lineno}") from error
    except UnicodeDecodeError as error:
        raise ConfigError("is not UTF-8 text", where="package.json") from error  # noqa: EM101
    except RecursionError as error:
        raise ConfigError("is too deeply nested", where="package.json") from error  # noqa: EM101
    except OSError as error:
        raise ConfigError(error.strerror or str(error), where="package.json") from error
    if not isinstance(data, dict):
        msg = "expected an object"
        raise ConfigError(msg, where="package.json")
    return data


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


def bundle_name(root: Path) -> str:
    """Return a name for the only bundle: the package's, else the folder's, without what file names dislike."""
    raw = str(read_package_json(root).get("name") or root.name)
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", raw.removeprefix("@").replace("/", "-")).strip("-._")
    return name[:64] or "app"


def _framework_target(root: Path) -> str:
    """Return what package.json has the functions framework serve: ``index.hello`` for ``--target=hello``."""
    data = read_package_json(root)
    found = re.search(r"functions-framework\b.*--target[= ](\w+)", str((data.get("scripts") or {}).get("start", "")))
    main = str(data.get("main") or "index.js").removeprefix("./")
    return f"{main.rpartition('.')[0] or main}.{found[1]}" if found else ""


def detect_project(root: Path, target: str = "") -> Project:
    """Return the project a host's own configuration describes, else one bundle for the target, else for AWS Lambda.

    Raises ConfigError where nothing is recognised, or two hosts are.
    """
    from packager.hostfiles import FILES, detect_hosts

    file, specs = detect_hosts(root, target)
    if specs:
        return Project(root=root, bundles=specs, notes=(f"no packager.yaml: read from {file} ({FILES[file][1]})",))
    language = language_of(root)
    if not language:
        msg = "neither packager.yaml nor package.json, requirements.txt, pyproject.toml or bootstrap is here"
        raise ConfigError(
            msg, where=str(root), fix="point packager at the project's own folder, or run `packager init`"
        )
    google = target.startswith("google-cloud-functions") and language == "nodejs"
    if target not in ("", "aws-lambda") and not google:
        spec = BundleSpec(name=bundle_name(root), target=target)
        return Project(root=root, bundles=(spec,), notes=(f"no packager.yaml: {language} project for {target}",))
    handler = _framework_target(root) if google else detect_handler(root, language)
    if not handler:
        tried = ", ".join(PYTHON_ENTRIES if language == "python" else NODE_ENTRIES)
        msg = f"no handler found (looked for an exported `handler` in {tried})"
        raise ConfigError(
            msg, where=str(root), fix="run `packager init` and name it in packager.yaml: bundles.NAME.handler"
        )
    spec = BundleSpec(name=bundle_name(root), target=target or "aws-lambda", handler=handler)
    return Project(
        root=root, bundles=(spec,), notes=(f"no packager.yaml: {language} project, handler {handler} detected",)
    )
