"""What of a lock file production needs, and what only development does.

Package managers keep every development package that some other package names as an optional peer, with all that it
depends on: ``npm prune --omit=dev`` leaves 326 MB of Prisma's CLI in an app that needs a tenth of it. So the lock is
followed from the production dependencies alone. An optional peer is no reason to keep a package.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from packager.core.errors import ConfigError
from packager.package_managers.lock_shape import is_inside
from packager.package_managers.lockfiles import entries, read_lock, read_pnpm_lock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_PRODUCTION = ("dependencies", "optionalDependencies")


def development_packages(project: Path, lock_file: str) -> tuple[str, ...]:
    """Return the folders under the project that only development needs, outermost ones, sorted.

    Needed is what the production and required peer dependencies of the project and its workspaces lead to, found by
    Node's rule: the nearest ``node_modules`` above. An optional peer is not a reason to keep a package. Raises
    ConfigError for a lock file that cannot be used.
    """
    lock = read_lock(project / lock_file)
    packages = dict(entries(lock))
    if lock["lockfileVersion"] == 1:  # no peers in these: npm's own flag is the whole truth
        unneeded = {path for path, entry in packages.items() if entry.get("dev")}
    elif "" not in packages:
        msg = "has no entry for the project itself, so it does not show what production needs"
        raise ConfigError(msg, where=f"{lock_file}: packages", fix="run `npm install` to rewrite it")
    else:
        unneeded = set(packages) - _production(packages)
    # What is returned will be removed: a folder outside never is, even if its key was let pass.
    installed = {path for path in unneeded if "node_modules/" in path and is_inside(path)}
    return tuple(sorted(path for path in installed if not any(outer in installed for outer in _outer(path))))


def _production(packages: dict[str, dict[str, Any]]) -> set[str]:
    """Return the lock's paths that production reaches; "" is the project itself."""
    roots = {"", *(path for path in packages if "node_modules/" not in path)}
    reached, waiting = set(roots), list(roots)
    while waiting:
        path = waiting.pop()
        for name in _wanted(packages[path]):
            found = _resolve(packages, path, name)
            if found is not None and found not in reached:
                reached.add(found)
                waiting.append(found)
                link = packages[found]
                if link.get("link") and link.get("resolved") in packages and link["resolved"] not in reached:
                    reached.add(link["resolved"])
                    waiting.append(link["resolved"])
    # A workspace's own link has no dependency that names it: the project's package.json does.
    return reached | {path for path, entry in packages.items() if entry.get("link") and entry.get("resolved") in roots}


def _wanted(entry: dict[str, Any]) -> Iterator[str]:
    for kind in _PRODUCTION:
        yield from entry.get(kind, {})
    optional = entry.get("peerDependenciesMeta", {})
    for name in entry.get("peerDependencies", {}):
        if not optional.get(name, {}).get("optional"):
            yield name


def _resolve(packages: dict[str, dict[str, Any]], path: str, name: str) -> str | None:
    folder = path
    while True:
        candidate = f"{folder}/node_modules/{name}" if folder else f"node_modules/{name}"
        if candidate in packages:
            return candidate
        if not folder:
            return None
        folder = folder.rpartition("/")[0]


def _outer(path: str) -> Iterator[str]:
    """Yield the package folders around a package folder."""
    while "/node_modules/" in path:
        path = path.rpartition("/node_modules/")[0]
        yield path


def development_specs(project: Path, lock_file: str) -> tuple[str, ...]:
    """Return ``name@version`` of what only development needs, of a pnpm lock file, sorted."""
    lock = read_pnpm_lock(project / lock_file)
    packages: dict[str, Any] = lock.get("packages") or {}
    snapshots: dict[str, Any] = lock.get("snapshots") or {}
    waiting = [key for importer in lock.get("importers", {}).values() for key in _pnpm_wanted(importer, snapshots)]
    reached: set[str] = set()
    while waiting:
        key = waiting.pop()
        if key in reached:
            continue
        reached.add(key)
        peers = (packages.get(_spec(key)) or {}).get("peerDependenciesMeta", {})
        optional = frozenset(name for name, meta in peers.items() if meta.get("optional"))
        waiting += _pnpm_wanted(snapshots[key] or {}, snapshots, optional)
    return tuple(sorted(set(packages) - {_spec(key) for key in reached}))


def _pnpm_wanted(
    entry: dict[str, Any], snapshots: dict[str, Any], optional: frozenset[str] = frozenset()
) -> Iterator[str]:
    """Yield the snapshot keys that an importer's or snapshot's production dependencies name."""
    for kind in _PRODUCTION:
        for name, value in entry.get(kind, {}).items():
            # An importer says {specifier, version}, a snapshot the version; an alias gives the whole key instead.
            version = str(value["version"] if isinstance(value, dict) else value)
            key = version if version in snapshots else f"{name}@{version}"
            if name not in optional and key in snapshots:  # links to workspace members are not among them
                yield key


def _spec(key: str) -> str:
    """Return a snapshot's package: "a@1.0.0(b@2.0.0)" is "a@1.0.0"."""
    return key.partition("(")[0]
