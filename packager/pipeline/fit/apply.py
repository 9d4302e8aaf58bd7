"""Planning what would make bundles fit, and with ``--fit`` doing it: the cheapest combination that does, proved.

Each bundle is for itself until layers come into play: what several functions that are too big have in common goes into
layers beneath all of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from packager.pipeline.fit.layer_split import cut
from packager.pipeline.fit.messages import CODES
from packager.pipeline.fit.search import Fitting
from packager.pipeline.fit.shared_layers import groups_of, share

if TYPE_CHECKING:
    from collections.abc import Sequence

    from packager.model.results import Result
    from packager.pipeline.fit.workshop import Workshop


def over_limits(result: Result, *, wanted: bool) -> bool:
    """Return whether a bundle is to be fitted: a limit says no, or one only warns and ``--fit`` is `wanted`."""
    return any(f.code in CODES and (f.severity == "error" or (wanted and f.severity == "warning"))
               for f in result.findings)  # fmt: skip


def fit(cases: Sequence[tuple[Result, Workshop]]) -> list[list[Result]]:
    """Return each bundle with its plan and, where ``--fit`` is on and it comes to fit, layers before it.

    A layer that several functions share comes with the first of them.
    """
    fittings = [Fitting(result, workshop) for result, workshop in cases]
    for group in groups_of(fittings):
        _plan(group)
        if group[0].workshop.options.fit:
            _fit(group)
    found: list[list[Result]] = []
    seen: set[str] = set()
    for fitting in fittings:
        found.append([one for one in fitting.outcome() if one.bundle.name not in seen])
        seen |= {one.bundle.name for one in found[-1]}
    return found


def _plan(group: Sequence[Fitting]) -> None:
    """Plan for each of a group, with the layers that are cut for all of them together."""
    bases = [base for fitting in group if (base := fitting.base(fitting.now)) is not None]
    parts = cut(bases) if bases else ()
    for fitting in group:
        fitting.set_parts(parts)


def _fit(group: Sequence[Fitting]) -> None:
    """Bring a group under its limits: each by itself as far as that costs less than layers, then by shared layers.

    Whom these do not help is left to itself again, with layers of its own.
    """
    left = list(group)
    if len(group) > 1:
        for fitting in group:
            fitting.attempt([way for way in fitting.ways if not way.layers and way.trim != "bundle"])
        share([fitting for fitting in group if not fitting.done])
        left = [fitting for fitting in group if not fitting.done]
    for fitting in left:
        if len(group) > 1:
            _plan([fitting])
        fitting.attempt(fitting.ways)
