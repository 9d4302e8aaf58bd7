"""One bundle on its way under its limits: what would help, what was tried, and what came of it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from packager.core.errors import PackagerError
from packager.model.fitting import FitPlan, Settings, Trial
from packager.model.plan import TRIM_LEVELS
from packager.pipeline.fit.estimate import brought, estimate
from packager.pipeline.fit.excess import excess_of, meets
from packager.pipeline.fit.layer_split import Base, can_cut, layer_template, make_layers, twice, wanted
from packager.pipeline.fit.messages import CODES, command, image_route, permanent, remedy
from packager.pipeline.fit.ranking import combinations, in_words, may_fit, measures, names

if TYPE_CHECKING:
    from collections.abc import Sequence

    from packager.model.plan import TrimLevel
    from packager.model.results import Result
    from packager.pipeline.fit.layers import LayerPart
    from packager.pipeline.fit.workshop import Workshop

MAX_TRIALS = 6
"""Each writes, audits and, if it fits, loads an archive."""


class Fitting:
    """A bundle that is over its limits."""

    def __init__(self, result: Result, workshop: Workshop) -> None:
        self.result = result
        self.workshop = workshop
        self.name = result.bundle.name
        self.now = Settings(result.bundle.trim, workshop.options.level, result.bundle.strip)
        artifact, beneath = result.artifact, workshop.layers_unzipped
        self.excess = excess_of(artifact.zipped_bytes, artifact.unzipped_bytes, beneath, result.bundle.budget)
        self.estimates = estimate(result, self.now, beneath, self.excess, workshop.select)
        self.ways: list[Settings] = []
        """What may fit, the cheapest first."""
        self.plan = FitPlan(self.excess, ())
        self.trials: list[Trial] = []
        self.made: dict[Settings, Result] = {self.now: result}
        """Without layers of ours, and sound but for its size, by how it was made: what layers can be cut from."""
        self.refuses: frozenset[str] = frozenset()
        """Packages that have shown not to be for layers."""
        self.done: list[Result] = []
        """The bundle as it fits, with the layers that were made for it, its own and shared ones, before it."""
        self.hopeless: set[TrimLevel] = set()
        """Levels that have shown to be no use, however large the bundle may be."""
        self._attempts = 0

    def set_parts(self, parts: Sequence[LayerPart]) -> None:
        """Plan again with packages split so; parts of other functions are left out."""
        self.estimates.parts = tuple(part for part in parts if self.name in part.functions)
        bundle, proved = self.result.bundle, self.workshop.options.prove != "skip"
        self.ways = combinations(self.estimates, self.excess, bundle, proved=proved)
        ranked = measures(self.estimates, self.excess, bundle, brought(self.result))
        # One that is known to fit by the estimates is better advice than a cheaper one of unknown effect.
        told = next((way for way in self.ways if self.estimates.of(way)), self.ways[0] if self.ways else None)
        if told is None:
            self.plan = FitPlan(self.excess, ranked, image_route=image_route(bundle))
        else:
            likely, line = in_words(told, self.now), command(told, self.now)
            self.plan = FitPlan(self.excess, ranked, likely=likely, command=line)

    def base(self, way: Settings) -> Base | None:
        """Return what layers can be cut from; None where it was not made so, or no layer takes anything off it."""
        result, limit = self.made.get(way), self.excess.zipped_limit
        if result is None or limit is None or not can_cut(result.bundle):
            return None
        enough = wanted(result.artifact.zipped_bytes, limit)
        return Base(result, self.workshop, limit, enough, self.refuses) if enough else None

    def attempt(self, ways: Sequence[Settings]) -> None:
        """Make the bundle in these ways until it fits, or has been tried often enough."""
        for way in ways:
            if self.done or self._attempts == MAX_TRIALS:
                return
            # What was made meanwhile has told.
            if way.trim in self.hopeless or way in self.made or not may_fit(self.estimates, way, self.excess):
                continue
            self._attempts += 1
            self.attempt_one(way)

    def attempt_one(self, way: Settings) -> None:
        """Make the bundle in this way, and take it if it fits."""
        what = in_words(way, self.now)
        try:
            layers = self._own_layers(way)
            function = self.make(way, layers)
        except PackagerError as error:
            self.refuse(what, error.message)
            self.hopeless.add(way.trim)
            return
        trial = self.judged(way, what, layers, function)
        self.note(trial)
        if trial.outcome == "fits":
            self.settle(way, layers, function)
        elif trial.outcome == "refused":
            self.hopeless.add(way.trim)
        elif trial.outcome == "not proved":
            self.hopeless.update(trim for trim in TRIM_LEVELS if trim != self.now.trim)

    def _own_layers(self, way: Settings) -> list[Result]:
        base = self.base(self.now) if way.layers else None
        template = layer_template([base]) if base else None
        if template is None:
            return []
        level = min(TRIM_LEVELS.index(way.trim), TRIM_LEVELS.index("strict"))
        template = replace(template, trim=TRIM_LEVELS[level], strip=way.strip)
        return make_layers(self.estimates.parts[: way.layers], template, self.workshop, way.level)

    def make(self, way: Settings, layers: Sequence[Result]) -> Result:
        """Return the bundle made in a way, on top of layers of ours. Raises PackagerError."""
        bundle = self.result.bundle
        beneath = (*bundle.layers, *(layer.bundle.name for layer in layers))
        function = replace(bundle, trim=way.trim, strip=way.strip, layers=beneath)
        options = replace(self.workshop.options, level=way.level)
        return self.workshop.make(function, [*self.workshop.layers, *layers], options)

    def refuse(self, what: str, why: str) -> None:
        """Note a way that came to nothing."""
        self.note(Trial(what, 0, 0, "refused", why))

    def note(self, trial: Trial) -> None:
        """Take a trial into the plan."""
        self.trials.append(trial)

    def judged(self, way: Settings, what: str, layers: Sequence[Result], function: Result) -> Trial:
        """Return what came of a way, and learn from it: its size, and what is no use as a layer."""
        below = self.workshop.layers_unzipped + sum(layer.artifact.unzipped_bytes for layer in layers)
        zipped, unzipped = function.artifact.zipped_bytes, function.artifact.unzipped_bytes + below
        self.estimates.learn(way, zipped, unzipped)
        errors = [finding for one in (*layers, function) for finding in one.findings if finding.severity == "error"]
        too_big = [finding for finding in errors if finding.code in CODES]
        if not layers and len(too_big) == len(errors):
            self.made[way] = function
        if too_big or not meets(self.excess, zipped, unzipped):
            return Trial(what, zipped, unzipped, "too big", too_big[0].message if too_big else "")
        if errors:
            return Trial(
                what, zipped, unzipped, "refused", f"{errors[0].code} {errors[0].subject}: {errors[0].message}"
            )
        if again := twice(function, layers):
            self.refuses |= again
            return Trial(what, zipped, unzipped, "refused", f"would be there twice: {', '.join(sorted(again))}")
        if way.trim != self.now.trim and function.proof.status != "proved":
            return Trial(what, zipped, unzipped, "not proved", function.proof.detail)
        return Trial(what, zipped, unzipped, "fits", function.proof.detail)

    def settle(self, way: Settings, layers: Sequence[Result], function: Result) -> None:
        """Take a way for what comes of it."""
        plan = replace(
            self.plan,
            trials=tuple(self.trials),
            likely=in_words(way, self.now),
            command=command(way, self.now),
            applied=names(way, self.now),
            layers=tuple(layer.bundle.name for layer in layers),
            permanent=permanent(self.result.bundle, way, self.now, [layer.bundle for layer in layers]),
            image_route=(),
        )
        self.done = [*layers, replace(function, fit=plan)]

    def outcome(self) -> list[Result]:
        """Return the bundle as it fits, its new layers before it; else as it was, with its plan and the way out."""
        if self.done:
            return self.done
        plan = self.plan
        if self.workshop.options.fit:
            plan = replace(plan, trials=tuple(self.trials), image_route=image_route(self.result.bundle))
        fix = remedy(plan)
        findings = tuple(
            replace(finding, fix=f"{fix}; or {finding.fix}" if finding.fix else fix)
            if fix and finding.code in CODES and finding.severity != "note" else finding
            for finding in self.result.findings
        )  # fmt: skip
        return [replace(self.result, findings=findings, fit=plan)]
