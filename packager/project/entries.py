"""Which files of a project a host starts: handlers and entry files, named or found in the usual places."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packager.core.errors import ConfigError
from packager.languages.registry import DEFAULT_LANGUAGE, LANGUAGES

if TYPE_CHECKING:
    from pathlib import Path


def detect_handler(root: Path, language: str, *, compiles: bool = False) -> str:
    """Return a handler such as ``src/handler.handler`` by looking into the usual entry files; empty if none fits.

    TypeScript counts where the build `compiles` it.
    """
    return LANGUAGES[language].find_handler(root, compiles=compiles)


def source_suffixes(language: str, *, compiles: bool = False) -> tuple[str, ...]:
    """Return the suffixes of files that can be entries: TypeScript's among them where the build `compiles` it."""
    plugin = LANGUAGES[language]
    return (*plugin.source_suffixes, *plugin.compiled_suffixes) if compiles else plugin.source_suffixes


def entry_files(
    root: Path,
    patterns: tuple[str, ...],
    launcher: str,
    where: str,
    *,
    language: str = DEFAULT_LANGUAGE,
    compiles: bool = False,
) -> tuple[str, ...]:
    """Return the entry files of a host that routes to files, sorted within each pattern; () where handlers are named.

    Without patterns: ``index.js`` and ``api/``, or for a server what package.json starts. Raises ConfigError for a
    file that is not there or is TypeScript, unless the build `compiles` it.
    """
    if not patterns and launcher == "handler":
        return ()
    found: dict[str, None] = {}
    for pattern in patterns or LANGUAGES[language].usual_entries(root, launcher):
        if any(letter in pattern for letter in "*?[{"):
            paths = [path.relative_to(root).as_posix() for path in sorted(root.glob(pattern)) if path.is_file()]
            suffixes = source_suffixes(language, compiles=compiles)
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
