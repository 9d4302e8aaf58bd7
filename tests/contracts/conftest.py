"""The dummies, registered as real plug-ins are: a line in a dict each, and the host's YAML in a catalog."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from packager.catalog.loading import load
from packager.core.resources import catalog_folder
from packager.destinations.registry import DESTINATIONS
from packager.hosts.registry import CONFIG_FORMATS, HOSTS
from tests.contracts.dummies import dummy_destination, dummy_tool
from tests.contracts.dummies.dummy_host import config, host

if TYPE_CHECKING:
    from packager.model.catalog import Catalog

YAML = Path(host.__file__).with_name("dummy.yaml")


@pytest.fixture(scope="session")
def catalog_with_dummy(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    """Return the catalog as it is with the dummy host's YAML among the targets."""
    ignored = shutil.ignore_patterns("*.py", "__pycache__")
    folder = shutil.copytree(catalog_folder(), tmp_path_factory.mktemp("dummy") / "catalog", ignore=ignored)
    shutil.copy(YAML, folder / "targets")
    return load(folder)


@pytest.fixture(autouse=True)
def dummies(monkeypatch: pytest.MonkeyPatch, catalog_with_dummy: Catalog) -> Catalog:
    """Register the dummies for the length of a test; returns the catalog that knows them."""
    monkeypatch.setitem(HOSTS, "dummy", host)
    monkeypatch.setitem(CONFIG_FORMATS, "dummy", config)
    monkeypatch.setitem(CONFIG_FORMATS, "dummy-tool", dummy_tool)
    monkeypatch.setitem(DESTINATIONS, "dummy", dummy_destination)
    monkeypatch.setattr(dummy_destination, "KEPT", {})
    for place in ("packager.catalog.current", "tests.support.projects"):
        monkeypatch.setattr(f"{place}.load_catalog", lambda: catalog_with_dummy)
    return catalog_with_dummy
