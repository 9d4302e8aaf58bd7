"""One bundle from its job's tree: seen, trimmed, stripped, laid out, written, audited, proved; mended if it must be."""

from __future__ import annotations

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
from packager.errors import ArtifactError
from packager.layering import provided_by
from packager.mending import mended, report, unproved
from packager.plan import TRACED
from packager.prove import Proof
from packager.providers import PROVIDERS, Placed, lay_out
from packager.stripping import strip_kept
from packager.tracing import Tools, View, view
from packager.trim.named import trim_unnamed
from packager.trim.rules import Circumstances

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from packager.archive import Artifact
    from packager.compiling.kept import Compiled
    from packager.fit import FitPlan
    from packager.generate import Tree
    from packager.host import Host, Options
    from packager.inventory import Inventory
    from packager.inventory.packages import PackageGraph
    from packager.mending import Spared
    from packager.plan import Bundle
    from packager.progress import Stopwatch
    from packager.project.survey import Survey
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
    compiled: Compiled | None = None
    """Its modules' bytecode; None where none was asked for."""
    fit: FitPlan | None = None
    """What would bring it under its limits, or has; None if it was not over them."""
    maps: Mapping[str, Path] = field(default_factory=dict)
    """Source maps of bundled code, delivered beside the artifact: ``src/handler.js.map`` → file in scratch."""
    seconds: Mapping[str, float] = field(default_factory=dict, compare=False)

    @property
    def ok(self) -> bool:
        """Return whether nothing says no."""
        return not has_errors(self.findings)


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
    carried = [(layer.bundle, layer.selection) for layer in layers]
    seen = see(bundle, scanned, carried, host, options, scratch, watch, spared)
    bundle = replace(bundle, entries=tuple(seen.renamed.get(entry, entry) for entry in bundle.entries))
    with watch.step("trim", bundle.name):
        selection = select_files(bundle, scanned, carried, seen, spared)
        stripped = strip_kept(selection, bundle, scratch / f"stripped-{bundle.name}")
    compiled = compile_selected(bundle, scanned, selection, host, options, scratch, watch)
    if compiled is not None:
        selection = compiled.selection
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
        compiled=compiled,
        findings=tuple(silenced(findings, bundle.silence)),
        proof=proof,
        maps=seen.maps,
        seconds=watch.seconds,
    )


def compile_selected(
    bundle: Bundle,
    scanned: Scanned,
    selection: Selection,
    host: Host,
    options: Options,
    scratch: Path,
    watch: Stopwatch,
) -> Compiled | None:
    """Return the selection with the bytecode of its modules; None where the bundle does not ask for it."""
    if not bundle.compile:
        return None
    from packager.compiling.kept import compile_kept

    def place(path: str) -> str:
        return PROVIDERS[bundle.target.provider].place(bundle, path)

    folder = Path(tempfile.mkdtemp(dir=scratch, prefix=f"compiled-{bundle.name}-"))
    with watch.step("compile", bundle.name):
        return compile_kept(selection, bundle, scanned.tree, place, host.python, options.cache, folder)


def see(
    bundle: Bundle,
    scanned: Scanned,
    layers: Sequence[tuple[Bundle, Selection]],
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
    same_tree = [chosen for layer, chosen in layers if layer.job == bundle.job]
    beneath = {choice.file.package.path for chosen in same_tree for choice in chosen.kept if choice.file.package}
    with watch.step(bundle.trim, bundle.name):
        return view(bundle, scanned.tree.root, scanned.inventory, scanned.graph, clients, tools, spared, beneath)


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
