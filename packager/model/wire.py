"""Values of this room as bytes and back, for keys and for what is remembered: a round trip gives an equal value.

Modules of this room import each other for the type checker alone, so that a light command loads little. Here, where
the types are needed at run time, every name is looked up in the whole room: class names are unique.
"""

from __future__ import annotations

import importlib
import pkgutil
from functools import lru_cache
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, TypeVar, get_origin

import msgspec

import packager.model
from packager.model.records import decode as decode_record

if TYPE_CHECKING:
    from types import ModuleType

T = TypeVar("T")
_STANDARD = {
    "typing": ("Any", "Literal"),
    "collections.abc": ("Mapping", "Sequence", "Callable", "Iterable"),
    "pathlib": ("Path", "PurePosixPath"),
}


def to_bytes(value: object) -> bytes:
    """Return a value as bytes, the same for equal values: mappings and sets in the order of their keys."""
    _resolved()
    return msgspec.msgpack.encode(value, enc_hook=_plain, order="deterministic")


def from_bytes(data: bytes, type_: type[T]) -> T:
    """Return the value that `to_bytes` gave this for; raises msgspec.DecodeError for other bytes."""
    _resolved()
    return msgspec.msgpack.decode(data, type=type_, dec_hook=_typed)


def _plain(value: Any) -> Any:
    if isinstance(value, PurePath):
        return str(value)
    msg = f"{type(value).__name__} is not a value of the model"
    raise NotImplementedError(msg)


def _typed(type_: Any, value: Any) -> Any:
    origin = get_origin(type_) or type_
    if isinstance(origin, type) and issubclass(origin, PurePath):
        return origin(value)
    return decode_record(type_, value)


@lru_cache(maxsize=1)
def _resolved() -> None:
    """Give every module of the room the names that its annotations mention."""
    modules: list[ModuleType] = [
        importlib.import_module(found.name)
        for found in pkgutil.iter_modules(packager.model.__path__, "packager.model.")
        if found.name != __name__
    ]
    known: dict[str, Any] = {}
    for module, names in _STANDARD.items():
        known.update({name: getattr(importlib.import_module(module), name) for name in names})
    for each in modules:
        known.update({name: value for name, value in vars(each).items() if not name.startswith("_")})
    for each in modules:
        for name, value in known.items():
            vars(each).setdefault(name, value)
