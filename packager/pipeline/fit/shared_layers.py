"""What several functions that are too big have in common goes into layers beneath all of them, the rest into their own.

Shared layers are cut from functions as they were really made, and made functions tell what the cut got wrong: a few
rounds of that, the functions that are no use in it left to themselves.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from packager.core.errors import PackagerError
from packager.languages.registry import LANGUAGES
from packager.model.plan import TRACED
from packager.pipeline.fit.layer_split import cut, layer_template, make_layers, wanted
from packager.pipeline.fit.ranking import in_words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from packager.model.fitting import Settings, Trial
    from packager.model.results import Result
    from packager.pipeline.fit.layer_split import Base
    from packager.pipeline.fit.layers import LayerPart
    from packager.pipeline.fit.search import Fitting

_ROUNDS = 3
"""How often layers are made for one group; each makes and proves all its functions."""


def groups_of(fittings: Sequence[Fitting]) -> list[list[Fitting]]:
    """Return the bundles that could stand on the same layers, of one tree and target; each in one group, by name."""
    found: dict[object, list[Fitting]] = {}
    for fitting in fittings:
        bundle = fitting.result.bundle
        found.setdefault((bundle.job, bundle.target, bundle.kind), []).append(fitting)
    return [sorted(group, key=lambda fitting: fitting.name) for group in found.values()]


def share(fittings: Sequence[Fitting]) -> None:
    """Bring functions under their limits by layers they share.

    Those that are too big unpacked, which layers never change, are traced first.
    """
    ways = {fitting.name: fitting.now for fitting in fittings}
    _share(ways, [fitting for fitting in fittings if not fitting.excess.unzipped])
    unpacked = [fitting for fitting in fittings if fitting.excess.unzipped and _may_be_traced(fitting)]
    if len(unpacked) < 2:
        return
    ways = {fitting.name: replace(fitting.now, trim="trace") for fitting in unpacked}
    for fitting in unpacked:
        if ways[fitting.name] not in fitting.made:
            fitting.attempt_one(ways[fitting.name])
    _share(ways, [fitting for fitting in unpacked if not fitting.done])


def _share(ways: Mapping[str, Settings], fittings: Sequence[Fitting]) -> None:
    """Make layers and functions until all of a group fit; who cannot leaves it."""
    group = list(fittings)
    enough: dict[str, int] = {}
    for _ in range(_ROUNDS):
        bases, parts = _cut(group, ways, enough)
        if not any(len(part.functions) > 1 for part in parts):
            return
        group = [fitting for fitting in group if fitting.name in bases]
        made = _make(group, bases, parts, ways)
        if len(made) == len(group) and all(one.trial.outcome == "fits" for one in made.values()):
            for fitting in group:
                one = made[fitting.name]
                fitting.note(one.trial)
                fitting.settle(one.way, one.layers, one.function)
            return
        # What fits is made again with the others: their layers will be different ones.
        group = [fitting for fitting in group if fitting.name in made
                 and _stays(fitting, made[fitting.name], bases[fitting.name], enough)]  # fmt: skip


@dataclass(frozen=True)
class _Made:
    """One function on top of its layers, and what came of it."""

    way: Settings
    layers: list[Result]
    function: Result
    trial: Trial


def _cut(
    group: Sequence[Fitting], ways: Mapping[str, Settings], enough: Mapping[str, int]
) -> tuple[dict[str, Base], tuple[LayerPart, ...]]:
    """Return the functions that layers are enough for, as they were made, by name; and the layers."""
    bases: dict[str, Base] = {}
    for fitting in group:
        base = fitting.base(ways[fitting.name])
        if base is not None:
            bases[fitting.name] = replace(base, enough_bytes=enough.get(fitting.name, base.enough_bytes))
    while bases:
        parts = cut(list(bases.values()))
        short = [name for name, base in bases.items() if sum(part.saving(name) for part in parts) < base.excess_bytes]
        if not short:
            return bases, parts
        for name in short:
            del bases[name]
    return {}, ()


def _make(
    group: Sequence[Fitting], bases: Mapping[str, Base], parts: Sequence[LayerPart], ways: Mapping[str, Settings]
) -> dict[str, _Made]:
    """Return what could be made, by name; what could not is noted."""
    first = group[0]
    template = layer_template(list(bases.values()))
    if template is None:
        return {}
    try:
        layers = make_layers(parts, template, first.workshop, ways[first.name].level)
    except PackagerError as error:
        for fitting in group:
            fitting.refuse(_in_words(fitting, ways[fitting.name], parts), error.message)
        return {}
    found: dict[str, _Made] = {}
    for fitting in group:
        own = [layer for part, layer in zip(parts, layers, strict=True) if fitting.name in part.functions]
        way = replace(ways[fitting.name], layers=len(own))
        what = _in_words(fitting, ways[fitting.name], parts)
        try:
            function = fitting.make(way, own)
        except PackagerError as error:
            fitting.refuse(what, error.message)
            continue
        found[fitting.name] = _Made(way, own, function, fitting.judged(way, what, own, function))
    return found


def _stays(fitting: Fitting, made: _Made, base: Base, enough: dict[str, int]) -> bool:
    """Return whether a function is worth another round; how much is to leave it then goes into `enough`."""
    trial = made.trial
    if trial.outcome == "fits":
        return True
    fitting.note(trial)
    if trial.outcome == "too big" and trial.zipped_bytes > base.limit_bytes:
        enough[fitting.name] = base.enough_bytes + wanted(trial.zipped_bytes, base.limit_bytes)
        return True
    return not fitting.refuses <= base.refuses


def _in_words(fitting: Fitting, way: Settings, parts: Sequence[LayerPart]) -> str:
    """Return a way for people: "trim: trace, 3 layers (2 of them shared with jobs)"."""
    beneath = [part for part in parts if fitting.name in part.functions]
    shared = [part for part in beneath if len(part.functions) > 1]
    text = in_words(replace(way, layers=len(beneath)), fitting.now)
    if not shared:
        return text
    others = sorted({name for part in shared for name in part.functions} - {fitting.name})
    count = "" if len(shared) == len(beneath) else f"{len(shared)} of them "
    return f"{text} ({count}shared with {', '.join(others)})"


def _may_be_traced(fitting: Fitting) -> bool:
    bundle = fitting.result.bundle
    possible = fitting.workshop.options.prove != "skip" and "trace" not in fitting.hopeless
    traceable = LANGUAGES[bundle.target.language].traceable
    return possible and bundle.trim not in TRACED and traceable and bundle.kind == "function"
