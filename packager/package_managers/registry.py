"""The package managers by the name that plans and documents use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packager.package_managers import npm, pip, pnpm, yarn_classic

if TYPE_CHECKING:
    from packager.model.package_managers import PackageManagerPlugin

PACKAGE_MANAGERS: dict[str, PackageManagerPlugin] = {
    "npm": npm,
    "pnpm": pnpm,
    "yarn": yarn_classic,
    "pip": pip,
}
"""Of one language, the first that has a lock file is used, unless the project names another."""
