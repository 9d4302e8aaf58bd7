"""Estimates → the measures by what they save, and the combinations by what they cost. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packager.archive.fastpath.codec import LEVELS
from packager.core.units import format_size
from packager.languages.registry import LANGUAGES
from packager.model.fitting import Measure, Settings
from packager.model.plan import TRACED, TRIM_LEVELS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from packager.model.fitting import Certainty, Excess
    from packager.model.plan import Bundle, TrimLevel
    from packager.pipeline.fit.estimate import Estimates
    from packager.pipeline.fit.layers import LayerPart

# What a measure costs its user: build time, a proof that has to be looked at, more to deploy, rewritten code.
_TRIM_COST: dict[TrimLevel, int] = {"none": 0, "safe": 0, "strict": 3, "trace": 6, "bundle": 20}
_LEVEL_COST = {LEVELS["best"]: 2, LEVELS["max"]: 4}
_STRIP_COST = 1
_LAYERS_COST = 10
_TRIM_TITLES: dict[TrimLevel, str] = {
    "safe": "leave out what no installed package needs to run",
    "strict": "leave out readmes and builds of packages that the module system of this bundle never loads",
    "trace": "pack only the files that the handler reaches",
    "bundle": "compile the handler and all it reaches into one file; packages with native code stay beside it",
}
_TOLERANCE = 32
"""An estimate may be wrong by one part in so many: what misses by less is worth a trial."""


def measures(
    estimates: Estimates, excess: Excess, bundle: Bundle, brought: tuple[tuple[str, ...], int, int]
) -> tuple[Measure, ...]:
    """Return every measure that saves something where it is needed, the largest first, those of unknown effect last."""
    found = [
        measure
        for measure in _measures(estimates, bundle, brought)
        if measure.certainty == "unknown" or _needed(measure, excess) > 0
    ]
    return tuple(
        sorted(found, key=lambda measure: (measure.certainty == "unknown", -_needed(measure, excess), measure.name))
    )


def _needed(measure: Measure, excess: Excess) -> int:
    return measure.unzipped if excess.unzipped else measure.zipped


def _measures(estimates: Estimates, bundle: Bundle, brought: tuple[tuple[str, ...], int, int]) -> Iterator[Measure]:
    key = f"bundles.{bundle.configured or bundle.name}"
    if estimates.strip:
        yield Measure("strip", "take symbols out of native files", "about", *estimates.strip,
                      permanent=f"{key}.strip: true")  # fmt: skip
    if any(estimates.bytecode):
        yield Measure("compile", "pack Python's modules without bytecode: every cold start compiles them", "exact",
                      *estimates.bytecode, automatic=False, permanent=f"{key}.compile: false")  # fmt: skip
    for name in ("best", "max"):
        if LEVELS[name] in estimates.levels:
            saved = int(estimates.zipped * (1 - estimates.levels[LEVELS[name]]))
            yield Measure(name, f"compress harder (level {LEVELS[name]})", "about", saved,
                          permanent=f"packager build --compress {name}")  # fmt: skip
    for trim in TRIM_LEVELS[TRIM_LEVELS.index(estimates.settings.trim) + 1 :]:
        saved_by = estimates.trims.get(trim)
        if saved_by is None and (trim != "bundle" or not _possible(trim, bundle)):
            continue
        certainty: Certainty = "unknown" if saved_by is None else "about" if trim == "trace" else "exact"
        yield Measure(trim, _TRIM_TITLES[trim], certainty, *(saved_by or (0, 0)),
                      permanent=f"{key}.trim: {trim}")  # fmt: skip
    if estimates.parts:
        sizes = ", ".join(_layer(part, bundle.name) for part in estimates.parts)
        saved = sum(part.saving(bundle.name) for part in estimates.parts)
        count = "a layer" if len(estimates.parts) == 1 else f"{len(estimates.parts)} layers"
        what = f"move packages into {count} of {sizes}; unzipped, nothing is saved"
        yield Measure("layers", what, "about", saved, permanent=f"{key}.layers")
    globs, zipped, unzipped = brought
    if zipped:
        patterns = ", ".join(f'"!node_modules/{glob.removesuffix("/*")}/**"' for glob in globs)
        yield Measure("host", f"leave {', '.join(globs)} to the runtime, which has some version of its own", "exact",
                      zipped, unzipped, automatic=False,
                      permanent=f"{key}.include: [{patterns}]")  # fmt: skip


def combinations(estimates: Estimates, excess: Excess, bundle: Bundle, *, proved: bool) -> list[Settings]:
    """Return the ways to make the bundle that may fit, the cheapest first; `proved`: whether the result is loaded.

    What changes which files are packed is taken only where a proof follows.
    """
    now = estimates.settings
    harder = TRIM_LEVELS[TRIM_LEVELS.index(now.trim) + 1 :] if proved else ()
    trims = [now.trim, *(trim for trim in harder if _possible(trim, bundle))]
    strips = {now.strip, True} if estimates.strip else {now.strip}
    levels = sorted({now.level, *estimates.levels})
    splits = range(len(estimates.parts) + 1)
    found = []
    for trim in trims:
        for strip in strips:
            for level in levels:
                for layers in splits:
                    # Layers are cut from what was made; what a trace leaves of packages is not known before.
                    if layers and trim in TRACED and trim != now.trim:
                        continue
                    settings = Settings(trim, level, strip, layers)
                    if settings != now and may_fit(estimates, settings, excess):
                        found.append(settings)
    return sorted(found, key=lambda settings: (cost(settings, now), settings.level, settings.trim))


def may_fit(estimates: Estimates, settings: Settings, excess: Excess) -> bool:
    """Return whether a combination fits by the estimates, or nearly, or cannot be told."""
    sizes = estimates.of(settings)
    if sizes is None:
        return True
    return all(
        limit is None or size <= limit + limit // _TOLERANCE
        for size, limit in zip(sizes, (excess.zipped_limit, excess.unzipped_limit), strict=True)
    )


def cost(settings: Settings, now: Settings) -> int:
    """Return what a combination costs beyond what is done now."""
    total = _TRIM_COST[settings.trim] - _TRIM_COST[now.trim]
    if settings.level != now.level:
        total += _LEVEL_COST[settings.level]
    if settings.strip and not now.strip:
        total += _STRIP_COST
    return total + (_LAYERS_COST + settings.layers if settings.layers else 0)


def names(settings: Settings, now: Settings) -> tuple[str, ...]:
    """Return the names of the measures that lead from what is done now to a combination."""
    levels = {level: name for name, level in LEVELS.items()}
    found = []
    if settings.strip != now.strip:
        found.append("strip")
    if settings.trim != now.trim:
        found.append(settings.trim)
    if settings.layers:
        found.append("layers")
    if settings.level != now.level:
        found.append(levels[settings.level])
    return tuple(found)


def in_words(settings: Settings, now: Settings) -> str:
    """Return a combination for people: "trim: trace, --compress best"."""
    texts = {"strip": "strip: true", "layers": "1 layer" if settings.layers == 1 else f"{settings.layers} layers"}
    levels = ("best", "max", "default", "fast")
    return ", ".join(
        texts.get(name) or (f"--compress {name}" if name in levels else f"trim: {name}")
        for name in names(settings, now)
    )


def _layer(part: LayerPart, name: str) -> str:
    others = [other for other in part.functions if other != name]
    return format_size(part.zipped_bytes) + (f" (shared with {', '.join(others)})" if others else "")


def _possible(trim: TrimLevel, bundle: Bundle) -> bool:
    if trim in TRACED:
        return bundle.kind != "layer" and LANGUAGES[bundle.target.language].traceable
    return True
