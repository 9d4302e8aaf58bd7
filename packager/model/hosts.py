"""The contract of a hosting service."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from packager.model.plan import Bundle
    from packager.model.results import Made, Shipment


class Host(Protocol):
    """A hosting service; plain modules satisfy it."""

    def place(self, bundle: Bundle, path: str) -> str:
        """Return the name in the archive of a file of the tree."""

    def additions(self, bundle: Bundle, paths: Collection[str]) -> Mapping[str, str]:
        """Return files of ours the archive needs besides, by their names; `paths` are those that are there."""

    def shipments(self, made: Sequence[Made]) -> Mapping[str, Shipment]:
        """Return folder → shipment for all bundles of this host."""
