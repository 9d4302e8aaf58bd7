"""What the maintainer of a package would answer: how to get the right binary. Pure text."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from packager.audit.scene import Place
    from packager.model.targets import Target

NPM_CPU = {"x86_64": "x64", "arm64": "arm64"}
PIP_MACHINE = {"x86_64": "x86_64", "arm64": "aarch64"}

_MISSING_LIBRARY = (
    ("libvips-cpp.so", "install sharp with its libvips package: npm install {npm} sharp"),
    ("libnode.so", "the addon was built against a distribution's libnode; rebuild it with node-gyp (--builder docker)"),
    ("libpython", "build the module against the runtime's Python (--builder docker)"),
    ("libssl.so", "take a build for the target's OpenSSL ({openssl}), or one that has OpenSSL linked in"),
    ("libcrypto.so", "take a build for the target's OpenSSL ({openssl}), or one that has OpenSSL linked in"),
    ("libc.musl", "install the glibc variant: npm install {npm}"),
)
"""Soname prefix → answer. The first match counts."""


def npm_flags(target: Target) -> str:
    """Return the options that make npm install for the target on any machine."""
    return f"--os=linux --cpu={NPM_CPU[target.arch]} --libc={target.baseline.libc}"


def install_for_target(place: Place, target: Target) -> str:
    """Return how to install a package's prebuilt binary for the target rather than for this machine."""
    package = place.file.package
    if "node_modules/" in place.file.path or place.file.path.endswith(".node"):
        name = f" {package.name}" if package and not _is_platform_package(package.name) else ""
        return f"install for the target: npm install {npm_flags(target)}{name}, or build with --builder docker"
    if target.language == "python" or ".cpython-" in place.file.path or ".abi3." in place.file.path:
        tag = f"manylinux2014_{PIP_MACHINE[target.arch]}" if target.baseline.libc == "glibc" else "musllinux_1_2"
        name = f" {package.name}" if package else ""
        return f"install for the target: pip install --only-binary=:all: --platform {tag} --target …{name}"
    return f"build it for {target.baseline.title} {target.arch} (--builder docker)"


def build_on_older(place: Place, target: Target) -> str:
    """Return how to get a binary with lower symbol versions."""
    built_here = "/build/Release/" in f"/{place.file.path}"
    older = f"build it in the target's image (--builder docker), where glibc is {dotted(target.baseline.glibc)}"
    if built_here:
        return f"it was compiled on a newer system; {older}"
    return f"{older}, or use a release with a prebuilt binary for glibc {dotted(target.baseline.glibc)} or older"


def get_library(soname: str, target: Target) -> str:
    """Return how to come by a missing library."""
    words = {"npm": npm_flags(target), "openssl": " or ".join(target.baseline.openssl) or "none"}
    for prefix, answer in _MISSING_LIBRARY:
        if soname.startswith(prefix):
            return answer.format_map(words)
    lib = _library_folder(target)
    return f"put {soname}, built for {target.baseline.title}, into {lib}, or take a build that does not need it"


def _library_folder(target: Target) -> str:
    for folder in target.system.library_path:
        if target.kind == "layer" and folder.startswith(f"{target.system.layer_root}/"):
            return f"{target.layer_paths.lib}/"
        if target.kind != "layer" and folder.startswith(f"{target.system.function_root}/"):
            return f"{folder.removeprefix(target.system.function_root + '/')}/"
    return "the folder of the file that needs it (with a RUNPATH of $ORIGIN)"


def _is_platform_package(name: str) -> bool:
    # Asking for @img/sharp-darwin-arm64 again would not help: npm picks the right sibling by itself.
    return any(f"-{word}-" in f"-{name.replace('/', '-')}-" for word in ("darwin", "win32", "linux", "linuxmusl"))


def dotted(version: tuple[int, ...]) -> str:
    """Return a version as people write it."""
    return ".".join(map(str, version))
