"""What a host needs that installs packages itself: the project's own files and what installing and generating read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packager.core.errors import ConfigError
from packager.select.trim.patterns import compiled

if TYPE_CHECKING:
    from pathlib import Path

    from packager.model.configs import Order
    from packager.model.plan import Bundle
    from packager.model.results import Made

# What trimming drops, since running does not need it, and installing and generating over there do.
_INSTALLS = (
    "package-lock.json", "npm-shrinkwrap.json", "pnpm-lock.yaml", "pnpm-workspace.yaml", "yarn.lock",
    "prisma.config.{ts,js,mjs,cjs,mts,cts}", "{**/,}*.prisma", "prisma/**",
)  # fmt: skip


def source_files(made: Made) -> dict[str, str | Path]:
    """Return path → file of the folder to send: no packages, no secrets, nothing that was generated into packages."""
    packed = set(made.paths)
    return {
        path: source
        for path, source in made.sources.items()
        if path in made.own and (path in packed or any(compiled(glob).match(path) for glob in _INSTALLS))
    }


def only_one(order: Order, why: str) -> tuple[Bundle, ...]:
    """Return the bundles, one at most; raises ConfigError for several, which `why` explains and this names."""
    if len(order.bundles) > 1:
        msg = f"{why}: {', '.join(bundle.name for bundle in order.bundles)}"
        raise ConfigError(msg, fix="name one with --bundle")
    return order.bundles
