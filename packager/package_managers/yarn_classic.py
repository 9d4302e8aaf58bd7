"""Yarn 1, called classic: yarn.lock of version 1. A lock file of a later Yarn (Berry) is refused by name.

Yarn 1 is fetched by npx, and installs for another platform with the help of our own script, yarn_classic.cjs.
"""

from __future__ import annotations

import json
import posixpath
import re
import shlex
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from packager.core.errors import ConfigError
from packager.core.package_json import read_package_json
from packager.model.builds import Invocation
from packager.model.locks import LockFacts
from packager.model.package_managers import KnownCause, MissingPart
from packager.package_managers import npm
from packager.package_managers.lock_shape import is_inside
from packager.package_managers.lockfiles import DECLARED, declares_packages, first_of
from packager.package_managers.node_platform import NODE_CPU
from packager.package_managers.parts import missing_parts as missing_parts_of
from packager.package_managers.scripts import script

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from packager.model.plan import Job
    from packager.model.targets import Language

YARN = "yarn@1.22.22"
"""The last of its line. First fetched by npx, then taken from npm's cache."""

language: Language = "nodejs"
manifest = "package.json"
lock_files: tuple[str, ...] = ("yarn.lock",)
settings_files: tuple[str, ...] = (".npmrc", ".yarnrc")
cache_variable = "YARN_CACHE_FOLDER"
causes: tuple[KnownCause, ...] = (
    KnownCause(
        r"Your lockfile needs to be updated",
        "package.json and yarn.lock disagree",
        "run `yarn install` in the project and commit yarn.lock",
    ),
    KnownCause(
        r"error (?P<detail>\S+): The (?:platform|CPU architecture) \"[^\"]*\" is incompatible with this module",
        "a package does not exist for the target's system: {detail}",
        "make it an optional dependency, or choose another architecture",
    ),
    KnownCause(
        r"Integrity check failed for \"(?P<detail>[^\"]+)\"",
        "a downloaded package differs from what the lock file says: {detail}",
        "run `yarn cache clean`; if it stays, find out who changed the package",
    ),
    KnownCause(
        r"Can't make a request in offline mode \(\"?(?P<detail>[^\")]+)",
        "a package is not in Yarn's cache: {detail}",
        "build once without --offline",
    ),
    KnownCause(
        r"Couldn't find (?:package|any versions for) \"(?P<detail>[^\"]+)\"",
        "the registry does not have {detail}",
        "correct name and version, or set the registry of its scope in .npmrc",
    ),
    KnownCause(
        r"(?P<detail>https?://\S+): Request failed \"404 ",
        "the registry does not have {detail}",
        "check the registry in .npmrc, or run `yarn install` to renew the lock file",
    ),
    KnownCause(
        r"Request failed \"40[13] ",
        "the registry refused access",
        "check the credentials in ~/.npmrc, or the variable it refers to",
    ),
)
advice = replace(npm.advice, incomplete_lock="run `yarn install` without --frozen-lockfile and commit yarn.lock")

_FIX = "no Yarn writes this: delete the lock file and create it again with `yarn install`, or find out who changed it"
_FRESH = "run `yarn install` and keep the lock file it writes"
_NO_BERRY = (
    f"run `npm install` once and keep its package-lock.json in the place of yarn.lock, or go back to Yarn 1: remove "
    f"yarn.lock, packageManager and .yarnrc.yml, and run `npx {YARN} install`"
)
_OPTIONS = (
    "install",
    "--frozen-lockfile",
    "--ignore-engines",
    "--non-interactive",
    "--no-progress",
    "--production=false",
)
# A release in the project's own folder, the check for another Yarn's name, and the layout without node_modules.
_SWITCHED_OFF = (
    ("YARN_IGNORE_PATH", "1"),
    ("SKIP_YARN_COREPACK_CHECK", "1"),
    ("YARN_PLUGNPLAY_OVERRIDE", "0"),
    ("DISABLE_V8_COMPILE_CACHE", "1"),
)

