"""What a destination would refuse, before a byte is sent."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from packager.audit.sizes import Weights, weigh

if TYPE_CHECKING:
    from collections.abc import Sequence

    from packager.model.findings import Finding
    from packager.model.publishing import FinishedZip
    from packager.model.targets import Budget


def over_limits(
    package: FinishedZip, layers_bytes: Sequence[int], budget: Budget, target: str, another_way: str
) -> list[Finding]:
    """Return which limits a zip breaks. `layers_bytes` are unzipped sizes, one for each layer.

    To an audit the limit of a direct upload is a warning, since there may be another way; here it is an error, and
    `another_way` says how to take that.
    """
    weights = Weights(package.zipped_bytes, package.unzipped_bytes, tuple(layers_bytes), package.entries)
    findings = weigh(str(package.path), weights, target, budget)
    return [replace(each, severity="error", fix=another_way) if each.code == "SIZE001" else each for each in findings]
