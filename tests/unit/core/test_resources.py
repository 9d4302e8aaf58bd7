"""Data folders are found, and the cache lies where the user wants it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from packager.core.resources import bundled, catalog_folder, default_cache

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("folder", ["dockerfiles", "lambda_layers"])
def test_data_that_comes_along_is_there(folder: str) -> None:
    assert any(bundled(folder).iterdir())


def test_the_catalog_is_beside_its_loader() -> None:
    assert (catalog_folder() / "targets" / "aws-lambda.yaml").is_file()


def test_the_cache_is_the_users_unless_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PACKAGER_CACHE", str(tmp_path / "here"))
    assert default_cache() == tmp_path / "here"
    assert not default_cache().exists()

    monkeypatch.delenv("PACKAGER_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    monkeypatch.setenv("HOME", str(tmp_path))
    assert default_cache().is_relative_to(tmp_path)
    assert default_cache().name == "packager"
