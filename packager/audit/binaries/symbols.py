"""Does every library offer the symbol versions asked of it? Always by library: a version alone says nothing. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from packager.audit.binaries.advice import build_on_older, dotted
from packager.model.targets import Version, parse_version

if TYPE_CHECKING:
    from collections.abc import Iterator

    from packager.audit.binaries.loader import Link
    from packager.audit.context import AuditContext, MountedFile
    from packager.model.findings import Finding
    from packager.model.inventory import SymbolVersion
    from packager.model.targets import Baseline

_NUMBERED = re.compile(r"(GLIBC|GLIBCXX|CXXABI|GCC)_(\d+(?:\.\d+)*)")
_C_LIBRARY = re.compile(
    r"(ld-linux.*|ld64|lib(c|m|mvec|dl|rt|pthread|util|resolv|nsl|anl|BrokenLocale|thread_db|nss_.*))\.so\.\d+"
)
_GLIBC_FEATURES: dict[str, Version] = {
    "GLIBC_ABI_DT_RELR": (2, 36),
    "GLIBC_ABI_GNU_TLS": (2, 42),
    "GLIBC_ABI_GNU2_TLS": (2, 42),
}
"""Versions that stand for an ability of the loader. Source: glibc NEWS for 2.36 and 2.42."""
_GCC_BY_GLIBCXX: tuple[tuple[Version, Version], ...] = (
    ((3, 4, 33), (14, 0, 0)),
    ((3, 4, 31), (13, 0, 0)),
    ((3, 4, 30), (12, 0, 0)),
    ((3, 4, 22), (7, 0, 0)),
    ((3, 4, 19), (4, 8, 0)),
)
"""libstdc++ and libgcc_s come from one GCC: lowest GLIBCXX version of a release → the newest GCC_ version its libgcc_s
has. Source: libstdc++ manual, "ABI Policy and Guidelines"; libgcc's version scripts."""
_SYMBOLS_SHOWN = 3


def check_symbol_versions(scene: AuditContext) -> Iterator[Finding]:
    """Report files that ask newer symbol versions than their libraries offer: ABI002, one per file and library."""
    users: dict[str, tuple[MountedFile, dict[str, Link]]] = {}
    for link in scene.links:
        if link.user.mount.judged:
            users.setdefault(link.user.path, (link.user, {}))[1].setdefault(link.soname, link)
    brought_in = _brought_in(scene.links)
    for path, (user, resolved) in users.items():
        elf = user.file.elf
        too_new: dict[str, list[tuple[Version, SymbolVersion, str]]] = {}
        for need in elf.versions_needed if elf else ():
            if need.weak:
                continue  # the loader only warns
            asked = resolved.get(need.soname)
            provider = asked.provider if asked else None
            if asked and asked.where in ("missing", "image"):
                continue  # LIB001 says it
            if provider:
                if _lacks(provider, need.version):
                    what = f"{provider.file.path} has not"
                    too_new.setdefault(provider.path, []).append(((), need, what))
            elif (limit := _limit(need, scene.target.baseline)) is not None:
                version, offered, library = limit
                if version > offered:
                    what = f"{scene.target.baseline.title} has up to {dotted(offered) or 'none'}"
                    too_new.setdefault(library, []).append((version, need, what))
        for faults in too_new.values():
            yield _finding(user, faults, brought_in.get(path, ()), scene)


def _limit(need: SymbolVersion, baseline: Baseline) -> tuple[Version, Version, str] | None:
    """Return the version asked, the highest one the system has, and of which library; None if no library limits it."""
    if _C_LIBRARY.fullmatch(need.soname):
        if need.version in _GLIBC_FEATURES:
            return _GLIBC_FEATURES[need.version], baseline.glibc, "glibc"
        found = _NUMBERED.fullmatch(need.version)
        return (parse_version(found[2]), baseline.glibc, "glibc") if found and found[1] == "GLIBC" else None
    if need.soname == "libgcc_s.so.1":
        found = _NUMBERED.fullmatch(need.version)
        offered = next((gcc for glibcxx, gcc in _GCC_BY_GLIBCXX if baseline.glibcxx >= glibcxx), ())
        return (parse_version(found[2]), offered, "GCC") if found and found[1] == "GCC" and offered else None
    if need.soname == "libstdc++.so.6":
        found = _NUMBERED.fullmatch(need.version)
        if found and found[1] in ("GLIBCXX", "CXXABI"):
            offered = baseline.glibcxx if found[1] == "GLIBCXX" else baseline.cxxabi
            return parse_version(found[2]), offered, found[1]
    family, _, number = need.version.partition("_")
    for name, offered in baseline.versions:
        # OPENSSL_1_1_1 and the like are of a library with another soname: LIB001 has the say there.
        if name == family and re.fullmatch(r"\d+(\.\d+)*", number):
            return parse_version(number), offered, need.soname
    return None


def _lacks(provider: MountedFile, version: str) -> bool:
    """Return whether a bundled library offers versions, but not this one. Without any, the loader only warns."""
    elf = provider.file.elf
    return elf is not None and bool(elf.versions_defined) and version not in elf.versions_defined


def _finding(
    user: MountedFile, faults: list[tuple[Version, SymbolVersion, str]], roots: tuple[str, ...], scene: AuditContext
) -> Finding:
    version, need, what = max(faults, key=lambda fault: (fault[0], fault[1].version, fault[1].soname))
    symbols = sorted({name for number, each, _ in faults if number == version for name in each.symbols})
    used = f" (for {', '.join(symbols[:_SYMBOLS_SHOWN])})" if symbols else ""
    loaded_by = f"; loaded by {' and '.join(roots)}" if roots else ""
    message = f"needs {need.version} of {need.soname}{used}, {what}{loaded_by}"
    return user.finding("ABI002", message, build_on_older(user, scene.target))


def _brought_in(links: tuple[Link, ...]) -> dict[str, tuple[str, ...]]:
    """Return by library which other files bring it in (two of them, enough for a message)."""
    users: dict[str, tuple[str, ...]] = {}
    for link in links:
        if link.provider and len(users.get(link.provider.path, ())) < 2 and link.user.path != link.provider.path:
            users[link.provider.path] = (*users.get(link.provider.path, ()), link.user.file.path)
    return users
