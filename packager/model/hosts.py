"""The contract of a hosting service."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from packager.model.results import Made, Shipment
    from packager.model.targets import Kind, Target


class Placeable(Protocol):
    """What of a bundle decides where its files go."""

    @property
    def name(self) -> str:
        """Return the bundle's name, for messages."""

    @property
    def kind(self) -> Kind:
        """Return whether it is a function, a layer or a site."""

    @property
    def target(self) -> Target:
        """Return where it runs."""

    @property
    def entries(self) -> tuple[str, ...]:
        """Return its entry files, on hosts that route to files."""


class Host(Protocol):
    """A hosting service; plain modules satisfy it."""

    def place(self, bundle: Placeable, path: str) -> str:
        """Return the name in the archive of a file of the tree."""

    def additions(self, bundle: Placeable, paths: Collection[str], types: Mapping[str, str]) -> Mapping[str, str]:
        """Return files of ours the archive needs besides, by their names; `paths` are those that are there.

        `types` are the kinds of module that its package.json files set: folder ("" for the root) → ``module``.
        """

    def starts(self, handler: str, entries: Sequence[str]) -> tuple[tuple[str, str], ...]:
        """Return (what is called, its file) of everything that the host starts of a bundle, each a process of its own.

        What is called is FILE.EXPORT in the archive; the file is empty where the host finds it by that.
        """

    def shipments(self, made: Sequence[Made]) -> Mapping[str, Shipment]:
        """Return folder → shipment for all bundles of this host."""
