"""What a lock file may look like: tables where tables belong, and keys that name folders of the project.

A lock file comes with a project, from its author. Its keys are paths that are read, linked to and removed, so
they pass here first, whichever reader opens the file: nothing behind this door has to ask again.
"""

from __future__ import annotations

import posixpath
import re
from typing import Any

from packager.core.errors import ConfigError

Table = dict[str, Any]
"""A JSON or YAML object with texts as keys."""

_NPM_TABLES = ("dependencies", "devDependencies", "optionalDependencies", "peerDependencies")
_PNPM_TABLES = ("dependencies", "devDependencies", "optionalDependencies")
_DEEPEST = 100
"""Levels of version 1's trees: a path of as many folders is longer than any system allows."""
_UNUSUAL = re.compile(r"[\\\0-\x1f\x7f]|\A[A-Za-z]:")
_FIX = "no package manager writes this: delete the lock file and create it again, or find out who changed it"


def is_inside(path: str) -> bool:
    r"""Return whether a text is the one normal spelling of a path beneath the project, on every system.

    >>> is_inside("apps/api/node_modules/@x/y"), is_inside("a/../../b"), is_inside("/a"), is_inside("a\\b")
    (True, False, False, False)
    """
    return _is_normal(path) and not path.startswith("/") and path != "." and path.partition("/")[0] != ".."


def check_npm(lock: Table, lock_file: str) -> None:
    """Raise ConfigError, naming lock file and key, for what cannot be in a package-lock.json of version 1 to 3.

    Tables that are null or empty are removed, so that a reader finds objects only.
    """
    if lock.get("packages") is None:
        lock.pop("packages", None)
        _check_version_1(lock, lock_file)
        return
    for key, entry in _table(lock, "packages", lock_file).items():
        where = f"{lock_file}: packages: {key!a}"
        # npm keeps the entry of a folder outside that nothing links to any more. It says nothing of what is installed.
        gone = _climbs(key) and "node_modules" not in key.split("/")
        if key and not gone and not is_inside(key):
            raise _no_path(where)
        _check_entry(entry, where)


def check_pnpm(lock: Table, lock_file: str) -> None:
    """Raise ConfigError, naming lock file and key, for what cannot be in a pnpm-lock.yaml of version 9."""
    for key in ("importers", "packages", "snapshots"):
        lock[key] = {str(name): {} if entry is None else entry for name, entry in _table(lock, key, lock_file).items()}
        for name, entry in lock[key].items():
            where = f"{lock_file}: {key}: {name!a}"
            if not isinstance(entry, dict):
                raise _wrong(where)
            if key == "packages":
                _check_tables(entry, ("peerDependenciesMeta",), where)
                _check_inner(entry, "peerDependenciesMeta", where)
                continue
            if key == "importers" and name != "." and not is_inside(name):
                raise _no_path(where)
            _check_pnpm_tables(entry, name if key == "importers" else ".", where)


def _check_pnpm_tables(entry: Table, folder: str, where: str) -> None:
    """Check the dependencies of an importer or a snapshot; what production links to lies in the project."""
    _check_tables(entry, _PNPM_TABLES, where)
    for kind in _PNPM_TABLES:
        for name, value in entry.get(kind, {}).items():
            version = value.get("version") if isinstance(value, dict) else value
            here = f"{where}: {kind}: {name!a}"
            if version is None or isinstance(version, (dict, list)):
                msg = "has no version"
                raise ConfigError(msg, where=here, fix=_FIX)
            target = str(version).removeprefix("link:")
            if target == str(version) or kind == "devDependencies":
                continue
            inside = posixpath.normpath(posixpath.join(folder, target))
            if inside != "." and not is_inside(inside):
                msg = f"is the folder {target}, outside the project"
                fix = "build from a folder that contains both (a pnpm workspace), or publish the package"
                raise ConfigError(msg, where=here, fix=fix)


def _check_entry(entry: object, where: str) -> None:
    """Check one package of version 2 or 3."""
    if not isinstance(entry, dict):
        raise _wrong(where)
    _check_tables(entry, (*_NPM_TABLES, "peerDependenciesMeta"), where)
    _check_inner(entry, "peerDependenciesMeta", where)
    if entry.get("link"):
        target = entry.get("resolved", "")
        target = target.removeprefix("file:") if isinstance(target, str) else target
        # A target that climbs only is a folder outside, which `lockfiles` refuses by the package's name.
        if not isinstance(target, str) or (target and not is_inside(target) and not _climbs(target)):
            raise _no_path(where, target)


def _check_version_1(lock: Table, lock_file: str) -> None:
    waiting = [(lock, "", f"{lock_file}: dependencies", 0)]
    while waiting:
        holder, prefix, where, depth = waiting.pop()
        tree = holder.get("dependencies")
        if not tree:
            holder.pop("dependencies", None)
            continue
        if not isinstance(tree, dict):
            raise _wrong(where)
        if depth > _DEEPEST:
            msg = "is too deeply nested"
            raise ConfigError(msg, where=f"{lock_file}: dependencies", fix=_FIX)
        for name, entry in tree.items():
            path = f"{prefix}node_modules/{name}"
            here = f"{lock_file}: dependencies: {path!a}"
            if not is_inside(path):
                raise _no_path(here)
            if not isinstance(entry, dict):
                raise _wrong(here)
            waiting.append((entry, f"{path}/", f"{here}: dependencies", depth + 1))


def _check_tables(entry: Table, keys: tuple[str, ...], where: str) -> None:
    """Remove tables that are null or empty; raise ConfigError for those that are no objects."""
    for key in keys:
        if not entry.get(key):
            entry.pop(key, None)
        elif not isinstance(entry[key], dict):
            raise _wrong(where, key)


def _check_inner(entry: Table, key: str, where: str) -> None:
    for name, value in entry.get(key, {}).items():
        if not isinstance(value, dict):
            raise _wrong(where, key, ascii(name))


def _table(lock: Table, key: str, lock_file: str) -> Table:
    table = lock.get(key)
    if table is None:
        return {}
    if not isinstance(table, dict):
        raise _wrong(lock_file, key)
    return table


def _is_normal(path: str) -> bool:
    try:
        path.encode()
    except UnicodeEncodeError:  # half of a surrogate pair: no name of any file
        return False
    return posixpath.normpath(path) == path and not _UNUSUAL.search(path)


def _climbs(path: str) -> bool:
    """Return whether a path is a normal one of a folder outside: ``../shared``, not ``a/../../shared``."""
    return path.startswith("../") and _is_normal(path) and path.rpartition("/")[2] != ".."


def _no_path(where: str, target: object = None) -> ConfigError:
    """Return the error for a key, or for what its entry links to."""
    said = "is not the path of a folder inside the project"
    return ConfigError(said if target is None else f"links to {target!a}, which {said}", where=where, fix=_FIX)


def _wrong(*where: str) -> ConfigError:
    return ConfigError("is not an object", where=": ".join(where), fix=_FIX)
