"""What Node's release lines promise to addons: the data of ``languages/nodejs.yaml``."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from packager.core.document import Section, read_yaml
from packager.core.resources import catalog_folder


@dataclass(frozen=True)
class NodeRelease:
    """One release line of Node."""

    modules: int
    """NODE_MODULE_VERSION: what addons of Node's C++ interface are compiled for."""
    node_api: int
    """Highest Node-API version offered; 0 where that is not settled."""


def node_release(version: str) -> NodeRelease | None:
    """Return what is known of a release line ("22"); None for an unknown one."""
    return _node_releases().get(version)


@lru_cache(maxsize=1)
def _node_releases() -> dict[str, NodeRelease]:
    path = catalog_folder() / "languages" / "nodejs.yaml"
    section = Section(read_yaml(path), path.name)
    found = {}
    for version, row in section.get("releases", dict).items():
        release = Section(row, section.key(f"releases.{version}"))
        found[version] = NodeRelease(release.get("modules", int), release.get("node_api", int, default=0))
    return found
