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


def detect_handler(root: Path, language: str) -> str:
    """Return a handler such as ``src/handler.handler`` by looking into the usual entry files; empty if none fits."""
    if language == "provided":
        return "bootstrap"
    if language == "python":
        return _first(root, PYTHON_ENTRIES, (".py",), _PYTHON_HANDLER)
    main = str(read_package_json(root).get("main", "")).removeprefix("./")
    entries: tuple[str, ...] = NODE_ENTRIES
    for suffix in NODE_SUFFIXES:
        if main.endswith(suffix):
            entries = (main.removesuffix(suffix), *NODE_ENTRIES)
    return _first(root, entries, NODE_SUFFIXES, _NODE_HANDLER)


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


def bundle_name(root: Path) -> str:
    """Return a name for the only bundle: the package's, else the folder's, without what file names dislike."""
    raw = str(read_package_json(root).get("name") or root.name)
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", raw.removeprefix("@").replace("/", "-")).strip("-._")
    return name[:64] or "app"


def detect_project(root: Path) -> Project:
    """Return a project of one Lambda function. Raises ConfigError where nothing is recognised."""
    language = language_of(root)
    if not language:
        msg = "neither packager.yaml nor package.json, requirements.txt, pyproject.toml or bootstrap is here"
        raise ConfigError(
            msg, where=str(root), fix="point packager at the project's own folder, or run `packager init`"
        )
    handler = detect_handler(root, language)
    if not handler:
        tried = ", ".join(PYTHON_ENTRIES if language == "python" else NODE_ENTRIES)
        msg = f"no handler found (looked for an exported `handler` in {tried})"
        raise ConfigError(
            msg, where=str(root), fix="run `packager init` and name it in packager.yaml: bundles.NAME.handler"
        )
    spec = BundleSpec(name=bundle_name(root), target="aws-lambda", handler=handler)
    return Project(
        root=root, bundles=(spec,), notes=(f"no packager.yaml: {language} project, handler {handler} detected",)
    )
