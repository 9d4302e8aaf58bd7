"""What the maintainer of a package would answer: how to get the right binary. Pure text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packager.languages.registry import LANGUAGES

if TYPE_CHECKING:
    from packager.audit.context import MountedFile
    from packager.model.targets import Target

_MISSING_LIBRARY = (
    ("libssl.so", "take a build for the target's OpenSSL ({openssl}), or one that has OpenSSL linked in"),
    ("libcrypto.so", "take a build for the target's OpenSSL ({openssl}), or one that has OpenSSL linked in"),
)
"""Soname prefix → answer. The first match counts."""


def install_for_target(place: MountedFile, target: Target) -> str:
    """Return how to install a package's prebuilt binary for the target rather than for this machine."""
    package = place.file.package
    for name, language in LANGUAGES.items():
        if language.claims(place.file.path, at_home=name == target.language):
            return language.install_advice(package.name if package else "", target)
    return f"build it for {target.baseline.title} {target.arch} (--builder docker)"


def build_on_older(place: MountedFile, target: Target) -> str:
    """Return how to get a binary with lower symbol versions."""
    built_here = "/build/Release/" in f"/{place.file.path}"
    older = f"build it in the target's image (--builder docker), where glibc is {dotted(target.baseline.glibc)}"
    if built_here:
        return f"it was compiled on a newer system; {older}"
    return f"{older}, or use a release with a prebuilt binary for glibc {dotted(target.baseline.glibc)} or older"


def get_library(soname: str, target: Target) -> str:
    """Return how to come by a missing library."""
    for language in LANGUAGES.values():
        if answer := language.library_advice(soname, target):
            return answer
    for prefix, answer in _MISSING_LIBRARY:
        if soname.startswith(prefix):
            return answer.format(openssl=" or ".join(target.baseline.openssl) or "none")
    lib = _library_folder(target)
    return f"put {soname}, built for {target.baseline.title}, into {lib}, or take a build that does not need it"


def _library_folder(target: Target) -> str:
    for folder in target.system.library_path:
        if target.kind == "layer" and folder.startswith(f"{target.system.layer_root}/"):
            return f"{target.layer_paths.lib}/"
        if target.kind != "layer" and folder.startswith(f"{target.system.function_root}/"):
            return f"{folder.removeprefix(target.system.function_root + '/')}/"
    return "the folder of the file that needs it (with a RUNPATH of $ORIGIN)"


def dotted(version: tuple[int, ...]) -> str:
    """Return a version as people write it."""
    return ".".join(map(str, version))
