"""Packages that are compiled when they are installed, but of which no binary for the target came of it. Pure.

The archive alone can't tell: what is missing is not in it. So this looks at the built tree and the selection.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from packager.inventory.builds import suits
from packager.model.findings import Finding
from packager.select.trim.platforms import native

if TYPE_CHECKING:
    from packager.model.inventory import Inventory
    from packager.model.packages import PackageGraph
    from packager.model.selection import Selection
    from packager.model.targets import Target


def check_uncompiled(
    inventory: Inventory, graph: PackageGraph, selection: Selection, target: Target, where: str
) -> list[Finding]:
    """Return a finding for each kept package with a ``binding.gyp`` and no native file for the target.

    A binary in the package itself or in a package it needs directly (``@scope/name-linux-x64``) counts. An error for
    what the project cannot do without, a warning for optional dependencies, whose users have a fall-back.
    """
    kept = {choice.file.package.path for choice in selection.kept if choice.file.package}
    served = {
        choice.file.package.path
        for choice in selection.kept
        if choice.file.package and native(choice.file) and suits(choice.file, target)
    }
    findings = []
    required = graph.required()
    for file in inventory.files:
        package = file.package
        if package is None or file.path != f"{package.path}/binding.gyp" or package.path not in kept:
            continue
        helpers = {graph.resolve(package.path, name) for name in graph.installed[package.path].needs}
        if package.path in served or helpers & served:
            continue
        findings.append(
            Finding(
                "PKG001",
                "error" if package.path in required else "warning",
                f"{where}!{package.path}",
                f"is compiled when it is installed, but there is no binary of it for {target.title}",
                "build in the target's userland, on an engine of its architecture: --builder docker; or take a version "
                "that ships prebuilt binaries for it",
                f"{package.name}@{package.version}",
            )
        )
    return findings
