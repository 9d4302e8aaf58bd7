"""The contract of what finished zips are published to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from packager.core.progress import Stopwatch
    from packager.model.publishing import FunctionSpec, LayerSpec, Published, PublishOrder


class Destination(Protocol):
    """A service that takes layers or functions as zips; plain modules satisfy it.

    Publishing the same zip again sends nothing and says ``unchanged``. Over a limit nothing is sent: the result is
    ``refused``, with findings. Both methods raise EnvironmentFault without credentials or region, UsageError for what
    the service would never take, and ProviderFault for what it refuses.
    """

    NAME: str
    """What messages call it: "AWS"."""
    SERVICE: str
    """What takes the zips: "AWS Lambda"."""
    TARGETS: Mapping[str, str]
    """``function`` and ``layer``, whichever it takes → the target in the catalog whose limits count."""

    def publish_layer(self, order: PublishOrder, spec: LayerSpec, watch: Stopwatch) -> Published:
        """Publish a layer version unless the newest one is the same already."""

    def publish_function(self, order: PublishOrder, spec: FunctionSpec, watch: Stopwatch) -> Published:
        """Bring a function's code and settings to what the spec says, changing only what differs."""
