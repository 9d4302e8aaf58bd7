"""pnpm: pnpm-lock.yaml of version 9."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from packager.core.errors import ConfigError
from packager.model.builds import Invocation
from packager.model.locks import LockFacts
from packager.model.package_managers import KnownCause, MissingPart
from packager.package_managers import npm
from packager.package_managers.lockfiles import DECLARED, declares_packages, first_of, read_pnpm_lock
from packager.package_managers.node_platform import npm_platform
from packager.package_managers.parts import missing_parts as missing_parts_of
from packager.package_managers.production import development_specs
from packager.package_managers.scripts import script

if TYPE_CHECKING:
    from packager.model.plan import Job
    from packager.model.targets import Language
    from packager.package_managers.lockfiles import Lock

PNPM = "pnpm@10.34.8"
"""First fetched by npx, then taken from npm's cache. 10.14 brought --os, --cpu and --libc."""

language: Language = "nodejs"
manifest = "package.json"
lock_files: tuple[str, ...] = ("pnpm-lock.yaml",)
settings_files: tuple[str, ...] = (".npmrc", "pnpm-workspace.yaml")
cache_variable = ""
causes: tuple[KnownCause, ...] = (
    KnownCause(
        r"ERR_PNPM_OUTDATED_LOCKFILE",
        "package.json and pnpm-lock.yaml disagree",
        "run `pnpm install` in the project and commit pnpm-lock.yaml",
    ),
)
advice = replace(npm.advice, incomplete_lock="run `pnpm install --fix-lockfile` and commit pnpm-lock.yaml")


def declares(root: Path) -> bool:
    """Return whether package.json asks for packages, or names workspaces."""
    return declares_packages(root)


def is_workspace(folder: Path) -> bool:
    """Return whether a folder has the file that names a workspace's members."""
    return (folder / "pnpm-workspace.yaml").is_file()


def tools(job: Job) -> tuple[str, ...]:
    """Return the programs that are started: node for our own script."""
    return ("npx", "node")


def read(root: Path, member: str = "") -> LockFacts:
    """Return all packages; of several versions the importers' own, or the member's."""
    lock_file = first_of(root, lock_files)
    lock = read_pnpm_lock(root / lock_file)
    if member and member not in lock["importers"]:
        msg = f"does not list the workspace's member {member}"
        raise ConfigError(msg, where=lock_file, fix="run `pnpm install` and commit the lock file it writes")
    return LockFacts("pnpm", lock_file, tuple(sorted(_versions(lock, member).items())))


def install(job: Job, *, run_scripts: bool) -> tuple[Invocation, ...]:
    """Return pnpm's install in the hoisted layout, which has no links: what lies there is what Node finds anywhere."""
    argv = ("npx", "--yes", PNPM, "install", "--frozen-lockfile", "--config.node-linker=hoisted", *npm_platform(job))
    argv = (
        *argv,
        "--config.package-import-method=copy",
        "--config.confirm-modules-purge=false",
        "--reporter=append-only",
    )
    # The project may pin another pnpm: that one may be too old for --os and would be fetched again.
    pinned = (("npm_config_manage_package_manager_versions", "false"), ("npm_config_package_manager_strict", "false"))
    return (Invocation("install", argv if run_scripts else (*argv, "--ignore-scripts"), pinned),)


def prune(job: Job) -> tuple[Invocation, ...]:
    """Return what removes the packages that production does not reach, see `production`."""
    unneeded = () if job.development else development_specs(job.source, job.lock_file)
    return (Invocation("prune", ("node", "-e", script("tree.cjs", "pnpm_prune.cjs"), "--", *unneeded)),)


def reproducible(job: Job) -> bool:
    """Return whether there is a lock file: it is frozen."""
    return Path(job.lock_file).name in lock_files


def missing_parts(job: Job) -> tuple[MissingPart, ...]:
    """Return the parts for the job's system that snapshots name and the lock file has no package of."""
    lock = read_pnpm_lock(job.source / job.lock_file)
    packages, snapshots = lock["packages"], lock["snapshots"]
    unneeded = frozenset(development_specs(job.source, job.lock_file))
    names = {key.rpartition("@")[0] for key in packages}
    found: list[MissingPart] = []
    for key, entry in snapshots.items():
        spec = key.partition("(")[0]
        if spec in unneeded:
            continue
        required = not entry.get("optional") and not packages.get(spec, {}).get("requiresBuild")
        optional = entry.get("optionalDependencies", {})
        found += missing_parts_of(spec, optional, names.__contains__, job, required=required)
    return tuple(dict.fromkeys(found))


def integrity(path: Path) -> dict[str, str]:
    """Return nothing: its hashes are not passed on yet."""
    return {}


def _versions(lock: Lock, member: str) -> dict[str, str]:
    """Return package → version.

    Keys of ``packages`` are ``name@version``; an importer's versions are followed by the peers in brackets.
    """
    found: dict[str, str] = {}
    for key in lock.get("packages") or {}:
        name, _, version = str(key).rpartition("@")
        found.setdefault(name, version)
    importers = lock.get("importers") or {}
    for importer in [importers[member]] if member else importers.values():
        for kind in DECLARED:
            for name, entry in (importer.get(kind) or {}).items():
                version = entry["version"] if isinstance(entry, dict) else entry
                found[str(name)] = str(version).partition("(")[0]
    return found