# Source: src/lockfile/parse.js and stringify.js of yarnpkg/yarn.
_TOKEN = r'"(?:[^"\\]|\\.)*"|[^\s:,"]+'
_HEADER = re.compile(rf"(?:{_TOKEN})(?:, *(?:{_TOKEN}))*:")
_FIELD = re.compile(rf'(?P<key>{_TOKEN})(?::|[ ](?P<value>"(?:[^"\\]|\\.)*"|[^\s"]+))')
_PATTERN = re.compile(r"(?P<name>(?:@[^@/\s]+/)?[^@/\s.][^@/\s]*)@(?P<range>.*)")
_TABLES = frozenset({"dependencies", "optionalDependencies", "permissions", "prebuiltVariants"})


@dataclass(frozen=True)
class YarnEntry:
    """One package of a yarn.lock."""

    patterns: tuple[str, ...]
    """Which requests it answers: ``a@^1.0.0``."""
    version: str
    integrity: str = ""
    needs: tuple[str, ...] = ()
    """Requests of its dependencies, but for optional ones."""
    optional: tuple[str, ...] = ()
    """Requests of its optional dependencies."""

    @property
    def name(self) -> str:
        """Return the package's own name: that of an alias is what the alias stands for."""
        name, wanted = split_pattern(self.patterns[0])
        alias = _PATTERN.fullmatch(wanted.removeprefix("npm:")) if wanted.startswith("npm:") else None
        return alias["name"] if alias else name


class _Block(NamedTuple):
    """One entry as it is written."""

    line: int
    patterns: tuple[str, ...]
    fields: dict[str, str]
    needs: tuple[str, ...]
    optional: tuple[str, ...] = ()


def declares(root: Path) -> bool:
    """Return whether package.json asks for packages, or names workspaces."""
    return declares_packages(root)


def is_workspace(folder: Path) -> bool:
    """Return whether a folder's package.json names workspaces."""
    return npm.is_workspace(folder)


def tools(job: Job) -> tuple[str, ...]:
    """Return the programs that are started: our script starts npx, which fetches Yarn."""
    return ("node", "npx")


def read(root: Path, member: str = "") -> LockFacts:
    """Return all packages; of several versions those the project and its members ask for, or the member alone."""
    lock_file = first_of(root, lock_files)
    package = read_package_json(root)
    _refuse_berry(package)
    lock = read_yarn_lock(root / lock_file)
    projects = {"": package, **_members(root, package)}
    if member not in projects:
        msg = f"{member} is not a member of the workspace"
        raise ConfigError(msg, where="package.json: workspaces", fix="name the member's folder there")
    _check_agreement(projects, lock, lock_file)
    found: dict[str, str] = {}
    for entry in lock.values():
        found.setdefault(entry.name, entry.version)
    for folder in [member] if member else projects:
        for name, wanted in _declared(projects[folder]):
            if (own := lock.get(f"{name}@{wanted}")) is not None:
                found[own.name] = own.version
    return LockFacts("yarn", lock_file, tuple(sorted(found.items())))


def install(job: Job, *, run_scripts: bool) -> tuple[Invocation, ...]:
    """Return the frozen install of everything for the job's platform, from Yarn's cache alone where it is offline."""
    options = _OPTIONS if run_scripts else (*_OPTIONS, "--ignore-scripts")
    if ("npm_config_offline", "true") in job.environment:
        options = (*options, "--offline")
    given = (_member_lines(job), YARN, NODE_CPU[job.arch], job.libc, *options)
    argv = ("node", "-e", script("tree.cjs", "yarn_classic.cjs"), "--", "install", *given)
    return (Invocation("install", argv, _SWITCHED_OFF, line=shlex.join(("npx", "--yes", YARN, *options))),)


def prune(job: Job) -> tuple[Invocation, ...]:
    """Return what removes, of the packages that the lock file names, those that production does not reach."""
    lock = {} if job.development else read_yarn_lock(job.source / job.lock_file)
    names = sorted({split_pattern(pattern)[0] for pattern in lock})
    program = script("tree.cjs", "yarn_classic.cjs")
    return (Invocation("prune", ("node", "-e", program, "--", "prune", _member_lines(job), *names)),)


def reproducible(job: Job) -> bool:
    """Return whether there is a lock file: it is frozen."""
    return Path(job.lock_file).name in lock_files


