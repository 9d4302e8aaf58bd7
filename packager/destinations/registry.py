"""The destinations by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packager.destinations.aws import destination as aws

if TYPE_CHECKING:
    from packager.model.destinations import Destination

DESTINATIONS: dict[str, Destination] = {
    "aws": aws,
}


def destination_for(target: str) -> Destination:
    """Return where bundles of a target are published to; AWS for a target with no destination, or none.

    >>> destination_for("aws-lambda-layer").NAME
    'AWS'
    """
    return next((each for each in DESTINATIONS.values() if target in each.TARGETS.values()), DESTINATIONS["aws"])
