"""What Node's release lines promise to addons: the data of ``languages/nodejs.yaml``."""

from __future__ import annotations

from functools import lru_cache

from packager.catalog.reading import read_record
from packager.core.resources import catalog_folder
from packager.model.records import CatalogRecord, Sourced


class NodeRelease(CatalogRecord, frozen=True):
    """One release line of Node."""

    modules: int
    """NODE_MODULE_VERSION: what addons of Node's C++ interface are compiled for."""
    node_api: int = 0
    """Highest Node-API version offered; 0 where that is not settled."""


class NodeReleases(Sourced, frozen=True):
    """The file."""

    releases: dict[str, NodeRelease]
    """Release line ("22") → what it promises."""


def node_release(version: str) -> NodeRelease | None:
    """Return what is known of a release line ("22"); None for an unknown one. Raises CatalogError."""
    return _node_releases().releases.get(version)


@lru_cache(maxsize=1)
def _node_releases() -> NodeReleases:
    return read_record(catalog_folder() / "languages" / "nodejs.yaml", NodeReleases)