def missing_parts(job: Job) -> tuple[MissingPart, ...]:
    """Return the parts for the job's system that packages name and the lock file has no entry of.

    Which packages only development needs, this lock file does not say: what package.json names for it alone, with all
    that only leads to, is left out.
    """
    lock = read_yarn_lock(job.source / job.lock_file)
    names = {split_pattern(pattern)[0] for pattern in lock} | {entry.name for entry in lock.values()}
    found: list[MissingPart] = []
    for entry, required in _production_entries(job.source, lock).items():
        called = f"{entry.name}@{entry.version}"
        optional = [split_pattern(request)[0] for request in entry.optional]
        found += missing_parts_of(called, optional, names.__contains__, job, required=required)
    return tuple(dict.fromkeys(found))


def _production_entries(root: Path, lock: Mapping[str, YarnEntry]) -> dict[YarnEntry, bool]:
    """Return the entries that production leads to → whether it does so by what it cannot do without."""
    package = read_package_json(root)
    waiting: list[tuple[str, bool]] = []
    for facts in (package, *_members(root, package).values()):
        for kind in ("dependencies", "optionalDependencies"):
            waiting += [(f"{name}@{wanted}", kind == "dependencies") for name, wanted in facts.get(kind, {}).items()]
    found: dict[YarnEntry, bool] = {}
    while waiting:
        request, required = waiting.pop()
        entry = lock.get(request)
        if entry is None or found.get(entry) in (True, required):
            continue
        found[entry] = required
        waiting += [(one, required) for one in entry.needs] + [(one, False) for one in entry.optional]
    return found


def integrity(path: Path) -> dict[str, str]:
    """Return name@version → integrity, for what has one: the lock file knows no folders."""
    try:
        lock = read_yarn_lock(path)
    except (ConfigError, OSError):
        return {}  # the install has judged it; hashes are an addition
    return {f"{entry.name}@{entry.version}": entry.integrity for entry in lock.values() if entry.integrity}


def read_yarn_lock(path: Path) -> dict[str, YarnEntry]:
    """Return pattern → entry of a yarn.lock of version 1: the one door to it.

    Every pattern starts with a package's name, which is the name of a folder beneath node_modules. Raises ConfigError
    naming the line, for a lock file of Berry naming that.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        msg = "is not UTF-8 text"
        raise ConfigError(msg, where=path.name, fix=_FRESH) from error
    return parse_yarn_lock(text, path.name)


def parse_yarn_lock(text: str, lock_file: str = "yarn.lock") -> dict[str, YarnEntry]:
    """Return pattern → entry of a text, as `read_yarn_lock` does."""
    if re.search(r"^\"?__metadata\"?:", text, re.MULTILINE):
        msg = "is a lock file of Yarn 2 or later (Berry), which is not supported; Yarn 1 is"
        raise ConfigError(msg, where=lock_file, fix=_NO_BERRY)
    found: dict[str, YarnEntry] = {}
    for number, patterns, fields, needs, optional in _blocks(text, lock_file):
        where = f"{lock_file}: line {number}"
        if "version" not in fields:
            msg = f"{patterns[0]} has no version"
            raise ConfigError(msg, where=where, fix=_FIX)
        for pattern in patterns:
            _check_pattern(pattern, where)
            if pattern in found:
                msg = f"{pattern} is given twice"
                raise ConfigError(msg, where=where, fix=_FRESH)
            found[pattern] = YarnEntry(patterns, fields["version"], fields.get("integrity", ""), needs, optional)
    return found


def split_pattern(pattern: str) -> tuple[str, str]:
    """Return (name, range) of a pattern that has been read.

    >>> split_pattern("@a/b@^1.0.0"), split_pattern("a@npm:b@1")
    (('@a/b', '^1.0.0'), ('a', 'npm:b@1'))
    """
    match = _PATTERN.fullmatch(pattern)
    return (match["name"], match["range"]) if match else (pattern, "")


def _blocks(text: str, lock_file: str) -> Iterator[_Block]:
    """Yield each entry. Raises ConfigError for a line that is not one of Yarn's."""
    block: _Block | None = None
    table = ""
    for number, raw in enumerate(text.removeprefix("\ufeff").split("\n"), 1):
        line = raw.rstrip("\r")
        depth = len(line) - len(line.lstrip(" "))
        content = line[depth:]
        if not content or content.startswith("#"):
            continue
        where = f"{lock_file}: line {number}"
        if depth == 0 and _HEADER.fullmatch(content):
            if block is not None:
                yield block
            block, table = _Block(number, tuple(_value(one, where) for one in re.findall(_TOKEN, content)), {}, ()), ""
            continue
        field = _FIELD.fullmatch(content)
        if block is None or field is None or depth not in ((2, 4) if table else (2,)):
            merge = content.startswith(("<<<<<<<", "=======", ">>>>>>>"))
            msg = "is the mark of a merge conflict" if merge else "is not what Yarn 1 writes"
            raise ConfigError(msg, where=where, fix="resolve the merge conflict, or run `yarn install`")
        key, value = _value(field["key"], where), _value(field["value"] or "", where)
        if depth == 4:
            if table == "dependencies":
                block = block._replace(needs=(*block.needs, f"{key}@{value}"))
            elif table == "optionalDependencies":
                block = block._replace(optional=(*block.optional, f"{key}@{value}"))
            continue
        table = key if field["value"] is None else ""
        if bool(table) != (key in _TABLES) or key in block.fields:
            msg = f"{key!a} is not what Yarn 1 writes"
            raise ConfigError(msg, where=where, fix=_FIX)
        block.fields[key] = value
    if block is not None:
        yield block


