"""Native code is tied to a language's release, too: Node-API levels, Python tags. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packager.audit.binaries.abi import misfit
from packager.audit.context import MountedFile
from packager.languages.registry import LANGUAGES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from packager.audit.context import AuditContext
    from packager.model.findings import Finding
    from packager.model.inventory import Package
    from packager.model.targets import Target


def check_addons(scene: AuditContext) -> Iterator[Finding]:
    """Report addons that need a newer interface (ABI012) or another major version (ABI013) of the runtime."""
    language = LANGUAGES[scene.target.language]
    for place in scene.natives:
        elf = place.file.elf
        if elf is None or misfit(place.file, scene.target):
            continue
        if fault := language.addon_fault(elf, scene.target.language_version):
            yield place.finding(*fault)


def check_extension_modules(scene: AuditContext) -> Iterator[Finding]:
    """Report extension modules that this version of the language does not even look at: ABI014."""
    target = scene.target
    for mount in scene.mounts:
        if not mount.judged:
            continue
        paths = [file.path for file in mount.inventory.files]
        for path, built_for in LANGUAGES[target.language].unimportable(paths, target.language_version):
            place = MountedFile(mount, mount.inventory.by_path[path])
            message = f"is for {built_for}, but {target.title} imports only modules for {target.language_version}"
            yield place.finding("ABI014", message, _reinstall(target, place.file.package))


def check_tags(scene: AuditContext) -> Iterator[Finding]:
    """Report packages with native code that say they are for another version or platform: ABI015."""
    target = scene.target
    language = LANGUAGES[target.language]
    seen: set[str] = set()
    for place in scene.natives:
        package = place.file.package
        if package is None or not package.tags or package.path in seen or misfit(place.file, target):
            continue
        seen.add(package.path)
        if not any(language.tag_suits(tag, target.language_version, target.arch) for tag in package.tags):
            shown = ", ".join(package.tags[:2])
            message = f"is of a wheel for {shown}, which {target.title} does not install"
            yield place.finding("ABI015", message, _reinstall(target, package))


def _reinstall(target: Target, package: Package | None) -> str:
    return LANGUAGES[target.language].reinstall_advice(package.name if package else "", target)
