"""Lock files of npm and pnpm as they are read: checked, and compared with package.json. No registry is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from packager.core.document import read_object
from packager.core.errors import ConfigError
from packager.core.package_json import read_package_json
from packager.package_managers.lock_shape import check_npm, check_pnpm

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


DECLARED = ("dependencies", "devDependencies", "optionalDependencies")
"""Keys of package.json, and of what locks repeat of it, that ask for packages."""

Lock = dict[str, Any]
"""A parsed lock file."""


def first_of(root: Path, names: tuple[str, ...]) -> str:
    """Return the first of several file names that is there. Raises ConfigError if none is."""
    for name in names:
        if (root / name).is_file():
            return name
    msg = "there is no such file"
    raise ConfigError(msg, where=str(root / names[-1]), fix="write the lock file with the project's package manager")


def declares_packages(root: Path) -> bool:
    """Return whether a project's package.json asks for packages, or names workspaces."""
    package = read_package_json(root)
    return any(package.get(key) for key in (*DECLARED, "workspaces"))


def read_lock(path: Path) -> Lock:
    """Return a parsed package-lock.json or npm-shrinkwrap.json of version 1, 2 or 3: the one door to these files.

    Every key is the path of a folder in the project, see `check_npm`, and every table an object. Raises ConfigError.
    """
    lock = read_object(path, fix="resolve the merge conflict, or run `npm install`")
    version = lock.get("lockfileVersion")
    if version not in (1, 2, 3):
        msg = f"has lockfileVersion {version!r}, but only 1, 2 and 3 are supported"
        raise ConfigError(msg, where=path.name, fix="run `npm install` to rewrite it")
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
        raise ConfigError(msg, where=path.name, fix="resolve the merge conflict, or run `pnpm install`") from error
    version = str(lock.get("lockfileVersion", "missing")) if isinstance(lock, dict) else "missing"
    if not version.startswith("9."):
        msg = f"has lockfileVersion {version}, but only 9.0 is supported"
        raise ConfigError(msg, where=path.name, fix="run `npx pnpm@10 install` to rewrite it")
    check_pnpm(lock, path.name)
    return cast("Lock", lock)


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


def is_top(path: str) -> bool:
    """Return whether a package lies directly in node_modules."""
    return path.startswith("node_modules/") and path.count("node_modules/") == 1


def package_name(path: str, entry: dict[str, Any]) -> str:
    return str(entry.get("name") or path.rpartition("node_modules/")[2])


def check_agreement(package: dict[str, Any], lock: Lock, lock_file: str, member: str = "") -> None:
    """Raise ConfigError naming every dependency in which a package.json and the lock's record of it differ.

    `member` is the folder of a workspace member, whose package.json it is; empty for the project's own.
    """
    locked_at = dict(entries(lock))
    root = locked_at.get(member)
    differences: list[str] = []
    for kind in DECLARED:
        for name, wanted in cast("dict[str, str]", package.get(kind, {})).items():
            if root is None:
                if f"node_modules/{name}" not in locked_at and kind != "optionalDependencies":
                    differences.append(f"{name} {wanted} is not locked")
                continue
            locked = next((root[other][name] for other in DECLARED if name in root.get(other, {})), None)
            if locked is None:
                differences.append(f"{name} {wanted} is not locked")
            elif locked != wanted:
                differences.append(f"{name} is {wanted} in package.json, {locked} in the lock")
    for kind in DECLARED:
        for name in (root or {}).get(kind, {}):
            if not any(name in package.get(other, {}) for other in DECLARED):
                differences.append(f"{name} is locked, but not in package.json")
    if differences:
        msg = f"does not agree with package.json: {'; '.join(dict.fromkeys(differences))}"
        raise ConfigError(msg, where=lock_file, fix="run `npm install` and commit the lock file it writes")


def check_links(lock: Lock, lock_file: str) -> None:
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
