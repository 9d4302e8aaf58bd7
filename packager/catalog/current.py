"""The catalog that comes with this version, read once."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from packager.model.catalog import Catalog


@lru_cache(maxsize=1)
def load_catalog() -> Catalog:
    """Return the catalog that comes with this version. Raises CatalogError naming file and key."""
    from packager.catalog.loading import load
    from packager.core.resources import catalog_folder

    return load(catalog_folder())
