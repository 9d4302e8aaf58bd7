"""How each host wants it: where files go in the archive, and which configuration goes with it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from packager.providers import aws_lambda

if TYPE_CHECKING:
    from collections.abc import Iterable

    from packager.plan import Bundle
    from packager.trim import Choice


@dataclass(frozen=True)
class Placed:
    """A kept file and its name in the archive."""

    path: str
    choice: Choice


class Provider(Protocol):
    """A hosting service; plain modules satisfy it."""

    def place(self, bundle: Bundle, path: str) -> str:
        """Return the name in the archive of a file of the tree."""


PROVIDERS: dict[str, Provider] = {"aws_lambda": aws_lambda}


def lay_out(bundle: Bundle, kept: Iterable[Choice]) -> list[Placed]:
    """Return every kept file with its place in the archive, in the order of the places."""
    provider = PROVIDERS[bundle.target.provider]
    return sorted(
        (Placed(provider.place(bundle, choice.file.path), choice) for choice in kept),
        key=lambda placed: placed.path.encode(),
    )
