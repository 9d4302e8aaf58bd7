"""A YAML file of the catalog → one frozen record, or an error that names file and key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
import yaml

from packager.core.errors import CatalogError
from packager.model.records import CatalogRecord, decode

if TYPE_CHECKING:
    from pathlib import Path

# No value is guessed at: dates, versions and names such as `no` stay the text they are. libyaml is ten times quicker;
# the pure loader gives the same values where PyYAML was built without it.
_Loader: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
_T = TypeVar("_T", bound=CatalogRecord)


def read_data(path: Path) -> Any:
    """Return what a file holds: mappings, lists and text. Raises CatalogError."""
    try:
        return yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)
    except yaml.YAMLError as error:
        raise CatalogError(str(error), where=str(path)) from error


def to_record(path: Path, data: Any, type_: type[_T]) -> _T:
    """Return the record that data read from a file make. Raises CatalogError."""
    try:
        return msgspec.convert(data, type_, strict=False, dec_hook=decode)
    except msgspec.ValidationError as error:
        raise CatalogError(str(error), where=str(path)) from error


def read_record(path: Path, type_: type[_T]) -> _T:
    """Return the record of a file. Raises CatalogError."""
    return to_record(path, read_data(path), type_)
