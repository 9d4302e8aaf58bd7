"""Needed sonames: on the target, in the bundle, or missing. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packager.audit.binaries.advice import get_library
from packager.catalog.current import load_catalog
from packager.engines.siblings import siblings_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from packager.audit.binaries.loader import Link
    from packager.audit.context import AuditContext, MountedFile
    from packager.model.findings import Finding


def check_needed(scene: AuditContext) -> Iterator[Finding]:
    """Report needed libraries that are missing (LIB001), and those the catalog cannot promise (LIB002).

    One finding per file for all that is missing, and one per library that is there but not found.
    """
    copies = _by_name(scene)
    wanting: dict[tuple[str, str], list[Link]] = {}
    for link in scene.links:
        if link.where not in ("missing", "image") or not link.user.mount.judged:
            continue
        kind = "misplaced" if link.where == "missing" and link.soname in copies else link.where
        cause = f"{kind} {link.soname}" if kind == "misplaced" else kind
        group = wanting.setdefault((link.user.path, cause), [])
        if link.soname not in [each.soname for each in group]:
            group.append(link)
    for (_, cause), group in wanting.items():
        if cause == "image":
            yield _not_promised(group, scene)
        elif cause == "missing":
            yield _missing(group, scene)
        else:
            yield _misplaced(group[0], copies[group[0].soname], scene)


def _missing(group: list[Link], scene: AuditContext) -> Finding:
    first, baseline = group[0], scene.target.baseline
    certain = all(link.soname in baseline.sonames_absent for link in group)
    message = (
        f"needs {_listed(group)}, which {baseline.title} {'lacks' if certain else 'does not provide'} "
        f"and the bundle does not contain{_brought_in_by(first)}"
    )
    return first.user.finding("LIB001", message, _fixes(group, scene))


def _not_promised(group: list[Link], scene: AuditContext) -> Finding:
    first = group[0]
    title = scene.target.baseline.title
    message = f"needs {_listed(group)}, which {title} has in its image, but perhaps not at run time"
    return first.user.finding("LIB002", message + _brought_in_by(first), _fixes(group, scene))


def _misplaced(link: Link, copy: MountedFile, scene: AuditContext) -> Finding:
    message = f"needs {link.soname}; the one at {copy.file.path} is not where the loader looks{_brought_in_by(link)}"
    fix = f"{_searched(link, scene)}; move it there, or set the RUNPATH to where it is"
    return link.user.finding("LIB001", message, fix)


def _listed(group: list[Link]) -> str:
    *others, last = [link.soname for link in group]
    return f"{', '.join(others)} and {last}" if others else last


def _fixes(group: list[Link], scene: AuditContext) -> str:
    if left_out := _left_out_siblings(group[0], scene):
        return left_out
    return "; ".join(dict.fromkeys(get_library(link.soname, scene.target) for link in group))


def _left_out_siblings(link: Link, scene: AuditContext) -> str:
    """Return the answer where a package came without the folder its libraries lie in; empty if it is there."""
    package = link.user.file.package
    if package is None:
        return ""
    # node_modules for npm's packages, the folder of the .dist-info for Python's.
    beside = package.path.removesuffix(package.name) if "node_modules/" in package.path else package.path
    folder = f"{link.user.mount.root}/{beside}".rpartition("/")[0]
    absent = [
        name
        for name in siblings_of(load_catalog().engines, package.name)
        if scene.at(f"{folder}/{name}/package.json") is None
        and not any(path.startswith(f"{folder}/{name}/") for path in scene.by_path)
    ]
    if not absent:
        return ""
    return f"{' and '.join(absent)} belongs with {package.name} and was left out: pack it, too, or install again"


def _brought_in_by(link: Link) -> str:
    return f" when {link.root.file.path} loads it" if link.root.path != link.user.path else ""


def check_shadowed(scene: AuditContext) -> Iterator[Finding]:
    """Report bundled libraries that lose against the system's of the same name: LIB003."""
    used = {link.provider.path for link in scene.links if link.provider}
    losers = {link.soname: link for link in scene.links if link.where == "system"}
    for place in scene.natives:
        name = place.path.rpartition("/")[2]
        link = losers.get(name)
        if link is None or place.path in used or place.file.elf is None or place.file.elf.machine != scene.target.arch:
            continue
        message = f"is never loaded: {link.user.file.path} gets {name} of {scene.target.baseline.title}"
        yield place.finding("LIB003", message)


def _by_name(scene: AuditContext) -> dict[str, MountedFile]:
    """Return bundled binaries of the right machine by file name, to tell "missing" from "not found"."""
    return {
        path.rpartition("/")[2]: place
        for path, place in sorted(scene.by_path.items(), reverse=True)
        if place.file.elf is not None and place.file.elf.machine == scene.target.arch
    }


def _searched(link: Link, scene: AuditContext) -> str:
    elf = link.user.file.elf
    own = (*elf.runpath, *elf.rpath) if elf else ()
    roots = (scene.target.system.function_root, scene.target.system.layer_root)
    folders = [folder for folder in scene.target.system.library_path if folder.startswith(roots)]
    return f"it looks in {', '.join([*own, *folders]) or 'the system folders only'}"
