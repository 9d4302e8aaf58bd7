"""AWS Lambda as a destination."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packager.destinations.aws import function, layer
from packager.destinations.aws.clients import connect

if TYPE_CHECKING:
    from collections.abc import Mapping

    from packager.core.progress import Stopwatch
    from packager.model.publishing import FunctionSpec, LayerSpec, Published, PublishOrder

NAME: str = "AWS"
SERVICE: str = "AWS Lambda"
TARGETS: Mapping[str, str] = {"function": "aws-lambda", "layer": "aws-lambda-layer"}


def publish_layer(order: PublishOrder, spec: LayerSpec, watch: Stopwatch) -> Published:
    """Publish a layer version in one region."""
    aws = connect(order.access)
    return layer.publish_layer(
        order.package, spec, aws, budget=order.budget, watch=watch, bucket=order.bucket, dry_run=order.dry_run
    )


def publish_function(order: PublishOrder, spec: FunctionSpec, watch: Stopwatch) -> Published:
    """Bring a function in one region to what the spec says."""
    aws = connect(order.access)
    return function.publish_function(
        order.package, spec, aws, budget=order.budget, watch=watch, bucket=order.bucket, dry_run=order.dry_run
    )
