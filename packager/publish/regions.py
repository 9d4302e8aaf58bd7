"""One zip to one destination, region after region."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from packager.core.errors import PackagerError
from packager.model.publishing import LayerSpec

if TYPE_CHECKING:
    from collections.abc import Iterable

    from packager.core.progress import Stopwatch
    from packager.model.destinations import Destination
    from packager.model.publishing import FunctionSpec, Published, PublishOrder


def publish_in_regions(
    destination: Destination,
    order: PublishOrder,
    spec: LayerSpec | FunctionSpec,
    regions: Iterable[str],
    watch: Stopwatch,
) -> list[Published]:
    """Publish to each region in turn; without any, to the one the destination takes by default.

    If one fails, its error names the regions that are done.
    """
    results: list[Published] = []
    for region in tuple(regions) or ("",):
        here = replace(order, access=replace(order.access, region=region))
        try:
            if isinstance(spec, LayerSpec):
                results.append(destination.publish_layer(here, spec, watch))
            else:
                results.append(destination.publish_function(here, spec, watch))
        except PackagerError as error:
            done = ", ".join(result.region for result in results if result.action != "refused")
            if done:
                note = f"{done}: done; publish again, and what is done is not repeated"
                error.fix = f"{error.fix}\n  {note}" if error.fix else note
            raise
    return results
