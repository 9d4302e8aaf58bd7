"""Does every library offer the symbol versions asked of it? Always by library: a version alone says nothing. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packager.audit.binaries.advice import build_on_older, dotted
from packager.inventory.limits import limit_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from packager.audit.binaries.loader import Link
    from packager.audit.context import AuditContext, MountedFile
    from packager.model.findings import Finding
    from packager.model.inventory import SymbolVersion
    from packager.model.targets import Version

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
            elif (limit := limit_of(need, scene.target.baseline)) is not None:
                version, offered, library = limit
                if version > offered:
                    what = f"{scene.target.baseline.title} has up to {dotted(offered) or 'none'}"
                    too_new.setdefault(library, []).append((version, need, what))
        for faults in too_new.values():
            yield _finding(user, faults, brought_in.get(path, ()), scene)


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
