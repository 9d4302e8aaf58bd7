"""What a project's lock file says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from packager.model.plan import PackageManager


@dataclass(frozen=True)
class LockFacts:
    """What the project's package.json and lock file say."""

    manager: PackageManager | None
    """None: there is nothing to install."""
    lock_file: str
    """File name; empty if there is nothing to install."""
    packages: tuple[tuple[str, str], ...] = ()
    """(name, locked version): npm's at the top of node_modules; all of other managers', as the project has them."""
    install_scripts: tuple[str, ...] = ()
    """Names of packages with install scripts, sorted; of managers whose lock files tell."""
    notes: tuple[str, ...] = ()
    """For people, one line each: "…lock files of two managers, npm's is used"."""
