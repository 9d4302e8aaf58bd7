"""Symbolic links of an archive, followed as the host's file system follows them once they are unpacked. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packager.core.errors import ArtifactError

if TYPE_CHECKING:
    from collections.abc import Mapping

_MOST = 40
"""Links that Linux follows on one path (path_resolution(7), ELOOP)."""
OUT, CIRCLE = "link", "circle"
"""Kinds of faults of an archive (`packager.model.inventory.Fault`)."""


class LeadsAstrayError(ArtifactError):
    """A path that leaves the archive, or never ends; `message` is the kind of the fault."""


def real_path(path: str, pointers: Mapping[str, str]) -> str:
    """Return a path without links in it; `pointers` says by link where it leads, as its content has it.

    Raises LeadsAstrayError for a path that leaves the archive (`OUT`) or goes round in a circle (`CIRCLE`).

    >>> real_path("node_modules/a/x.js", {"node_modules/a": ".pnpm/a@1/node_modules/a"})
    'node_modules/.pnpm/a@1/node_modules/a/x.js'
    """
    ahead = path.split("/")[::-1]
    done: list[str] = []
    followed = 0
    while ahead:
        part = ahead.pop()
        if part in ("", "."):
            continue
        if part == "..":
            if not done:
                raise LeadsAstrayError(OUT)
            done.pop()
            continue
        done.append(part)
        pointer = pointers.get("/".join(done))
        if pointer is None:
            continue
        followed += 1
        if followed > _MOST:
            raise LeadsAstrayError(CIRCLE)
        if pointer.startswith("/"):
            raise LeadsAstrayError(OUT)
        done.pop()
        ahead += pointer.split("/")[::-1]
    return "/".join(done)
