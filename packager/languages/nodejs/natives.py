"""Native addons of Node: which are for this runtime, and which release they need."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from packager.catalog.node_releases import node_release

if TYPE_CHECKING:
    from packager.model.inventory import ElfFacts

preloaded: tuple[str, ...] = ("libstdc++.so.6", "libgcc_s.so.1")
# Prebuilds for hosts other than Node, by the conventions of prebuildify and node-gyp-build.
_OTHER_HOST = re.compile(r"(^|[/._-])(electron|node-webkit|nw)([/._-]|$)")


def opens_native(path: str, version: str) -> bool:
    """Return whether a file is an addon, and not one for a host other than Node."""
    return path.endswith(".node") and not _OTHER_HOST.search(path)


def addon_fault(elf: ElfFacts, version: str) -> tuple[str, str] | None:
    """Return the fault of an addon for a newer Node-API (ABI012) or another major version of Node (ABI013)."""
    release = node_release(version)
    if release is None:
        return None
    if elf.node_api > release.node_api > 0:
        return "ABI012", f"needs Node-API version {elf.node_api}, Node {version} offers {release.node_api}"
    # An addon with both entry points serves Node-API first.
    if elf.node_modules and not elf.node_api and elf.node_modules != release.modules:
        message = f"was compiled for NODE_MODULE_VERSION {elf.node_modules}, Node {version} has {release.modules}"
        return "ABI013", message
    return None
