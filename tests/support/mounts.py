"""Artifacts in memory: path → bytes becomes what an audit looks at."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from packager.audit.judge import audit
from packager.catalog.current import load_catalog
from packager.inventory.archive import examine
from packager.inventory.formats import SNIFF_BYTES
from packager.model.findings import Mounted
from packager.model.inventory import File, Inventory, Package
from packager.model.packages import package_folder

if TYPE_CHECKING:
    from collections.abc import Mapping

    from packager.model.findings import Finding
    from packager.model.targets import Arch, Target

MACHO = b"\xcf\xfa\xed\xfe\x0c\x00\x00\x01" + bytes(64)
PE = b"MZ" + bytes(58) + (128).to_bytes(4, "little") + bytes(128)


def target(runtime: str = "nodejs22.x", arch: Arch = "x86_64", name: str = "aws-lambda") -> Target:
    """Return a target of the catalog; nodejs18.x is Amazon Linux 2, nodejs22.x Amazon Linux 2023."""
    return load_catalog().target(name, runtime, arch)


def mounted(
    files: Mapping[str, bytes],
    root: str = "/var/task",
    *,
    name: str = "",
    judged: bool = True,
    os: Mapping[str, tuple[str, ...]] | None = None,
) -> Mounted:
    """Return files at a mount point. `os` says by package name which systems its package.json allows."""
    found = []
    for path, data in sorted(files.items()):
        folder = package_folder(path)
        package = folder.rpartition("node_modules/")[2]
        owner = Package(package, "1.0.0", folder, (os or {}).get(package, ())) if folder else None
        file = File(path, len(data), package=owner)
        found.append(examine(file, data[:SNIFF_BYTES], lambda data=data: io.BytesIO(data)))  # type: ignore[misc]
    return Mounted(root, Inventory(tuple(found)), name, judged)


def verdict(files: Mapping[str, bytes], on: Target | None = None) -> list[tuple[str, str, str]]:
    """Return (severity, code, subject) of the findings about files in a function."""
    return [(each.severity, each.code, each.subject) for each in findings(files, on)]


def findings(files: Mapping[str, bytes], on: Target | None = None) -> list[Finding]:
    """Return the findings about files in a function."""
    return audit([mounted(files)], on or target())
