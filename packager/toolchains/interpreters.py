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
from packager.languages.registry import LANGUAGES
from packager.model.proof import CannotProve

if TYPE_CHECKING:
    from packager.model.targets import Arch, Target

_MACHINES: dict[str, Arch] = {"x86_64": "x86_64", "amd64": "x86_64", "aarch64": "arm64", "arm64": "arm64"}


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
        msg = f"this machine is {sys.platform} {platform.machine()}, the target linux {target.arch}; use Docker"
        raise CannotProve(msg)
    glibc = _glibc()
    if target.baseline.libc == "glibc" and not glibc:
        msg = "this machine has no glibc, which the target's files need; use Docker"
        raise CannotProve(msg)
    found = LANGUAGES[target.language].find_interpreter(target.language_version, _Search(target.arch, cache))
    return LocalRuntime(*found, glibc)


def portable_interpreter(target: Target, cache: Path) -> Path:
    """Return a folder with ``bin/`` to bring into an image; raises CannotProve where there is none for the target."""
    language = LANGUAGES[target.language]
    folder = language.portable_interpreter(target.language_version, _Search(target.arch, cache))
    if folder is None:
        msg = f"the image has no {target.language} {target.language_version}"
        raise CannotProve(msg)
    return folder


@dataclass(frozen=True)
class _Search:
    """`InterpreterSearch` on this machine: what PATH and pyenv have, and what npm offers, kept in a cache."""

    arch: Arch
    cache: Path

    def on_path(self, name: str) -> Path | None:
        found = shutil.which(name)
        return None if found is None else Path(found)

    def version_of(self, executable: Path) -> str:
        match = re.search(r"\d+(?:\.\d+)+", _output_of([str(executable), "--version"]))
        return match[0] if match else ""

    def node_folder(self, major: str) -> Path:
        from packager.toolchains.node import node_folder

        try:
            return node_folder(major, self.arch, self.cache)
        except PackagerError as error:
            msg = f"there is no Node {major} at hand: {error.message}"
            raise CannotProve(msg) from error

    def python(self, version: str) -> tuple[Path, str] | None:
        return find_python(version)


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


def _output_of(argv: list[str]) -> str:
    try:
        return subprocess.run(
            argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=20, check=False
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        return ""


def _glibc() -> tuple[int, ...]:
    if sys.platform == "win32":
        return ()
    try:
        name = os.confstr("CS_GNU_LIBC_VERSION") or ""
    except (AttributeError, OSError, ValueError):  # musl, macOS
        return ()
    return tuple(int(part) for part in name.rpartition(" ")[2].split("."))
