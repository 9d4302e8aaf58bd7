"""The story: plan → trees → per bundle scan, trim, strip, lay out, write, audit, prove → results."""

from __future__ import annotations

import contextlib
import errno
import shutil
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from packager.core.errors import EnvironmentFault
from packager.core.progress import Progress, Silent, Stopwatch
from packager.inventory.contents import TreeContents
from packager.model.results import Result, Scanned
from packager.model.tools import Workbench
from packager.pipeline import stages
from packager.pipeline.bundle import compiled_selection, package_bundle, selected
from packager.pipeline.inputs import scan_inputs
from packager.pipeline.repair import demand_proofs
from packager.pipeline.weights import layers_unzipped
from packager.project.survey import survey

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from packager.model.catalog import Catalog
    from packager.model.options import BuildOptions
    from packager.model.plan import Bundle, Job, Plan
    from packager.model.selection import Selection
    from packager.model.tools import Tools
    from packager.pipeline.fit.workshop import Workshop


__all__ = ["Result", "Scanned", "package", "selections"]


@contextlib.contextmanager
def package(
    plan: Plan, catalog: Catalog, tools: Tools, options: BuildOptions, progress: Progress | None = None
) -> Iterator[list[Result]]:
    """Run a plan and yield its results, in the order of the plan. Their files last as long as the context.

    Raises PackagerError for whatever stops the run. Findings do not: they are in the results.
    """
    progress = progress or Silent()
    demand_proofs(plan, options)
    with _trees(plan, catalog, tools, options, progress) as (trees, scratch, shared):
        watches = {bundle.name: Stopwatch(progress) for bundle in plan.bundles}
        yield _within_limits(_Run(plan, catalog, tools, options, trees, scratch, watches), shared)


def _within_limits(run: _Run, shared: Stopwatch) -> list[Result]:
    """Return every bundle, with a plan if it is over its limits; with ``--fit`` as it fits, its new layers before it.

    Layers come first and are fitted one by one, since functions stand on them; functions are fitted together, since
    they may share layers.
    """
    results: dict[str, Result] = {}
    bundles = run.plan.bundles
    layers = [bundle for bundle in bundles if bundle.kind == "layer"]
    for batch in (*([layer] for layer in layers), [bundle for bundle in bundles if bundle.kind != "layer"]):
        made = {bundle.name: run.make(bundle, [results[name] for name in bundle.layers]) for bundle in batch}
        fitted = run.fit(made, results)
        for name in made:
            for result in fitted[name]:
                seconds = {**shared.seconds, **run.watches[name].seconds}
                results[result.bundle.name] = replace(result, seconds=seconds)
    return list(results.values())


@dataclass(frozen=True)
class _Run:
    """One run of a plan, its trees built: where its bundles are made, and made to fit."""

    plan: Plan
    catalog: Catalog
    tools: Tools
    options: BuildOptions
    trees: Mapping[Job, Scanned]
    scratch: Path
    watches: Mapping[str, Stopwatch]

    def bench(self, bundle: Bundle, name: str = "", *, aside: bool = False) -> Workbench:
        """Return where the stages of a bundle work; `aside` in a folder of its own.

        Trials of one name must not take each other's files away.
        """
        scratch = Path(tempfile.mkdtemp(dir=self.scratch, prefix="fit-")) if aside else self.scratch
        contents, options = self.trees[bundle.job].contents, self.options
        return Workbench(self.tools, contents, scratch, options.cache, options.jobs, self.watches[name or bundle.name])

    def make(self, bundle: Bundle, layers: list[Result]) -> Result:
        """Return a bundle of the plan."""
        return package_bundle(bundle, self.trees[bundle.job], layers, self.options, self.bench(bundle))

    def fit(self, made: Mapping[str, Result], beneath: Mapping[str, Result]) -> dict[str, list[Result]]:
        """Return name → the bundle, what was made for it before it."""
        from packager.pipeline.fit.apply import fit, over_limits

        found = {name: [result] for name, result in made.items()}
        over = [name for name, result in made.items() if over_limits(result, wanted=self.options.fit)]
        if over:
            cases = [(made[name], self._workshop(made[name], beneath)) for name in over]
            found.update(zip(over, fit(cases), strict=True))
        return found

    def _workshop(self, result: Result, beneath: Mapping[str, Result]) -> Workshop:
        from packager.pipeline.fit.workshop import Workshop

        bundle, scanned = result.bundle, result.scanned
        layers = [beneath[name] for name in bundle.layers]

        def make(other: Bundle, below: Sequence[Result], how: BuildOptions) -> Result:
            return package_bundle(other, scanned, below, how, self.bench(other, bundle.name, aside=True))

        def select(other: Bundle) -> Selection:
            carried = [(layer.bundle, layer.selection) for layer in layers if layer.bundle.name in other.layers]
            return selected(other, scanned, carried, self.bench(other, bundle.name, aside=True))

        return Workshop(
            make=make,
            select=select,
            layers=layers,
            layers_unzipped=layers_unzipped(result, layers),
            taken=frozenset(other.name for other in self.plan.bundles),
            layer_target=self.catalog.layer_of(bundle.target),
            options=self.options,
        )


