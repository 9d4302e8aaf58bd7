"""Which packages and folders belong together: a native file here opens libraries that lie over there. Pure."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from packager.model.generators import Engine

_SYSTEM = "{system}"


def siblings_of(engines: Iterable[Engine], package: str) -> tuple[str, ...]:
    """Return the packages or folders, named as they lie beside it, that a package's native files open.

    >>> from packager.catalog.current import load_catalog
    >>> siblings_of(load_catalog().engines, "@img/sharp-linux-x64")
    ('@img/sharp-libvips-linux-x64',)
    """
    found: list[str] = []
    for engine in engines:
        for name, others in engine.siblings:
            match = _pattern(name).fullmatch(package)
            # libvips' own package has a name of the same form; it is a sibling of sharp only.
            if match and not any(_pattern(other).fullmatch(package) for other in others):
                found += [other.replace(_SYSTEM, match["system"] if _SYSTEM in name else "") for other in others]
    return tuple(dict.fromkeys(found))


@lru_cache(maxsize=256)
def _pattern(name: str) -> re.Pattern[str]:
    return re.compile(re.escape(name).replace(re.escape(_SYSTEM), "(?P<system>.+)"))