def _value(token: str, where: str) -> str:
    """Return the text of a token; quoted ones are JSON."""
    if not token.startswith('"'):
        return token
    try:
        return str(json.loads(token))
    except ValueError as error:
        msg = f"{token} is no text"
        raise ConfigError(msg, where=where, fix=_FIX) from error


def _check_pattern(pattern: str, where: str) -> None:
    match = _PATTERN.fullmatch(pattern)
    if match is None or not is_inside(f"node_modules/{match['name']}"):
        msg = f"{pattern!a} does not start with the name of a package"
        raise ConfigError(msg, where=where, fix=_FIX)
    if folder := re.match(r"(?:file|link|portal):(?=[/~\\]|[A-Za-z]:)", match["range"]):
        msg = f"{match['name']} is the folder {match['range'][folder.end() :]}, outside the project"
        raise ConfigError(msg, where=where, fix="build from a folder that contains both (workspaces), or publish it")


def _refuse_berry(package: dict[str, Any]) -> None:
    """Raise ConfigError for a package.json that asks for Yarn 2 or later, whatever the lock file is."""
    named = str(package.get("packageManager", ""))
    if re.match(r"yarn@(?![01](?:\.|$))", named):
        msg = f"{named} is Yarn 2 or later (Berry), which is not supported; Yarn 1 is"
        raise ConfigError(msg, where="package.json: packageManager", fix=_NO_BERRY)
    engines = package.get("engines")
    wanted = engines.get("yarn") if isinstance(engines, dict) else None
    if isinstance(wanted, str) and _leaves_classic_out(wanted):
        msg = f"{wanted} is Yarn 2 or later (Berry), which is not supported; Yarn 1 is"
        raise ConfigError(msg, where="package.json: engines.yarn", fix=_NO_BERRY)


def _leaves_classic_out(wanted: str) -> bool:
    """Return whether a range of versions begins, in each of its alternatives, with 2 or later.

    >>> [
    ...     _leaves_classic_out(text)
    ...     for text in (">=1.22", "^3 || ^4.1", "1.x || >=3", "1 - 4", ">=2.0", "please-use-npm")
    ... ]
    [False, True, False, False, True, False]
    """
    lowest = [re.match(r"\s*(?:>=?|[\^~=v])*\s*(\d+)", part) for part in wanted.split("||")]
    return all(match is not None and int(match[1]) >= 2 for match in lowest)


