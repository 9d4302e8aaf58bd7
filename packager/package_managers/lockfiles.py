"""Lock files: which one counts, and whether it agrees with package.json.

Reads ``package.json`` and the lock file next to it, nothing else, and never asks a registry.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from packager.core.document import read_object
from packager.core.errors import ConfigError
from packager.core.package_json import read_package_json
from packager.model.locks import LockFacts
from packager.package_managers.lock_shape import check_npm, check_pnpm

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


LOCK_FILES: dict[str, str] = {
    "npm-shrinkwrap.json": "npm",
    "package-lock.json": "npm",
    "pnpm-lock.yaml": "pnpm",
    "yarn.lock": "yarn",
    "bun.lock": "bun",
    "bun.lockb": "bun",
}
"""File name → package manager; npm reads the first of its two that is there."""

SUPPORTED = ("npm", "pnpm")
_DECLARED = ("dependencies", "devDependencies", "optionalDependencies")

Lock = dict[str, Any]
"""A parsed lock file."""


def check_lock(project: Path) -> LockFacts:
    """Return the facts of a Node project's lock file.

    Raises ConfigError if package.json or the lock file is missing or broken, if the two disagree (all differences are
    named), if the lock is of a manager that cannot be run, or if the project is a member of a workspace whose lock
    lies above.
    """
    if not (project / "package.json").is_file():
        msg = "there is no package.json"
        raise ConfigError(msg, where=str(project), fix="name the folder that has it, or run `npm init` there")
    package = read_package_json(project)
    found = {name: manager for name, manager in LOCK_FILES.items() if (project / name).is_file()}
    if not found:
        if not any(package.get(kind) for kind in _DECLARED) and not package.get("workspaces"):
            return LockFacts(None, "")
        raise _no_lock(project)
    lock_file, notes = _choose(package, found)
    manager = found[lock_file]
    if manager not in SUPPORTED:
        msg = f"is {manager}'s, which cannot be run here; supported are: {', '.join(SUPPORTED)}"
        fix = "run `npm install` once and keep its package-lock.json, or `pnpm import`"
        raise ConfigError(msg, where=lock_file, fix=fix)
    if manager == "pnpm":
        versions = _pnpm_versions(read_pnpm_lock(project / lock_file))
        return LockFacts("pnpm", lock_file, tuple(sorted(versions.items())), notes=notes)
    lock = read_lock(project / lock_file)
    _check_agreement(package, lock, lock_file)
    _check_links(lock, lock_file)
    every = list(entries(lock))
    top = {package_name(path, entry): str(entry.get("version", "")) for path, entry in every if _is_top(path)}
    scripts = {package_name(path, entry) for path, entry in every if entry.get("hasInstallScript")}
    return LockFacts("npm", lock_file, tuple(sorted(top.items())), tuple(sorted(scripts)), notes)


def read_lock(path: Path) -> Lock:
    """Return a parsed package-lock.json or npm-shrinkwrap.json of version 1, 2 or 3: the one door to these files.

    Every key is the path of a folder in the project, see `check_npm`, and every table an object. Raises ConfigError.
    """
    lock = read_object(path, fix="resolve the merge or run `npm install`")
    version = lock.get("lockfileVersion")
    if version not in (1, 2, 3):
        msg = f"has lockfileVersion {version!r}, known are 1, 2 and 3"
        raise ConfigError(msg, where=path.name, fix="run `npm install` to write it anew")
    check_npm(lock, path.name)
    return lock


def read_pnpm_lock(path: Path) -> Lock:
    """Return a parsed pnpm-lock.yaml of version 9, which the pnpm that knows ``--libc`` reads: the one door to it.

    Importers are folders of the project and every table is an object, see `check_pnpm`. Raises ConfigError.
    """
    import yaml

    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        lock = yaml.load(path.read_text(encoding="utf-8"), Loader=loader)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        msg = f"is not YAML: {str(error).splitlines()[-1].strip()}"
        raise ConfigError(msg, where=path.name, fix="resolve the merge or run `pnpm install`") from error
    version = str(lock.get("lockfileVersion", "missing")) if isinstance(lock, dict) else "missing"
    if not version.startswith("9."):
        msg = f"has lockfileVersion {version}, supported is 9.0"
        raise ConfigError(msg, where=path.name, fix="run `npx pnpm@10 install` to write it anew")
    check_pnpm(lock, path.name)
    return cast("Lock", lock)


def _pnpm_versions(lock: Lock) -> dict[str, str]:
    """Return package → version; of several versions the importers' own.

    Keys of ``packages`` are ``name@version``; an importer's versions are followed by the peers in brackets.
    """
    found: dict[str, str] = {}
    for key in lock.get("packages") or {}:
        name, _, version = str(key).rpartition("@")
        found.setdefault(name, version)
    for importer in (lock.get("importers") or {}).values():
        for kind in _DECLARED:
            for name, entry in (importer.get(kind) or {}).items():
                version = entry["version"] if isinstance(entry, dict) else entry
                found[str(name)] = str(version).partition("(")[0]
    return found


def entries(lock: Lock) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield (path of the folder, entry) of every package, whatever the lock's version."""
    packages = lock.get("packages")
    if packages is not None:
        yield from packages.items()
    else:
        yield from _entries_of_version_1(lock.get("dependencies", {}), "")


