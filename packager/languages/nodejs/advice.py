"""How npm gets the right binary for a target. Pure text."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from packager.model.targets import Arch, Libc, Target

NPM_CPU: dict[Arch, str] = {"x86_64": "x64", "arm64": "arm64"}
image_install = "RUN npm ci --omit=dev"
_LIBRARIES = (
    ("libvips-cpp.so", "install sharp with its libvips package: npm install {npm} sharp"),
    ("libnode.so", "the addon was built against a distribution's libnode; rebuild it with node-gyp (--builder docker)"),
    ("libc.musl", "install the glibc variant: npm install {npm}"),
)
"""Soname prefix → answer."""


def claims(path: str, *, at_home: bool) -> bool:
    """Return whether a file lies in a node_modules or is an addon."""
    return "node_modules/" in path or path.endswith(".node")


def install_advice(package: str, target: Target) -> str:
    """Return the npm command that installs for the target on any machine."""
    name = f" {package}" if package and not _is_platform_package(package) else ""
    return f"install for the target: npm install {_npm_flags(target)}{name}, or build with --builder docker"


def library_advice(soname: str, target: Target) -> str:
    """Return how npm brings a library, for the few that packages have beside them."""
    answer = next((answer for prefix, answer in _LIBRARIES if soname.startswith(prefix)), "")
    return answer.replace("{npm}", _npm_flags(target))


def build_environment(arch: Arch, libc: Libc) -> tuple[tuple[str, str], ...]:
    """Return the variables of prebuild-install, node-gyp-build and node-pre-gyp.

    The first two read npm_config_platform, _arch and _libc; the last reads npm_config_target_platform, _target_arch and
    _target_libc (their rc.js, node-gyp-build.js and versioning.js).
    """
    cpu = NPM_CPU[arch]
    return (
        ("npm_config_platform", "linux"),
        ("npm_config_arch", cpu),
        ("npm_config_target_platform", "linux"),
        ("npm_config_target_arch", cpu),
        ("npm_config_target_libc", libc),
    )


def _npm_flags(target: Target) -> str:
    return f"--os=linux --cpu={NPM_CPU[target.arch]} --libc={target.baseline.libc}"


def _is_platform_package(name: str) -> bool:
    # Asking for @img/sharp-darwin-arm64 again would not help: npm picks the right sibling by itself.
    return any(f"-{word}-" in f"-{name.replace('/', '-')}-" for word in ("darwin", "win32", "linux", "linuxmusl"))