@contextlib.contextmanager
def selections(
    plan: Plan, catalog: Catalog, tools: Tools, options: BuildOptions, progress: Progress | None = None
) -> Iterator[list[tuple[Bundle, Selection]]]:
    """Run a plan as far as trimming, for ``--why``: nothing is written, judged or delivered."""
    progress = progress or Silent()
    with _trees(plan, catalog, tools, options, progress) as (trees, scratch, _):
        chosen: dict[str, tuple[Bundle, Selection]] = {}
        watches = {bundle.name: Stopwatch(progress) for bundle in plan.bundles}
        run = _Run(plan, catalog, tools, options, trees, scratch, watches)
        for bundle in plan.bundles:
            bench, scanned = run.bench(bundle), trees[bundle.job]
            selection = selected(bundle, scanned, [chosen[name] for name in bundle.layers], bench)
            chosen[bundle.name] = (bundle, compiled_selection(bundle, scanned, selection, bench)[0])
        yield list(chosen.values())


@contextlib.contextmanager
def _trees(
    plan: Plan, catalog: Catalog, tools: Tools, options: BuildOptions, progress: Progress
) -> Iterator[tuple[dict[Job, Scanned], Path, Stopwatch]]:
    """Run every job and scan its tree; yields trees, scratch folder and the seconds spent."""
    with _scratch_folder(keep=options.keep_scratch) as scratch:
        trees: dict[Job, Scanned] = {}
        watch = Stopwatch(progress)
        for index, job in enumerate(plan.jobs):
            folder = scratch / f"job-{index}"
            folder.mkdir()
            tree = tools.builders(job.builder).build(job, folder, watch)
            with watch.step("scan", job.platform.name):
                facts = survey(
                    job.source,
                    catalog,
                    job.language,
                    commands=job.generate,
                    environment=dict(job.environment),
                )
                inventory, graph = stages.scan(scan_inputs(job.engines, facts.clients), tree.root)
                contents = TreeContents(tree.root.resolve(), scratch / "made")
                trees[job] = Scanned(tree, inventory, graph, facts, contents)
        yield trees, scratch, watch


@contextlib.contextmanager
def _scratch_folder(*, keep: bool) -> Iterator[Path]:
    """Make a folder for one run and remove it in the end; a full disk there is a fault of the machine."""
    try:
        scratch = Path(tempfile.mkdtemp(prefix="packager-")).resolve()
    except OSError as error:
        msg = f"no folder for temporary files can be made: {error.strerror or error}"
        raise EnvironmentFault(msg, fix="set TMPDIR to a writable folder with free space") from error
    try:
        yield scratch
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        fix = "free some space, or set TMPDIR to a folder on another disk"
        raise EnvironmentFault("the disk is full", where=str(scratch.parent), fix=fix) from error  # noqa: EM101
    finally:
        if not keep:
            shutil.rmtree(scratch, ignore_errors=True)
