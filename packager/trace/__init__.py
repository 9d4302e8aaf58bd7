"""What the entry files of a bundle reach: asked of @vercel/nft for the target's Node, completed by what we know."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Reach:
    """Every file of a tree that a bundle must have, by the trace and by what we know of packages."""

    files: Mapping[str, str] = field(default_factory=dict)
    """Path in the inventory → why, as a clause: "src/handler.js asks for it"."""
