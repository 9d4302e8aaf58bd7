"""A destination that keeps functions in this process, by region. It takes no layers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from packager.core.errors import ProviderFault, UsageError
from packager.model.findings import has_errors
from packager.model.publishing import Published
from packager.publish.limits import over_limits

if TYPE_CHECKING:
    from collections.abc import Mapping

    from packager.core.progress import Stopwatch
    from packager.model.publishing import FunctionSpec, LayerSpec, PublishOrder

NAME: str = "Dummy"
SERVICE: str = "Dummy Functions"
TARGETS: Mapping[str, str] = {"function": "dummy"}
REGIONS = ("home", "away")


@dataclass(frozen=True)
class DummyFunction:
    """What is there of one function."""

    sha256: str
    handler: str


KEPT: dict[tuple[str, str], DummyFunction] = {}
"""(region, name) → what is there. Tests empty it."""


def publish_layer(order: PublishOrder, spec: LayerSpec, watch: Stopwatch) -> Published:
    """Refuse: there are no layers here."""
    raise UsageError("layers are nothing here", where=spec.name, fix="publish a function")  # noqa: EM101


def publish_function(order: PublishOrder, spec: FunctionSpec, watch: Stopwatch) -> Published:
    """Keep the function, unless it is kept already."""
    region = order.access.region or REGIONS[0]
    where = f"function {spec.name} in {region}"
    if region not in REGIONS:
        raise ProviderFault("there is no such region", where=where, fix=f"regions are: {', '.join(REGIONS)}")  # noqa: EM101
    findings = tuple(over_limits(order.package, (), order.budget, TARGETS["function"], "make it smaller"))
    sha256 = order.package.code_sha256
    result = Published(
        "function", spec.name, region, "refused", "", "", sha256, planned=order.dry_run, findings=findings
    )
    if has_errors(findings):
        return result
    wanted = DummyFunction(sha256, spec.handler)
    there = KEPT.get((region, spec.name))
    if there == wanted:
        return replace(result, action="unchanged", arn=f"dummy:{region}:{spec.name}")
    if order.dry_run:
        return replace(result, action="updated" if there else "created")
    with watch.step("publish", where):
        KEPT[region, spec.name] = wanted
    return replace(result, action="updated" if there else "created", arn=f"dummy:{region}:{spec.name}")
