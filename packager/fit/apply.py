"""Planning what would make a bundle fit, and with ``--fit`` doing it: the cheapest combination that does, proved."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from packager.errors import ConfigError, PackagerError
from packager.fit import FitPlan, Settings, Trial
from packager.fit.estimate import TRIMS, brought, estimate
from packager.fit.excess import excess_of, meets
from packager.fit.ranking import combinations, in_words, may_fit, measures, names
from packager.fit.words import command, image_route, permanent, remedy

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from packager.catalog.records import Target
    from packager.fit.estimate import Estimates
    from packager.host import Options
    from packager.pipeline import Result
    from packager.plan import Bundle, TrimLevel
    from packager.trim import Selection

_CODES = ("SIZE001", "SIZE002", "SIZE003")
MAX_TRIALS = 6
"""Each writes, audits and, if it fits, loads an archive."""


class Make(Protocol):
    """Makes a bundle from the tree that is there; nothing is installed again."""

    def __call__(self, bundle: Bundle, layers: Sequence[Result], options: Options, /) -> Result:
        """Return the bundle, judged together with the layers beneath it."""


@dataclass(frozen=True)
class Workshop:
    """What fitting one bundle needs of the run it is part of."""

    make: Make
    select: Callable[[Bundle], Selection]
    layers: Sequence[Result]
    """Beneath the bundle, of this run."""
    layers_unzipped: int
    """Bytes of these and of finished layer files."""
    taken: frozenset[str]
    """Names of the run's bundles, which no layer of ours may take."""
    layer_target: Target | None
    """What a layer of this host is; None where it has none."""
    options: Options


def over_limits(result: Result, *, wanted: bool) -> bool:
    """Return whether a bundle is to be fitted: a limit says no, or one only warns and ``--fit`` is `wanted`."""
    return any(f.code in _CODES and (f.severity == "error" or (wanted and f.severity == "warning"))
               for f in result.findings)  # fmt: skip


def fit(result: Result, workshop: Workshop) -> list[Result]:
    """Return the bundle with its plan and, where ``--fit`` is on and it comes to fit, layers before it."""
    now = Settings(result.bundle.trim, workshop.options.level, result.bundle.strip)
    artifact, beneath = result.artifact, workshop.layers_unzipped
    excess = excess_of(artifact.zipped_bytes, artifact.unzipped_bytes, beneath, result.bundle.budget)
    estimates = estimate(result, now, beneath, excess, workshop.select)
    if workshop.layer_target is None:
        estimates.parts = ()
    plan = FitPlan(excess, measures(estimates, excess, result.bundle, brought(result)))
    ways = combinations(estimates, excess, result.bundle, proved=workshop.options.prove != "skip")
    # One that is known to fit by the estimates is better advice than a cheaper one nobody can tell.
    told = next((way for way in ways if estimates.of(way)), ways[0] if ways else None)
    if told is not None:
        plan = replace(plan, likely=in_words(told, now), command=command(told, now))
    else:
        plan = replace(plan, image_route=image_route(result.bundle))
    if not workshop.options.fit:
        return [_advised(result, plan)]
    return _try(result, plan, ways, estimates, workshop)


def _try(result: Result, plan: FitPlan, ways: list[Settings], estimates: Estimates, workshop: Workshop) -> list[Result]:
    now = estimates.settings
    trials: list[Trial] = []
    hopeless: set[TrimLevel] = set()
    for way in ways:
        if len(trials) == MAX_TRIALS:
            break
        # What was made meanwhile has told.
        if way.trim in hopeless or not may_fit(estimates, way, plan.excess):
            continue
        what = in_words(way, now)
        try:
            made = _make(result.bundle, way, estimates, workshop)
        except PackagerError as error:
            trials.append(Trial(what, 0, 0, "refused", error.message))
            hopeless.add(way.trim)
            continue
        function = made[-1]
        below = workshop.layers_unzipped + sum(layer.artifact.unzipped_bytes for layer in made[:-1])
        zipped, unzipped = function.artifact.zipped_bytes, function.artifact.unzipped_bytes + below
        estimates.learn(way, zipped, unzipped)
        trial = _judge(what, made, meets(plan.excess, zipped, unzipped), zipped, unzipped, changed=way.trim != now.trim)
        trials.append(trial)
        if trial.outcome == "fits":
            done = replace(plan, trials=tuple(trials), likely=what, command=command(way, now),
                           applied=names(way, now),
                           permanent=permanent(result.bundle, way, now, estimates))  # fmt: skip
            return [*made[:-1], replace(function, fit=done)]
        if trial.outcome == "refused":
            hopeless.add(way.trim)
        elif trial.outcome == "not proved":
            hopeless.update(trim for trim in TRIMS if trim != now.trim)
    failed = replace(plan, trials=tuple(trials), image_route=image_route(result.bundle))
    return [_advised(result, failed)]


def _judge(what: str, made: Sequence[Result], met: bool, zipped: int, unzipped: int, *, changed: bool) -> Trial:
    refused = [finding for one in made for finding in one.findings if finding.severity == "error"]
    too_big = [finding for finding in refused if finding.code in _CODES]
    if too_big or not met:
        return Trial(what, zipped, unzipped, "too big", too_big[0].message if too_big else "")
    if refused:
        return Trial(what, zipped, unzipped, "refused", f"{refused[0].code} {refused[0].subject}: {refused[0].message}")
    proof = made[-1].proof
    if changed and proof.status != "proved":
        return Trial(what, zipped, unzipped, "not proved", proof.detail)
    return Trial(what, zipped, unzipped, "fits", proof.detail)


def _make(bundle: Bundle, way: Settings, estimates: Estimates, workshop: Workshop) -> list[Result]:
    """Return the layers of a combination and the bundle on top of them."""
    options = replace(workshop.options, level=way.level)
    made: list[Result] = []
    names_made: list[str] = []
    for index, part in enumerate(estimates.parts[: way.layers], start=1):
        if workshop.layer_target is None:
            break
        name = f"{bundle.name}-layer-{index}"
        if name in workshop.taken:
            msg = f"a layer would be called {name}, as a bundle is"
            raise ConfigError(msg, where=f"bundles.{name}", fix="name that bundle differently")
        layer = replace(
            bundle,
            name=name,
            kind="layer",
            target=workshop.layer_target,
            budget=workshop.layer_target.budget,
            handler="",
            entries=(),
            include=(),
            packages=part.packages,
            layers=tuple(names_made),
            layer_files=(),
            trim=way.trim,
            strip=way.strip,
        )
        made.append(workshop.make(layer, [*workshop.layers, *made], options))
        names_made.append(layer.name)
    function = replace(bundle, trim=way.trim, strip=way.strip, layers=(*bundle.layers, *names_made))
    return [*made, workshop.make(function, [*workshop.layers, *made], options)]


def _advised(result: Result, plan: FitPlan) -> Result:
    """Return the result with its plan, and the way out in the findings that say how much is too much."""
    fix = remedy(plan)
    findings = tuple(
        replace(finding, fix=f"{fix}; or {finding.fix}" if finding.fix else fix)
        if fix and finding.code in _CODES and finding.severity != "note" else finding
        for finding in result.findings
    )  # fmt: skip
    return replace(result, findings=findings, fit=plan)
