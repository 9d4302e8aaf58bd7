"""Packages that start a browser, and where they expect it: the data of ``browsers.yaml``."""

from __future__ import annotations

from functools import lru_cache

from packager.catalog.reading import read_record
from packager.core.resources import catalog_folder
from packager.model.records import CatalogRecord, Sourced


class FetchedBrowser(CatalogRecord, frozen=True):
    """Packages whose installation puts a browser into the user's home."""

    language: str
    """Of the packages: npm and PyPI have packages of one name."""
    packages: tuple[str, ...]
    browser: str
    """For people: "Chrome"."""
    cache: str
    """The folder it is put into."""
    instead: str
    """What serves in its place where nothing but the archive is there."""
    executable: tuple[str, ...] = ()
    """Variables that name another program."""
    folder: tuple[str, ...] = ()
    """Variables that name another folder."""


class Browsers(Sourced, frozen=True):
    """The file."""

    fetching: tuple[FetchedBrowser, ...]
    core: tuple[str, ...]
    """Packages that start the browser they are given, and fetch none."""
    carrying: tuple[str, ...]
    """Packages that bring a browser along."""


@lru_cache(maxsize=1)
def browsers() -> Browsers:
    """Return what is known. Raises CatalogError."""
    return read_record(catalog_folder() / "browsers.yaml", Browsers)
