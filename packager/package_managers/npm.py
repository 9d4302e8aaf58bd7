"""npm: package-lock.json and npm-shrinkwrap.json."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from packager.core.errors import ConfigError
from packager.core.package_json import read_package_json
from packager.model.builds import Invocation
from packager.model.locks import LockFacts
from packager.model.package_managers import KnownCause, LockAdvice, MissingPart
from packager.package_managers.lockfiles import (
    check_agreement,
    check_links,
    declares_packages,
    entries,
    first_of,
    is_top,
    package_name,
    read_lock,
)
from packager.package_managers.node_platform import npm_platform
from packager.package_managers.parts import missing_parts as missing_parts_of
from packager.package_managers.production import development_packages
from packager.package_managers.scripts import script

if TYPE_CHECKING:
    from packager.model.plan import Job
    from packager.model.targets import Language

language: Language = "nodejs"
manifest = "package.json"
lock_files: tuple[str, ...] = ("npm-shrinkwrap.json", "package-lock.json")
settings_files: tuple[str, ...] = (".npmrc",)
cache_variable = "npm_config_cache"
causes: tuple[KnownCause, ...] = ()  # it fetches our own tools, too: toolchains/causes.py has them
advice = LockAdvice(
    no_manifest="name the folder that has it, or run `npm init` there",
    no_lock="run `npm install` (or `npm install --package-lock-only`) and commit package-lock.json",
    unread_lock="run `npm install` once and keep its package-lock.json, or `pnpm import`",
    incomplete_lock="run `rm -rf node_modules && npm install --package-lock-only` with npm 11 or later, or remove the "
    "lock file, too, and run `npm install`",
)


def declares(root: Path) -> bool:
    """Return whether package.json asks for packages, or names workspaces."""
    return declares_packages(root)


def is_workspace(folder: Path) -> bool:
    """Return whether a folder's package.json names workspaces."""
    try:
        return bool(read_package_json(folder).get("workspaces"))
    except ConfigError:  # a stray lock file above the project says nothing about it
        return False


def tools(job: Job) -> tuple[str, ...]:
    """Return the programs that are started: node for our own script."""
    return ("npm", "node")


def read(root: Path, member: str = "") -> LockFacts:
    """Return the packages at the top of a project's node_modules; for a member, those beside it in their place."""
    lock_file = first_of(root, lock_files)
    lock = read_lock(root / lock_file)
    if member and member not in dict(entries(lock)):
        msg = f"does not list the workspace's member {member}"
        raise ConfigError(msg, where=lock_file, fix="run `npm install` and commit the lock file it writes")
    check_agreement(read_package_json(root / member), lock, lock_file, member)
    check_links(lock, lock_file)
    every = list(entries(lock))
    top = {package_name(path, entry): str(entry.get("version", "")) for path, entry in every if is_top(path)}
    own = [(path[len(member) + 1 :], entry) for path, entry in every if member and path.startswith(f"{member}/")]
    top |= {package_name(path, entry): str(entry.get("version", "")) for path, entry in own if is_top(path)}
    scripts = {package_name(path, entry) for path, entry in every if path and entry.get("hasInstallScript")}
    return LockFacts("npm", lock_file, tuple(sorted(top.items())), tuple(sorted(scripts)))


def install(job: Job, *, run_scripts: bool) -> tuple[Invocation, ...]:
    """Return the frozen install of everything, development packages included: they generate."""
    argv = ("npm", "ci", *npm_platform(job), "--include=dev", "--include=optional", "--no-audit", "--no-fund")
    return (Invocation("install", argv if run_scripts else (*argv, "--ignore-scripts")),)


def prune(job: Job) -> tuple[Invocation, ...]:
    """Return what removes the folders that production does not reach, see `production`."""
    unneeded = () if job.development else development_packages(job.source, job.lock_file)
    return (Invocation("prune", ("node", "-e", script("tree.cjs", "npm_prune.cjs"), "--", *unneeded)),)


def reproducible(job: Job) -> bool:
    """Return whether there is a lock file: npm takes it to the letter."""
    return Path(job.lock_file).name in lock_files


def missing_parts(job: Job) -> tuple[MissingPart, ...]:
    """Return the parts for the job's system that a lock file of version 2 or 3 lacks; version 1 names none."""
    lock = read_lock(job.source / job.lock_file)
    if "packages" not in lock:
        return ()
    packages = dict(entries(lock))
    names = {package_name(path, entry) for path, entry in packages.items()} | {
        path.rpartition("node_modules/")[2] for path in packages
    }
    unneeded = development_packages(job.source, job.lock_file)
    found: list[MissingPart] = []
    for path, entry in packages.items():
        if "node_modules/" not in path or f"{path}/".startswith(tuple(f"{folder}/" for folder in unneeded)):
            continue
        required = not (entry.get("optional") or entry.get("devOptional")) and not entry.get("hasInstallScript")
        called = f"{package_name(path, entry)}@{entry.get('version', '')}"
        optional = entry.get("optionalDependencies", {})
        found += missing_parts_of(called, optional, names.__contains__, job, required=required)
    return tuple(dict.fromkeys(found))


def integrity(path: Path) -> dict[str, str]:
    """Return folder → integrity of a lock file of version 2 or 3; {} for what has none."""
    try:
        lock = read_lock(path)
    except (ConfigError, OSError):
        return {}  # the install has judged it; hashes are an addition
    if "packages" not in lock:
        return {}
    return {folder: text for folder, entry in entries(lock) if isinstance(text := entry.get("integrity"), str)}
