"""The story: plan → trees → per bundle scan, trim, strip, lay out, write, audit, prove → results."""

from __future__ import annotations

import contextlib
import errno
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from packager.delivery.manifest import layers_unzipped
from packager.errors import EnvironmentFault
from packager.inventory.tree import scan_tree
from packager.making import Result, Scanned, package_bundle, see, select_files
from packager.mending import demand_proofs
from packager.progress import Progress, Silent, Stopwatch
from packager.project.survey import survey

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from packager.catalog import Catalog
    from packager.host import Host, Options
    from packager.plan import Bundle, Job, Plan
    from packager.trim import Selection


__all__ = ["Result", "Scanned", "package", "selections"]


@contextlib.contextmanager
def package(
    plan: Plan, catalog: Catalog, host: Host, options: Options, progress: Progress | None = None
) -> Iterator[list[Result]]:
    """Run a plan and yield its results, in the order of the plan. Their files last as long as the context.

    Raises PackagerError for whatever stops the run. Findings do not: they are in the results.
    """
    progress = progress or Silent()
    demand_proofs(plan, options)
    with _trees(plan, catalog, host, options, progress) as (trees, scratch, shared):
        results: dict[str, Result] = {}
        for bundle in plan.bundles:
            layers = [results[name] for name in bundle.layers]
            watch = Stopwatch(progress)
            taken = frozenset(other.name for other in plan.bundles)
            made = _within_limits(bundle, trees[bundle.job], layers, taken, catalog, host, options, scratch, watch)
            for result in made:
                results[result.bundle.name] = replace(result, seconds={**shared.seconds, **watch.seconds})
        yield list(results.values())


def _within_limits(
    bundle: Bundle,
    scanned: Scanned,
    layers: list[Result],
    taken: frozenset[str],
    catalog: Catalog,
    host: Host,
    options: Options,
    scratch: Path,
    watch: Stopwatch,
) -> list[Result]:
    """Return the bundle, with a plan if it is over its limits; with ``--fit`` as it fits, its new layers before it."""
    result = package_bundle(bundle, scanned, layers, host, options, scratch, watch)
    from packager.fit.apply import Workshop, fit, over_limits

    if not over_limits(result, wanted=options.fit):
        return [result]

    def make(other: Bundle, beneath: Sequence[Result], how: Options) -> Result:
        # Trials of one name must not take each other's files away.
        folder = Path(tempfile.mkdtemp(dir=scratch, prefix="fit-"))
        return package_bundle(other, scanned, list(beneath), host, how, folder, watch)

    def select(other: Bundle) -> Selection:
        folder = Path(tempfile.mkdtemp(dir=scratch, prefix="fit-"))
        carried = [(layer.bundle, layer.selection) for layer in layers]
        seen = see(other, scanned, carried, host, options, folder, watch, {})
        return select_files(other, scanned, carried, seen)

    workshop = Workshop(
        make=make,
        select=select,
        layers=layers,
        layers_unzipped=layers_unzipped(result, layers),
        taken=taken,
        layer_target=catalog.layer_of(bundle.target),
        options=options,
    )
    return fit(result, workshop)


@contextlib.contextmanager
def selections(
    plan: Plan, catalog: Catalog, host: Host, options: Options, progress: Progress | None = None
) -> Iterator[list[tuple[Bundle, Selection]]]:
    """Run a plan as far as trimming, for ``--why``: nothing is written, judged or delivered."""
    progress = progress or Silent()
    with _trees(plan, catalog, host, options, progress) as (trees, scratch, _):
        chosen: dict[str, tuple[Bundle, Selection]] = {}
        for bundle in plan.bundles:
            layers = [chosen[name] for name in bundle.layers]
            scanned = trees[bundle.job]
            seen = see(bundle, scanned, layers, host, options, scratch, Stopwatch(progress), {})
            chosen[bundle.name] = (bundle, select_files(bundle, scanned, layers, seen))
        yield list(chosen.values())


@contextlib.contextmanager
def _trees(
    plan: Plan, catalog: Catalog, host: Host, options: Options, progress: Progress
) -> Iterator[tuple[dict[Job, Scanned], Path, Stopwatch]]:
    """Run every job and scan its tree; yields trees, scratch folder and the seconds spent."""
    with _scratch_folder(keep=options.keep_scratch) as scratch:
        trees: dict[Job, Scanned] = {}
        watch = Stopwatch(progress)
        for index, job in enumerate(plan.jobs):
            folder = scratch / f"job-{index}"
            folder.mkdir()
            tree = host.builder(job.builder).build(job, folder, watch)
            with watch.step("scan", job.platform.name):
                facts = survey(
                    job.source,
                    catalog,
                    job.language,
                    commands=job.generate,
                    environment=dict(job.environment),
                )
                companions = {name: needs for engine in job.engines for name, needs in engine.companions}
                generated = [client.folder for client in facts.clients]
                trees[job] = Scanned(tree, *scan_tree(tree.root, companions, generated), facts)
        yield trees, scratch, watch


@contextlib.contextmanager
def _scratch_folder(*, keep: bool) -> Iterator[Path]:
    """Make a folder for one run and remove it in the end; a full disk there is a fault of the machine."""
    try:
        scratch = Path(tempfile.mkdtemp(prefix="packager-")).resolve()
    except OSError as error:
        msg = f"no folder for temporary files can be made: {error.strerror or error}"
        raise EnvironmentFault(msg, fix="let TMPDIR name a folder you can write to, with space left") from error
    try:
        yield scratch
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        fix = "free some space, or let TMPDIR name another disk"
        raise EnvironmentFault("the disk is full", where=str(scratch.parent), fix=fix) from error  # noqa: EM101
    finally:
        if not keep:
            shutil.rmtree(scratch, ignore_errors=True)