def _entries_of_version_1(tree: dict[str, Any], prefix: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, entry in tree.items():
        path = f"{prefix}node_modules/{name}"
        yield path, entry
        yield from _entries_of_version_1(entry.get("dependencies", {}), path + "/")


def _is_top(path: str) -> bool:
    return path.startswith("node_modules/") and path.count("node_modules/") == 1


def package_name(path: str, entry: dict[str, Any]) -> str:
    return str(entry.get("name") or path.rpartition("node_modules/")[2])


def _choose(package: dict[str, Any], found: dict[str, str]) -> tuple[str, tuple[str, ...]]:
    """Return the lock file to use and a note if there was a choice between managers."""
    managers = list(dict.fromkeys(found.values()))
    wanted = str(package.get("packageManager", "")).partition("@")[0]
    manager = wanted if wanted in managers else next((one for one in SUPPORTED if one in managers), managers[0])
    lock_file = next(name for name, owner in found.items() if owner == manager)
    if len(managers) == 1:
        return lock_file, ()
    reason = "package.json's packageManager says so" if manager == wanted else "name another as packageManager"
    return lock_file, (f"lock files of {' and '.join(managers)}: {lock_file} is used ({reason})",)


def _check_agreement(package: dict[str, Any], lock: Lock, lock_file: str) -> None:
    """Raise ConfigError naming every dependency in which package.json and the lock's record of it differ."""
    locked_at = dict(entries(lock))
    root = locked_at.get("")
    differences: list[str] = []
    for kind in _DECLARED:
        for name, wanted in cast("dict[str, str]", package.get(kind, {})).items():
            if root is None:
                if f"node_modules/{name}" not in locked_at and kind != "optionalDependencies":
                    differences.append(f"{name} {wanted} is not locked")
                continue
            locked = next((root[other][name] for other in _DECLARED if name in root.get(other, {})), None)
            if locked is None:
                differences.append(f"{name} {wanted} is not locked")
            elif locked != wanted:
                differences.append(f"{name} is {wanted} in package.json, {locked} in the lock")
    for kind in _DECLARED:
        for name in (root or {}).get(kind, {}):
            if not any(name in package.get(other, {}) for other in _DECLARED):
                differences.append(f"{name} is locked, but not in package.json")
    if differences:
        msg = f"does not agree with package.json: {'; '.join(dict.fromkeys(differences))}"
        raise ConfigError(msg, where=lock_file, fix="run `npm install` and keep the lock file it writes")


def _check_links(lock: Lock, lock_file: str) -> None:
    """Raise ConfigError for packages that are folders outside the project: they would not come along."""
    for path, entry in entries(lock):
        where = _folder_of(entry)
        if where.startswith(("../", "/")):
            msg = f"{package_name(path, entry)} is the folder {where}, outside the project"
            fix = "build from a folder that contains both (npm workspaces), or publish the package"
            raise ConfigError(msg, where=lock_file, fix=fix)


def _folder_of(entry: dict[str, Any]) -> str:
    """Return the folder that a package is a link to; empty for one that is installed. Version 1 says it as version."""
    if entry.get("link"):
        return str(entry.get("resolved", "")).removeprefix("file:")
    version = str(entry.get("version", ""))
    is_folder = version.startswith("file:") and not version.endswith((".tgz", ".tar.gz", ".tar"))
    return version.removeprefix("file:") if is_folder else ""


def _no_lock(project: Path) -> ConfigError:
    """Return the error for a missing lock file, naming the workspace root if the lock lies there."""
    for parent in project.resolve().parents:
        locks = [name for name in LOCK_FILES if (parent / name).is_file()]
        if locks and _is_workspace(parent):
            msg = f"has no lock file; it belongs to the workspace {parent}, whose {locks[0]} counts"
            fix = f"point packager at {parent}, and write handlers and patterns relative to it"
            return ConfigError(msg, where=str(project), fix=fix)
    fix = "run `npm install` (or `npm install --package-lock-only`) and keep package-lock.json"
    return ConfigError("there is no lock file, so no two builds would be the same", where=str(project), fix=fix)


def _is_workspace(folder: Path) -> bool:
    if (folder / "pnpm-workspace.yaml").is_file():
        return True
    try:
        return bool(read_package_json(folder).get("workspaces"))
    except ConfigError:  # a stray lock file above the project says nothing about it
        return False
