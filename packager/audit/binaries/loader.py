"""Where the dynamic loader would find each needed library: the target's real search order. Pure.

Order, as in glibc's ``_dl_map_object``: what the process has already loaded under that name; DT_RPATH of the file and
of those that brought it in (only if the file has no DT_RUNPATH); LD_LIBRARY_PATH, as the runtime sets it; DT_RUNPATH;
the system's folders. A candidate for another machine is passed over.
"""

from __future__ import annotations

import posixpath
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from packager.audit.binaries.abi import misfit
from packager.languages.registry import LANGUAGES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from packager.audit.context import AuditContext, MountedFile

SYSTEM_FOLDERS = ("/lib64", "/usr/lib64", "/lib", "/usr/lib")
"""The default folders; those of the target's libraries that the catalog lists lie in them."""
_C_LIBRARY = ("libc.so.6", "libm.so.6", "libdl.so.2", "libpthread.so.0", "libc.so")

Where = Literal["system", "image", "bundled", "missing"]


@dataclass(frozen=True)
class Link:
    """One needed library of one file, as it resolves when `root` is loaded."""

    root: MountedFile
    user: MountedFile
    soname: str
    where: Where
    provider: MountedFile | None = None
    """The bundled file, if it is one."""


def links(scene: AuditContext) -> tuple[Link, ...]:
    """Return how every needed library resolves, for everything that may be loaded from the judged artifacts.

    Programs, addons and extension modules are roots. Of the libraries, those that no root brings in are roots too
    (code may dlopen them); the others are looked at only as part of what brings them in, where other libraries of
    the same load and inherited search paths help them.
    """
    found: dict[tuple[str, str, Where, str], Link] = {}
    seen: set[str] = set()
    candidates = [place for place in scene.natives if _loadable(place, scene)]
    for roots in _by_likelihood(candidates):
        for root in roots:
            if root.path in seen and _is_library(root):
                continue
            for link in _load(root, scene):
                seen.add(link.user.path)
                if link.provider:
                    seen.add(link.provider.path)
                key = (link.user.path, link.soname, link.where, link.provider.path if link.provider else "")
                found.setdefault(key, link)
    return tuple(found.values())


def _loadable(place: MountedFile, scene: AuditContext) -> bool:
    return place.file.elf is not None and misfit(place.file, scene.target) is None


def _is_library(place: MountedFile) -> bool:
    elf = place.file.elf
    name = place.path.rpartition("/")[2]
    return elf is not None and elf.type == "shared" and name.startswith("lib") and ".so" in name


def _by_likelihood(candidates: Sequence[MountedFile]) -> Iterator[list[MountedFile]]:
    """Yield surely-loaded files first, then libraries that no file names, then the rest."""
    yield [place for place in candidates if not _is_library(place)]
    libraries = [place for place in candidates if _is_library(place)]
    named = {soname for place in candidates if place.file.elf for soname in place.file.elf.needed}
    yield [place for place in libraries if place.path.rpartition("/")[2] not in named]
    yield libraries


def _load(root: MountedFile, scene: AuditContext) -> Iterator[Link]:
    """Yield the links of one load, breadth first, as the loader goes."""
    loaded = _already_loaded(root, scene)
    visited = {root.path}
    queue: deque[tuple[MountedFile, tuple[str, ...]]] = deque([(root, ())])
    while queue:
        user, inherited = queue.popleft()
        elf = user.file.elf
        if elf is None:
            continue
        own = tuple(_folders(elf.rpath, user, scene))
        chain = () if elf.runpath else (*own, *inherited)
        for soname in elf.needed:
            if soname not in loaded:
                loaded[soname] = _find(soname, user, chain, scene)
            where, provider = loaded[soname]
            yield Link(root, user, soname, where, provider)
            if provider is None or provider.path in visited:
                continue
            visited.add(provider.path)
            if provider.file.elf and provider.file.elf.soname:
                loaded.setdefault(provider.file.elf.soname, (where, provider))
            queue.append((provider, (*own, *inherited)))


def _already_loaded(root: MountedFile, scene: AuditContext) -> dict[str, tuple[Where, MountedFile | None]]:
    elf = root.file.elf
    if elf is None or elf.type == "executable":
        return {}
    target = scene.target
    sonames = (*_C_LIBRARY, *LANGUAGES[target.language].preloaded)
    return {soname: ("system", None) for soname in sonames if target.baseline.has(soname, target.arch)}


def _find(
    soname: str, user: MountedFile, chain: tuple[str, ...], scene: AuditContext
) -> tuple[Where, MountedFile | None]:
    target, elf = scene.target, user.file.elf
    if "/" in soname:
        provider = scene.at(_expand(soname, user, scene))
        return ("bundled", provider) if provider else ("missing", None)
    # The interpreter's own library is loaded already, or lies in a folder of the runtime we have no list of.
    if LANGUAGES[target.language].is_own_library(soname, target.language_version):
        return "system", None
    runpath = tuple(_folders(elf.runpath, user, scene)) if elf else ()
    for folder in (*chain, *target.system.library_path, *runpath, *SYSTEM_FOLDERS):
        if folder in SYSTEM_FOLDERS and target.baseline.has(soname, target.arch):
            return "system", None
        provider = scene.at(f"{folder}/{soname}")
        if provider and (provider.file.elf is None or provider.file.elf.machine == target.arch):
            return "bundled", provider
    return ("image", None) if soname in target.baseline.sonames_image_only else ("missing", None)


def _folders(paths: Iterable[str], user: MountedFile, scene: AuditContext) -> Iterator[str]:
    for path in paths:
        yield _expand(path, user, scene)


def _expand(path: str, user: MountedFile, scene: AuditContext) -> str:
    """Return a search path with the loader's variables filled in; what is relative starts at the function's root."""
    machine = {"x86_64": "x86_64", "arm64": "aarch64"}[scene.target.arch]
    for name, value in (("ORIGIN", user.folder), ("LIB", "lib64"), ("PLATFORM", machine)):
        path = path.replace(f"${{{name}}}", value).replace(f"${name}", value)
    return posixpath.normpath(posixpath.join(scene.target.system.function_root, path))
