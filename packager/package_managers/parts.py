"""Parts of packages for one system each, as optional dependencies: which of them a lock file lacks for a target. Pure.

Packages with native code (napi-rs, esbuild, sharp) name one package per system as optional dependencies, and package
managers install the one that fits. A lock file that was written beside an older node_modules may know the parts of the
writer's own machine alone (npm/cli#4828): then nothing is installed on any other, and nothing says so.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from packager.model.package_managers import MissingPart

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from packager.model.plan import Job

_SYSTEMS = {
    "linux": "linux", "linuxmusl": "linux", "linuxglibc": "linux", "darwin": "darwin", "macos": "darwin",
    "osx": "darwin", "win32": "win32", "windows": "win32", "win": "win32", "freebsd": "freebsd", "openbsd": "openbsd",
    "netbsd": "netbsd", "android": "android", "sunos": "sunos", "aix": "aix", "openharmony": "openharmony",
}  # fmt: skip
_CPUS = {
    "x64": "x86_64", "amd64": "x86_64", "x86_64": "x86_64", "arm64": "arm64", "aarch64": "arm64", "arm": "arm",
    "armv7": "arm", "armv7l": "arm", "ia32": "ia32", "x86": "ia32", "ppc64": "ppc64", "ppc64le": "ppc64",
    "s390x": "s390x", "riscv64": "riscv64", "loong64": "loong64", "mips64el": "mips64el", "universal": "universal",
}  # fmt: skip
_LIBCS = {
    "gnu": "glibc", "glibc": "glibc", "musl": "musl", "linuxmusl": "musl", "linuxglibc": "glibc",
    "gnueabihf": "glibc", "musleabihf": "musl",
}  # fmt: skip
_FURTHER = frozenset({"msvc", "eabi", "64", "32"})
_WORD = re.compile(r"[-_.]")
_NOT_NEEDED = re.compile(r"@next/swc-")
"""Parts that only a build uses: Next.js starts without them."""


@dataclass(frozen=True)
class Suited:
    """What the name of a part says it is for."""

    stem: str
    """The name without system, processor and libc: parts of one stem take each other's places."""
    system: str
    cpu: str
    libc: str = ""
    """Empty: any."""


def suited(name: str) -> Suited | None:
    """Return what a package's name says it is for; None where it names no system and processor.

    >>> suited("@img/sharp-linuxmusl-x64"), suited("lodash")
    (Suited(stem='@img/sharp', system='linux', cpu='x86_64', libc='musl'), None)
    """
    scope, slash, rest = name.rpartition("/")
    system = cpu = libc = ""
    kept: list[str] = []
    for word in _words(rest):
        if word in _SYSTEMS:
            system = _SYSTEMS[word]
            libc = _LIBCS.get(word, libc)
        elif word in _CPUS:
            cpu = _CPUS[word]
        elif word in _LIBCS and system:
            libc = _LIBCS[word]
        elif word not in _FURTHER or not system:
            kept.append(word)
    return Suited(scope + slash + "-".join(kept), system, cpu, libc) if system and cpu else None


def _words(name: str) -> Iterator[str]:
    yield from _WORD.split(name.lower().replace("x86_64", "amd64").replace("x86-64", "amd64"))


def missing_parts(
    package: str, optional: Iterable[str], is_locked: Callable[[str], bool], job: Job, *, required: bool
) -> Iterator[MissingPart]:
    """Yield the parts for the job's target that a package names as optional and that are not locked.

    Only where parts of the same stem are locked for other systems: a part that no lock file has is no part any more.
    """
    stems: dict[str, list[tuple[str, Suited]]] = {}
    for name in optional:
        found = suited(name)
        if found is not None and not _NOT_NEEDED.match(name):
            stems.setdefault(found.stem, []).append((name, found))
    for parts in stems.values():
        fitting = [name for name, part in parts if _fits(part, job)]
        others = tuple(sorted(name for name, part in parts if not _fits(part, job) and is_locked(name)))
        if fitting and others and not any(is_locked(name) for name in fitting):
            yield MissingPart(package, sorted(fitting)[0], others, required=required)


def _fits(part: Suited, job: Job) -> bool:
    return part.system == "linux" and part.cpu in (job.arch, "universal") and part.libc in ("", job.libc)
