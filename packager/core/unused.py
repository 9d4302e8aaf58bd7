"""The keys of another tool's document that a reader does not use."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

UsedKeys: TypeAlias = "Mapping[str, bool | UsedKeys]"
"""Key → True: read with all below it; or the keys below it that are read. ``*`` stands for any other key.

A key of an empty mapping counts as read by its name alone. The items of a list have the shape of the list.
"""


def unused_keys(data: Mapping[str, Any], used: UsedKeys, skipped: Collection[str] = ()) -> tuple[str, ...]:
    """Return the paths of the keys that are not in `used`, in the document's order; the uppermost of a branch only.

    `skipped` are paths that would be read and were not in this document.

    >>> unused_keys({"a": {"b": 1, "c": 2}, "d": [{"e": 1}, 2]}, {"a": {"b": True}, "d": {"e": True}}, {"d[0].e"})
    ('a.c', 'd[0].e', 'd[1]')
    """
    return tuple(_unused(data, used, skipped, ""))


def _unused(data: Mapping[str, Any], used: UsedKeys, skipped: Collection[str], at: str) -> Iterator[str]:
    for key, value in data.items():
        path = f"{at}.{key}" if at else str(key)
        inner = used.get(str(key), used.get("*", False))
        if isinstance(value, list) and inner is not False and path not in skipped:
            for index, item in enumerate(value):
                yield from _judged(item, inner, skipped, f"{path}[{index}]")
        else:
            yield from _judged(value, inner, skipped, path)


def _judged(value: Any, used: bool | UsedKeys, skipped: Collection[str], path: str) -> Iterator[str]:
    if used is False or path in skipped:
        yield path
    elif isinstance(value, Mapping):
        yield from _unused(value, {"*": True} if used is True else used, skipped, path)
    elif used is not True and value is not None:
        yield path
