"""The story: plan → trees → per bundle scan, trim, strip, lay out, write, audit, prove → results → deliver."""

from __future__ import annotations

import contextlib
import errno
import shutil
import tempfile
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from packager.archive.cache import open_cache
from packager.archive.layout import make_layout
from packager.archive.writer import write
from packager.audit import Finding, has_errors
from packager.audit.judge import audit_archive
from packager.audit.silence import silenced
from packager.audit.uncompiled import check_uncompiled
from packager.engines.targets import for_targets
from packager.errors import ArtifactError, EnvironmentFault
from packager.inventory.tree import scan_tree
from packager.layering import provided_by
from packager.manifest import layers_unzipped
from packager.mending import demand_proofs, mended, report, unproved
from packager.plan import TRACED
from packager.progress import Progress, Silent, Stopwatch
from packager.prove import Proof
from packager.providers import Placed, lay_out
from packager.stripping import strip_kept
from packager.survey import survey
from packager.tracing import Tools, View, view
from packager.trim.named import trim_unnamed
from packager.trim.rules import Circumstances

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from packager.archive import Artifact
    from packager.catalog import Catalog
    from packager.fit import FitPlan
    from packager.generate import Tree
    from packager.host import Host, Options
    from packager.inventory import Inventory
    from packager.inventory.packages import PackageGraph
    from packager.mending import Spared
    from packager.plan import Bundle, Job, Plan
    from packager.survey import Survey
    from packager.trim import Selection


@dataclass(frozen=True)
class Scanned:
    """A tree and what is in it."""

    tree: Tree
    inventory: Inventory
    graph: PackageGraph
    survey: Survey


@dataclass(frozen=True)
class Result:
    """One bundle, made and judged. Its artifact lies in scratch until it is delivered."""

    bundle: Bundle
    scanned: Scanned
    selection: Selection
    placed: tuple[Placed, ...]
    artifact: Artifact
    stripped: Mapping[str, int]
    """Path in the tree → bytes its symbols took."""
    findings: tuple[Finding, ...]
    proof: Proof
    fit: FitPlan | None = None
    """What would bring it under its limits, or has; None if it was not over them."""
    maps: Mapping[str, Path] = field(default_factory=dict)
    """Source maps of bundled code, delivered beside the artifact: ``src/handler.js.map`` → file in scratch."""
    seconds: Mapping[str, float] = field(default_factory=dict, compare=False)

    @property
    def ok(self) -> bool:
        """Return whether nothing says no."""
        return not has_errors(self.findings)


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
        seen = _view(other, scanned, host, options, folder, watch, {})
        return select_files(other, scanned, [(layer.bundle, layer.selection) for layer in layers], seen)

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


def package_bundle(
    bundle: Bundle,
    scanned: Scanned,
    layers: list[Result],
    host: Host,
    options: Options,
    scratch: Path,
    watch: Stopwatch,
) -> Result:
    """Return one bundle made from its job's tree, judged together with the layers beneath it.

    What its proof misses of what was left out is kept, and the bundle made again.
    """

    def make(spared: Mapping[str, Spared]) -> Result:
        return _make_once(bundle, scanned, layers, host, options, scratch, watch, spared)

    return mended(make)


def _make_once(
    bundle: Bundle,
    scanned: Scanned,
    layers: list[Result],
    host: Host,
    options: Options,
    scratch: Path,
    watch: Stopwatch,
    spared: Mapping[str, Spared],
) -> Result:
    """Return one bundle in which `spared` files and packages are kept, whatever the trim levels say."""
    layer_paths = [*(layer.artifact.path for layer in layers), *bundle.layer_files]
    seen = _view(bundle, scanned, host, options, scratch, watch, spared)
    with watch.step("trim", bundle.name):
        carried = [(layer.bundle, layer.selection) for layer in layers]
        selection = select_files(bundle, scanned, carried, seen, spared)
        stripped = strip_kept(selection, bundle, scratch / f"stripped-{bundle.name}")
        placed = lay_out(bundle, selection.kept)
    if not placed:
        msg = "nothing is left to pack"
        fix = f"see why: packager build --why . --bundle {bundle.name}"
        raise ArtifactError(msg, where=f"bundle {bundle.name}", fix=fix)
    with watch.step("write", bundle.name):
        entries = [
            (item.path, stripped.source(item.choice.file) if item.content is None else item.content) for item in placed
        ]
        artifact = write(
            make_layout(entries),
            scratch / f"{bundle.name}.zip",
            level=options.level,
            jobs=options.jobs,
            cache=open_cache(options.cache),
        )
    shown = f"{options.out.name}/{bundle.name}.zip"
    with watch.step("audit", bundle.name):
        findings = audit_archive(
            artifact.path,
            layer_paths,
            bundle.target,
            budget=bundle.budget,
            name=shown,
            environment=bundle.environment,
            handler=bundle.handler,
        )
        findings += check_uncompiled(scanned.inventory, scanned.graph, selection, bundle.target, shown)
    if options.prove == "skip":
        proof = Proof("skipped", "", "", "audited, not proved: --no-prove")
    elif has_errors(findings):
        proof = Proof("skipped", "", "", "audited, not proved: the audit already says no")
    else:
        with watch.step("prove", bundle.name):
            proof = host.prover(bundle, selection, artifact.path, layer_paths, options)
    findings += [*report(spared, shown), *unproved(bundle, proof, findings, shown)]
    findings = [*findings, *(finding.at(shown) if finding.subject else finding for finding in proof.findings)]
    if options.prove == "require" and proof.status == "skipped":
        findings.append(
            Finding("RUN000", "error", shown, proof.detail, fix="give what the proof lacks, or drop --require-proof")
        )
    return Result(
        bundle=bundle,
        scanned=scanned,
        selection=selection,
        placed=tuple(placed),
        artifact=artifact,
        stripped=stripped.saved,
        findings=tuple(silenced(findings, bundle.silence)),
        proof=proof,
        maps=seen.maps,
        seconds=watch.seconds,
    )


