"""Where the data folders lie: beside the package in a checkout, inside it in an installed wheel."""

from __future__ import annotations

from pathlib import Path

RECIPE_FILE = "layer.yaml"
"""What makes a folder of ``lambda_layers`` a recipe."""
_PACKAGE = Path(__file__).parent.parent


def bundled(folder: str) -> Path:
    """Return the directory of ``dockerfiles`` or ``lambda_layers``."""
    installed = _PACKAGE / "_bundled" / folder
    return installed if installed.is_dir() else _PACKAGE.parent / folder


def catalog_folder() -> Path:
    """Return the directory of the catalog's YAML."""
    return _PACKAGE / "catalog"


def default_cache() -> Path:
    """Return the cache folder: ``PACKAGER_CACHE``, else the user's cache folder of this platform. Not created here."""
    import os

    chosen = os.environ.get("PACKAGER_CACHE")
    if chosen:
        return Path(chosen)
    import platformdirs

    return Path(platformdirs.user_cache_dir("packager", appauthor=False))
