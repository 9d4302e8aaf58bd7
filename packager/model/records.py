"""What the records of the catalog have in common: each is one mapping of a YAML file, spelled once, frozen.

A record is read from the file by msgspec, with `decode` for the two shapes YAML has no word for: dotted versions and
mappings whose order counts and that can be hashed. What a record says in JSON is read back by the same function.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Generic, TypeVar, get_args, get_origin

import msgspec

_Key = TypeVar("_Key", bound=str)
_Value = TypeVar("_Value")


class CatalogRecord(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A mapping of a catalog file. A key that is not a field of it is refused when the file is read."""


class Sourced(CatalogRecord, frozen=True, kw_only=True):
    """A record of facts that can be looked up again."""

    source: str
    """Where they were seen, or are written."""
    checked: str
    """ISO date of the day it was checked."""


class DottedVersion(tuple[int, ...]):
    """A version as numbers, written with dots in YAML: "2.34" is (2, 34), "" is ()."""

    __slots__ = ()

    @classmethod
    def decoded(cls, value: object) -> DottedVersion:
        """Return the version a text with dots or a list of numbers says; raises ValueError for anything else."""
        if isinstance(value, (list, tuple)) and all(isinstance(part, int) for part in value):
            return cls(value)
        try:
            return cls(int(part) for part in str(value).split(".")) if value != "" else cls()
        except ValueError as error:
            msg = f"{value!r} is not a dotted version"
            raise ValueError(msg) from error


class Pairs(tuple[tuple[_Key, _Value], ...], Generic[_Key, _Value]):
    """A mapping as (key, value) in the order of the file: it can be hashed, and be part of what is remembered."""

    __slots__ = ()

    @classmethod
    def decoded(cls, value: object, key_type: Any = str, value_type: Any = str) -> Pairs[_Key, _Value]:
        """Return the pairs of a mapping, or of a list of pairs; raises ValueError naming the key that is wrong."""
        return cls(
            (_converted(key, key, key_type), _converted(key, cls.plain(item), value_type)) for key, item in _rows(value)
        )

    @staticmethod
    def plain(item: Any) -> Any:
        """Return a value of the file as its type is read from."""
        return item


class Conditions(Pairs[str, tuple[str, ...]]):
    """(fact, values it may have), sorted by fact. A single value may stand without its list in the file."""

    __slots__ = ()

    @classmethod
    def decoded(cls, value: object, key_type: Any = str, value_type: Any = tuple[str, ...]) -> Conditions:
        """Return the conditions of a mapping, or of a list of pairs; raises ValueError naming the key that is wrong."""
        return cls(sorted(super().decoded(value, key_type, value_type)))

    @staticmethod
    def plain(item: Any) -> Any:
        """Return the list that a single value stands for."""
        return [item] if isinstance(item, str) else item


def decode(type_: Any, value: Any) -> Any:
    """Return what a field of one of the classes above holds: `dec_hook` of msgspec. Raises ValueError."""
    origin = get_origin(type_) or type_
    if isinstance(origin, type) and issubclass(origin, (DottedVersion, Pairs)):
        return origin.decoded(value, *get_args(type_))
    msg = f"a record has no field of {type_}"
    raise NotImplementedError(msg)


def _rows(value: object) -> list[tuple[Any, Any]]:
    if isinstance(value, Mapping):
        return list(value.items())
    if isinstance(value, (list, tuple)) and all(isinstance(row, (list, tuple)) and len(row) == 2 for row in value):
        return [(key, item) for key, item in value]
    msg = f"expected a mapping, found {type(value).__name__}"
    raise ValueError(msg)


def _converted(key: Any, value: Any, type_: Any) -> Any:
    try:
        # Not strict, as everywhere in the catalog: every value of a YAML file is read as text.
        return msgspec.convert(value, type_, strict=False, dec_hook=decode)
    except msgspec.ValidationError as error:
        msg = f"{key}: {error}"
        raise ValueError(msg) from error