def _view(
    bundle: Bundle,
    scanned: Scanned,
    host: Host,
    options: Options,
    scratch: Path,
    watch: Stopwatch,
    spared: Mapping[str, Spared],
) -> View:
    """Return the tree as the bundle sees it: traced or bundled where it asks for that."""
    if bundle.trim not in TRACED:
        return View(scanned.inventory)
    tools = Tools(host.tracer, host.bundler, options.cache, scratch / f"traced-{bundle.name}")
    clients = for_targets(scanned.survey.clients, bundle.job.binary_targets)
    with watch.step(bundle.trim, bundle.name):
        return view(bundle, scanned.tree.root, scanned.inventory, scanned.graph, clients, tools, spared)


def select_files(
    bundle: Bundle,
    scanned: Scanned,
    layers: Sequence[tuple[Bundle, Selection]],
    seen: View | None = None,
    spared: Mapping[str, Spared] | None = None,
) -> Selection:
    """Return the verdict on every file of the tree; what the layers carry is left out.

    Without a view nothing counts as traced.
    """
    from packager.generate.source import PYTHON_PACKAGES_DIR

    seen = seen or View(scanned.inventory)
    circumstances = Circumstances(
        graph=scanned.graph,
        clients=for_targets(scanned.survey.clients, bundle.job.binary_targets),
        python_packages=PYTHON_PACKAGES_DIR,
        traced=seen.reached,
        inlined=seen.inlined,
        spared={path: str(why) for path, why in (spared or {}).items()},
    )
    selection = trim_unnamed(seen.inventory, bundle, circumstances)
    if not layers:
        return selection
    carried = [(layer.name, chosen, layer.job == bundle.job) for layer, chosen in layers]
    packages, files = provided_by(selection, carried, bundle)
    return trim_unnamed(seen.inventory, bundle, replace(circumstances, provided=packages, provided_files=files))


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
            seen = _view(bundle, scanned, host, options, scratch, Stopwatch(progress), {})
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


def deliver(results: list[Result], out: Path, *, sbom: bool = False) -> dict[str, Path]:
    """Put artifacts and manifests into the output folder, each complete or not at all; returns bundle → zip.

    Hosts whose own tool deploys from a folder get that folder, too; with `sbom`, each bundle gets its bill of
    materials. Raises EnvironmentFault where the output folder cannot be written, ConfigError for a host's
    configuration that cannot be merged or was edited there.
    """
    from packager.delivery import place_files
    from packager.manifest import manifest_text
    from packager.outputs import MAPS_SUFFIX, SBOM_SUFFIX
    from packager.shipping import deliver_shipments, shipments_of

    shipments = shipments_of(results)
    files: dict[str, Path | str] = {}
    for result in results:
        files[f"{result.bundle.name}.zip"] = result.artifact.path
        files[f"{result.bundle.name}.manifest.json"] = manifest_text(result, results)
        if sbom:
            files[f"{result.bundle.name}{SBOM_SUFFIX}"] = _bill_of_materials(result)
        files.update({f"{result.bundle.name}{MAPS_SUFFIX}/{path}": file for path, file in result.maps.items()})
    deliver_shipments(results, shipments, out)
    place_files(files, out)
    return {result.bundle.name: out / f"{result.bundle.name}.zip" for result in results}


def _bill_of_materials(result: Result) -> str:
    from packager.sbom.cyclonedx import cyclonedx_text
    from packager.sbom.locked import lock_integrity
    from packager.sbom.reading import read_materials

    job = result.bundle.job
    integrity = lock_integrity(job.source / job.lock_file) if job.lock_file else {}
    inlined = {
        choice.file.package.path: choice.file.package
        for choice in result.selection.dropped
        if choice.rule == "bundled" and choice.file.package and choice.file.package.path
    }
    root = result.scanned.tree.root
    joined = [(package, root / folder) for folder, package in sorted(inlined.items())]
    return cyclonedx_text(read_materials(result.artifact.path, result.bundle.name, integrity, joined))