def _members(root: Path, package: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return folder → package.json of a workspace's members. Raises ConfigError for what leads outside."""
    named = package.get("workspaces")
    if isinstance(named, dict):
        named = named.get("packages")
    if named is not None and not (isinstance(named, list) and all(isinstance(one, str) for one in named)):
        msg = "is not a list of folders"
        raise ConfigError(msg, where="package.json: workspaces", fix='write it like ["packages/*"]')
    found: dict[str, dict[str, Any]] = {}
    for pattern in (one.removeprefix("./").rstrip("/") for one in named or ()):
        if not is_inside(pattern):
            msg = f"{pattern} is not a folder inside the project"
            raise ConfigError(msg, where="package.json: workspaces", fix="name folders beneath the project")
        for glob in _without_braces(pattern):
            for path in sorted(root.glob(glob)):
                folder = path.relative_to(root).as_posix()
                inside = "node_modules" not in path.parts and path.resolve().is_relative_to(root.resolve())
                if inside and is_inside(folder) and (path / "package.json").is_file():
                    found[folder] = read_package_json(path)
    return found


def _without_braces(pattern: str) -> list[str]:
    """Return the patterns that one with alternatives stands for.

    >>> _without_braces("{apps,libs}/*")
    ['apps/*', 'libs/*']
    """
    match = re.search(r"\{([^{}]*)\}", pattern)
    if match is None:
        return [pattern]
    before, after = pattern[: match.start()], pattern[match.end() :]
    return [one for part in match[1].split(",") for one in _without_braces(f"{before}{part}{after}")]


def _member_lines(job: Job) -> str:
    return "\n".join(sorted(_members(job.source, read_package_json(job.source))))


def _declared(package: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for kind in DECLARED:
        yield from package.get(kind, {}).items()


def _check_agreement(projects: dict[str, dict[str, Any]], lock: dict[str, YarnEntry], lock_file: str) -> None:
    """Raise ConfigError naming every dependency, of the project, its members or of packages, that is not locked."""
    members = {str(package.get("name", "")) for folder, package in projects.items() if folder}
    resolutions = projects[""].get("resolutions")
    # What is resolved by hand is locked under another range.
    by_hand = {_last_name(key) for key in resolutions} if isinstance(resolutions, dict) else set()
    locked = {split_pattern(pattern)[0]: split_pattern(pattern)[1] for pattern in lock}
    differences: list[str] = []
    for folder, package in projects.items():
        for name, wanted in _declared(package):
            _check_folder(name, wanted, folder)
            known = f"{name}@{wanted}" in lock or name in members or name in by_hand
            if known or wanted.startswith("link:"):
                continue
            said = f"{name} is {wanted} in package.json, {locked[name]} in the lock" if name in locked else ""
            differences.append(said or f"{name} {wanted} is not locked")
    if differences:
        msg = f"does not agree with package.json: {'; '.join(dict.fromkeys(differences))}"
        raise ConfigError(msg, where=lock_file, fix=_FRESH)
    # Yarn 1 takes from the registry what is missing here, frozen or not. An optional one may never have been there.
    missing = [
        f"{entry.name}@{entry.version} needs {request}"
        for entry in dict.fromkeys(lock.values())
        for request in entry.needs
        if request not in lock and split_pattern(request)[0] not in members | by_hand
    ]
    if missing:
        msg = f"is not complete: {'; '.join(missing)}, which is not locked"
        raise ConfigError(msg, where=lock_file, fix=_FRESH)


def _last_name(key: str) -> str:
    """Return the package that a key of ``resolutions`` is about.

    >>> _last_name("a/**/@s/b"), _last_name("@s/b"), _last_name("**/b")
    ('@s/b', '@s/b', 'b')
    """
    parts = key.split("/")
    return "/".join(parts[-2:]) if parts[-2:-1] and parts[-2].startswith("@") else parts[-1]


def _check_folder(name: str, wanted: str, folder: str) -> None:
    """Raise ConfigError for a dependency that is a folder or file outside the project: it would not come along."""
    target = re.sub(r"^(?:file|link|portal):", "", wanted)
    if target == wanted and not wanted.startswith((".", "/", "~/")):
        return
    inside = posixpath.normpath(posixpath.join(folder, target))
    if inside != "." and not is_inside(inside):
        msg = f"{name} is the folder {target}, outside the project"
        where = posixpath.join(folder, "package.json")
        raise ConfigError(msg, where=where, fix="build from a folder that contains both (workspaces), or publish it")
