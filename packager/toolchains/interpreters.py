"""Interpreters of this machine that could stand for a target's runtime."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from packager.core.errors import PackagerError

if TYPE_CHECKING:
    from packager.model.targets import Arch, Target

_MACHINES: dict[str, Arch] = {"x86_64": "x86_64", "amd64": "x86_64", "aarch64": "arm64", "arm64": "arm64"}


class CannotProve(Exception):
    """This machine cannot run the target's runtime; the text says why and what would help."""


@dataclass(frozen=True)
class LocalRuntime:
    """An interpreter of this machine that suits a target."""

    executable: Path
    title: str
    """``node 22.23.3``."""
    glibc: tuple[int, ...]


def find_runtime(target: Target, cache: Path) -> LocalRuntime:
    """Return an interpreter of the target's exact version; raises CannotProve where there can be none."""
    machine = _MACHINES.get(platform.machine().lower())
    if sys.platform != "linux" or machine != target.arch:
        msg = f"this machine is {sys.platform} {platform.machine()}, the target linux {target.arch}; Docker would do"
        raise CannotProve(msg)
    glibc = _glibc()
    if target.baseline.libc == "glibc" and not glibc:
        msg = "this machine has no glibc, which the target's files need; Docker would do"
        raise CannotProve(msg)
    version = target.language_version
    if target.language == "nodejs":
        executable = _node(version, target.arch, cache)
        found = _version_of([str(executable), "--version"])
        if found.split(".")[0] != version:
            msg = f"no Node {version} here (found {found or 'none'}); Docker or network access to npm would do"
            raise CannotProve(msg)
        return LocalRuntime(executable, f"node {found}", glibc)
    if target.language == "python":
        found_python = find_python(version)
        if found_python is None:
            msg = f"no Python {version} on this machine; install python{version}, or use Docker"
            raise CannotProve(msg)
        return LocalRuntime(*found_python, glibc)
    own = find_python("{}.{}".format(*sys.version_info[:2]))
    if own is None:
        msg = "the Python this tool runs in cannot start another one, which would serve the Runtime API"
        raise CannotProve(msg)
    return LocalRuntime(own[0], "bootstrap against the Runtime API", glibc)


def _node(major: str, arch: Arch, cache: Path) -> Path:
    """Return a Node of that major: the machine's own, else the one npm offers, from the cache."""
    own = shutil.which("node")
    if own is not None and _version_of([own, "--version"]).split(".")[0] == major:
        return Path(own)
    return _folder(major, arch, cache) / "bin" / "node"


def node_folder_or_reason(target: Target, cache: Path) -> Path:
    """Return a folder with ``bin/node`` of the target's major; raises CannotProve where the target needs no Node."""
    if target.language != "nodejs":
        msg = f"the image has no {target.language} {target.language_version}"
        raise CannotProve(msg)
    return _folder(target.language_version, target.arch, cache)


def _folder(major: str, arch: Arch, cache: Path) -> Path:
    from packager.toolchains.node_fetched import node_folder

    try:
        return node_folder(major, arch, cache)
    except PackagerError as error:
        msg = f"no Node {major} at hand: {error.message}"
        raise CannotProve(msg) from error


def find_python(version: str) -> tuple[Path, str] | None:
    """Return a Python of that version and its title, ``Python 3.12.1``: our own, or one on PATH that really starts."""
    candidates = [shutil.which(f"python{version}"), *_pyenv(version)]
    if "{}.{}".format(*sys.version_info[:2]) == version:
        candidates.insert(0, getattr(sys, "_base_executable", sys.executable))
    for candidate in candidates:
        if candidate is None:
            continue
        # A wrapper (pyenv's shim) names the interpreter behind it.
        found = _output_of([candidate, "-I", "-S", "-c", "import sys; print(sys.version.split()[0], sys.executable)"])
        number, _, executable = found.strip().partition(" ")
        if number.startswith(f"{version}.") and executable:
            return Path(executable), f"Python {number}"
    return None


def _pyenv(version: str) -> list[str]:
    """Return interpreters of pyenv, whose shims answer only for versions that are switched on."""
    versions = Path(os.environ.get("PYENV_ROOT", "~/.pyenv")).expanduser() / "versions"
    return [str(path) for path in sorted(versions.glob(f"{version}.*/bin/python{version}"), reverse=True)]


def _version_of(argv: list[str]) -> str:
    match = re.search(r"\d+(?:\.\d+)+", _output_of(argv))
    return match[0] if match else ""


def _output_of(argv: list[str]) -> str:
    try:
        return subprocess.run(
            argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=20, check=False
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        return ""


def _glibc() -> tuple[int, ...]:
    try:
        name = os.confstr("CS_GNU_LIBC_VERSION") or ""
    except (AttributeError, OSError, ValueError):  # musl, macOS, Windows
        return ()
    return tuple(int(part) for part in name.rpartition(" ")[2].split("."))
