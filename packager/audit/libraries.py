"""Needed sonames: on the target, in the bundle, or missing. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packager.audit.advice import get_library

if TYPE_CHECKING:
    from collections.abc import Iterator

    from packager.audit import Finding
    from packager.audit.loader import Link
    from packager.audit.scene import Place, Scene


def check_needed(scene: Scene) -> Iterator[Finding]:
    """Report needed libraries nobody has (LIB001), and those the catalog cannot promise (LIB002)."""
    title = scene.target.baseline.title
    reported: set[tuple[str, str]] = set()
    copies = _by_name(scene)
    for link in scene.links:
        if link.where not in ("missing", "image") or not link.user.mount.judged:
            continue
        if (link.user.path, link.soname) in reported:
            continue
        reported.add((link.user.path, link.soname))
        loaded_by = f" when {link.root.file.path} loads it" if link.root.path != link.user.path else ""
        fix = get_library(link.soname, scene.target)
        if link.where == "image":
            message = f"needs {link.soname}, which {title} has in its image, but perhaps not at run time"
            yield link.user.finding("LIB002", message + loaded_by, fix)
            continue
        copy = copies.get(link.soname)
        if copy:
            message = f"needs {link.soname}; the one at {copy.file.path} is not where the loader looks{loaded_by}"
            fix = f"{_searched(link, scene)}; move it there, or set the RUNPATH to where it is"
        else:
            certain = "lacks" if link.soname in scene.target.baseline.sonames_absent else "does not provide"
            message = f"needs {link.soname}, which {title} {certain} and the bundle has not{loaded_by}"
        yield link.user.finding("LIB001", message, fix)


def check_shadowed(scene: Scene) -> Iterator[Finding]:
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


def _by_name(scene: Scene) -> dict[str, Place]:
    """Return bundled binaries of the right machine by file name, to tell "missing" from "not found"."""
    return {
        path.rpartition("/")[2]: place
        for path, place in sorted(scene.by_path.items(), reverse=True)
        if place.file.elf is not None and place.file.elf.machine == scene.target.arch
    }


def _searched(link: Link, scene: Scene) -> str:
    elf = link.user.file.elf
    own = (*elf.runpath, *elf.rpath) if elf else ()
    roots = (scene.target.system.function_root, scene.target.system.layer_root)
    folders = [folder for folder in scene.target.system.library_path if folder.startswith(roots)]
    return f"it looks in {', '.join([*own, *folders]) or 'the system folders only'}"
