"""What fitting a bundle needs of the run it is part of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from packager.model.options import BuildOptions
    from packager.model.plan import Bundle
    from packager.model.results import Result
    from packager.model.selection import Selection
    from packager.model.targets import Target


class Make(Protocol):
    """Makes a bundle from the tree that is there; nothing is installed again."""

    def __call__(self, bundle: Bundle, layers: Sequence[Result], options: BuildOptions, /) -> Result:
        """Return the bundle, judged together with the layers beneath it."""


@dataclass(frozen=True)
class Workshop:
    """The doors and facts of the run, for one bundle."""

    make: Make
    select: Callable[[Bundle], Selection]
    """Trims the tree for a bundle, on those of `layers` that it names."""
    layers: Sequence[Result]
    """Beneath the bundle, of this run."""
    layers_unzipped: int
    """Bytes of these and of finished layer files."""
    taken: frozenset[str]
    """Names of the run's bundles, which no layer of ours may take."""
    layer_target: Target | None
    """What a layer of this host is; None where it has none."""
    options: BuildOptions
