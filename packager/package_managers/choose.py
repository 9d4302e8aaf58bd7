"""Which package manager counts for a project: the only place where one is chosen among several.

Reads the manifest and the lock files next to it, nothing else, and never asks a registry.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from packager.core.errors import ConfigError
from packager.core.package_json import read_package_json
from packager.model.locks import LockFacts
from packager.package_managers.registry import PACKAGE_MANAGERS

if TYPE_CHECKING:
    from pathlib import Path

    from packager.model.package_managers import PackageManagerPlugin

_UNREAD = {"package.json": {"bun.lock": "bun", "bun.lockb": "bun"}}
"""Manifest → lock files that can lie beside it → their manager, which cannot be run here."""


def manifest_of(language: str) -> str:
    """Return the name of the file without which a language's projects have nothing to install; "" if there is none."""
    return next((plugin.manifest for plugin in _of(language).values()), "")


def check_lock(project: Path, language: str = "nodejs") -> LockFacts:
    """Return the facts of a project's lock file, as its package manager reads it.

    Raises ConfigError if manifest or lock file is missing or broken, if the two disagree (all differences are named),
    if the lock is of a manager that cannot be run, or if the project is a member of a workspace whose lock lies above.
    """
    plugins = _of(language)
    preferred = next(iter(plugins.values()))
    if not (project / preferred.manifest).is_file():
        msg = f"there is no {preferred.manifest}"
        raise ConfigError(msg, where=str(project), fix=preferred.advice.no_manifest)
    owners = _owners(plugins, preferred)
    found = {name: manager for name, manager in owners.items() if (project / name).is_file()}
    if not found:
        if not preferred.declares(project):
            return LockFacts(None, "")
        raise _no_lock(project, plugins, preferred)
    lock_file, notes = _choose(project, found, plugins)
    manager = found[lock_file]
    plugin = next((one for name, one in plugins.items() if name == manager), None)
    if plugin is None:
        msg = f"is a lock file of {manager}, which is not supported; supported are: {', '.join(plugins)}"
        raise ConfigError(msg, where=lock_file, fix=preferred.advice.unread_lock)
    return replace(plugin.read(project), notes=notes)


def _of(language: str) -> dict[str, PackageManagerPlugin]:
    return {name: plugin for name, plugin in PACKAGE_MANAGERS.items() if plugin.language == language}


def _owners(plugins: dict[str, PackageManagerPlugin], preferred: PackageManagerPlugin) -> dict[str, str]:
    """Return lock file → manager; of one manager, the first that is there counts."""
    known: dict[str, str] = {file: name for name, plugin in plugins.items() for file in plugin.lock_files}
    return known | _UNREAD.get(preferred.manifest, {})


def _choose(
    project: Path, found: dict[str, str], plugins: dict[str, PackageManagerPlugin]
) -> tuple[str, tuple[str, ...]]:
    """Return the lock file to use and a note if there was a choice between managers."""
    managers = list(dict.fromkeys(found.values()))
    wanted = str(read_package_json(project).get("packageManager", "")).partition("@")[0]
    manager = wanted if wanted in managers else next((one for one in plugins if one in managers), managers[0])
    lock_file = next(name for name, owner in found.items() if owner == manager)
    if len(managers) == 1:
        return lock_file, ()
    reason = "package.json's packageManager says so" if manager == wanted else "name another as packageManager"
    return lock_file, (f"lock files of {' and '.join(managers)}: {lock_file} is used ({reason})",)


def _no_lock(project: Path, plugins: dict[str, PackageManagerPlugin], preferred: PackageManagerPlugin) -> ConfigError:
    """Return the error for a missing lock file, naming the workspace root if the lock lies there."""
    for parent in project.resolve().parents:
        locks = [name for name in _owners(plugins, preferred) if (parent / name).is_file()]
        if locks and any(plugin.is_workspace(parent) for plugin in plugins.values()):
            msg = f"has no lock file: it belongs to the workspace {parent}, whose {locks[0]} is used"
            fix = f"give the folder {parent}, and write handlers and patterns relative to it"
            return ConfigError(msg, where=str(project), fix=fix)
    msg = "there is no lock file, so two builds could install different versions"
    return ConfigError(msg, where=str(project), fix=preferred.advice.no_lock)
