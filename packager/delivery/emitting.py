"""A plan → the configuration of one host or tool, for the project folder itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packager.core.document import read_text
from packager.core.errors import ConfigError
from packager.hosts.registry import config_format
from packager.model.configs import Order
from packager.project.names import bundle_name

if TYPE_CHECKING:
    from pathlib import Path

    from packager.model.plan import Bundle, Plan


def emit_for(name: str, plan: Plan, out: str, *, force: bool = False) -> dict[str, str]:
    """Return file of the project → its new text. Nothing is built or written; `out` is where the zips will lie.

    Raises UsageError for an unknown name, ConfigError where no bundle is for it or a file cannot be merged.
    """
    wanted = config_format(name)
    bundles = tuple(bundle for bundle in plan.bundles if bundle.target.name in wanted.TARGETS)
    functions = [bundle for bundle in bundles if bundle.kind != "layer"]
    if not functions and not (bundles and wanted.LAYERS_ALONE):
        targets = ", ".join(sorted({bundle.target.name for bundle in plan.bundles}))
        msg = f"no bundle is for {wanted.TARGETS[0]}, only for {targets}"
        raise ConfigError(msg, fix=f"add a bundle with target: {wanted.TARGETS[0]}, or give --target")
    return wanted.write(_order(plan.project, bundles, out, force))


def plugin_files(root: Path, *, force: bool = False) -> dict[str, str]:
    """Return the plugin that makes packager a build step of the Serverless Framework, and serverless.yml naming it."""
    from packager.deploy_tools.serverless.plugin import write_plugin

    return write_plugin(_order(root, (), "", force))


def _order(root: Path, bundles: tuple[Bundle, ...], out: str, force: bool) -> Order:
    return Order(bundles, lambda path: read_text(root, path), bundle_name(root), out, force)
