"""Where a bundle's code starts: what the host calls, and the entry files of hosts that route to files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packager.core.errors import ConfigError
from packager.languages.registry import LANGUAGES
from packager.project.entries import detect_handler, entry_files, source_suffixes

if TYPE_CHECKING:
    from pathlib import Path

    from packager.model.project import BundleSpec, Project
    from packager.model.targets import Target


def start_of(
    spec: BundleSpec, target: Target, source: Path, where: str, project: Project
) -> tuple[str, tuple[str, ...]]:
    """Return (handler, entry files): ("src/api.handler", ()) on AWS Lambda, ("index.default", ("index.js",)) on Now.

    ("", ()) for a layer. Raises ConfigError for what is named and not there, or neither named nor found.
    """
    compiles = spec.trim == "bundle"
    entries: tuple[str, ...] = ()
    if spec.src or not spec.handler:
        language = target.language
        entries = entry_files(source, spec.src, target.launcher, where, language=language, compiles=compiles)
    if target.kind == "layer" or (target.launcher == "handler" and not entries):
        return _handler(spec, target, source, where, project), ()
    stem = entries[0].rpartition(".")[0] if entries else spec.handler.rpartition(".")[0] or spec.handler
    if not entries:
        suffixes = source_suffixes(target.language, compiles=compiles)
        found = next((f"{stem}{end}" for end in suffixes if (source / f"{stem}{end}").is_file()), "")
        if not found:
            raise ConfigError(f"there is no file {stem}.js", where=f"{where}.handler", fix="name an existing file")  # noqa: EM102
        entries = (found,)
    suffix = {"handler": ".handler", "module": ".default", "server": ""}[target.launcher]
    return spec.handler or f"{stem}{suffix}", entries


def _handler(spec: BundleSpec, target: Target, source: Path, where: str, project: Project) -> str:
    if target.kind == "layer":
        if spec.handler:
            raise ConfigError("a layer has no handler", where=f"{where}.handler", fix="remove it")  # noqa: EM101
        return ""
    compiles = spec.trim == "bundle"
    if spec.handler:
        own = source == project.root and not spec.layers and project.generate.command is None
        if own:
            language = LANGUAGES[target.language]
            language.check_handler(source, spec.handler, f"{where}.handler", compiles=compiles)
        return spec.handler
    found = detect_handler(source, target.language, compiles=compiles)
    if not found:
        msg = "no handler is named and none was found"
        raise ConfigError(msg, where=f"{where}.handler", fix="write it as path/to/module.exportedName")
    return found
