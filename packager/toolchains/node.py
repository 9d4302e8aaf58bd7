"""Node and npm to build with: this machine's where they suit, else the exact major, fetched."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from typing import TYPE_CHECKING

from packager.core.errors import EnvironmentFault
from packager.toolchains.node_fetched import node_folder, node_shelf, npm_for, package_of
from packager.toolchains.node_here import Toolchain, ask, from_wheel, on_path

if TYPE_CHECKING:
    from pathlib import Path

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
        fix = f"install Node {major} by the means of this system (it may lack glibc or libstdc++)"
        raise EnvironmentFault(msg, where=str(folder / "bin" / "node"), fix=fix)
    package = package_of(here.arch, here.system)
    return Toolchain(folder / "bin", version, npm_for(major), f"{package}@{version}")


def _major(version: str) -> str:
    return version.partition(".")[0]
