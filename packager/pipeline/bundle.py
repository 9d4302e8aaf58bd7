"""One bundle from its job's tree: traced, trimmed, stripped, placed, written, audited, proved; repaired if need be."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING

from packager.audit.binaries.uncompiled import check_uncompiled
from packager.audit.silence import silenced
from packager.core.errors import ArtifactError
from packager.model.findings import Finding, has_errors
from packager.model.proof import Proof
from packager.model.results import Result
from packager.model.stages import AuditInputs, PlaceInputs, WriteInputs
from packager.pipeline import stages
from packager.pipeline.inputs import (
    compile_inputs,
    layers_beneath,
    prove_inputs,
    strip_inputs,
    trace_inputs,
    trim_inputs,
)
from packager.pipeline.repair import mended, report, unproved

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from packager.model.bytecode import Compiled
    from packager.model.contents import Contents
    from packager.model.options import BuildOptions
    from packager.model.plan import Bundle
    from packager.model.results import Placed, Scanned, Stripped
    from packager.model.selection import Selection
    from packager.model.tools import Workbench
    from packager.model.tracing import View
    from packager.pipeline.repair import Pinned


def package_bundle(
    bundle: Bundle, scanned: Scanned, layers: Sequence[Result], options: BuildOptions, bench: Workbench
) -> Result:
    """Return one bundle made from its job's tree, judged together with the layers beneath it.

    What its proof misses of what was left out is kept, and the bundle made again.
    """

    def make(pinned: Mapping[str, Pinned]) -> Result:
        return _make_once(bundle, scanned, layers, options, bench, pinned)

    return mended(make)


def selected(
    bundle: Bundle, scanned: Scanned, layers: Sequence[tuple[Bundle, Selection]], bench: Workbench
) -> Selection:
    """Return the verdict on every file of the tree, as far as trimming: nothing is made."""
    beneath = layers_beneath(bundle, layers)
    view = stages.trace(trace_inputs(bundle, scanned, beneath), bench)
    return stages.trim(trim_inputs(_renamed(bundle, view), scanned, beneath, view), bench)


def compiled_selection(
    bundle: Bundle, scanned: Scanned, selection: Selection, bench: Workbench
) -> tuple[Selection, Compiled | None]:
    """Return the selection with the bytecode of its modules, where the bundle asks for that."""
    inputs = compile_inputs(bundle, selection)
    if inputs is None:
        return selection, None
    compiled = stages.compile_modules(inputs, scanned.tree, bench)
    return compiled.selection, compiled


def _make_once(
    bundle: Bundle,
    scanned: Scanned,
    layers: Sequence[Result],
    options: BuildOptions,
    bench: Workbench,
    pinned: Mapping[str, Pinned],
) -> Result:
    """Return one bundle in which `pinned` files and packages are kept, whatever the trim levels say."""
    carried = [(layer.bundle, layer.selection) for layer in layers]
    reasons = {path: str(why) for path, why in pinned.items()}
    beneath = layers_beneath(bundle, carried)
    view = stages.trace(trace_inputs(bundle, scanned, beneath, reasons), bench)
    bundle = _renamed(bundle, view)
    with bench.watch.step("trim", bundle.name):
        selection = stages.trim(trim_inputs(bundle, scanned, beneath, view, reasons), bench)
        stripped = stages.strip(strip_inputs(bundle, selection), bench)
    selection, compiled = compiled_selection(bundle, scanned, selection, bench)
    placed = stages.place(PlaceInputs(bundle.name, bundle.kind, bundle.target, bundle.entries, selection.kept))
    archive = bench.scratch / f"{bundle.name}.zip"
    with bench.watch.step("write", bundle.name):
        artifact = stages.write(
            WriteInputs(_entries(bundle, placed, stripped, bench.contents), options.level), archive, bench
        )
    result = Result(
        bundle=bundle,
        scanned=scanned,
        selection=selection,
        placed=placed,
        artifact=artifact,
        stripped=stripped.saved,
        compiled=compiled,
        findings=(),
        proof=Proof("skipped", "", "", ""),
        maps=view.maps,
        seconds=bench.watch.seconds,
    )
    return _judged(result, layers, options, bench, pinned)


def _judged(
    result: Result,
    layers: Sequence[Result],
    options: BuildOptions,
    bench: Workbench,
    pinned: Mapping[str, Pinned],
) -> Result:
    """Return the bundle with what audit and proof say of it.

    In this order: what is accepted says no to nothing, so it is silenced before the audit's errors are counted;
    then the proof; then what the proof found.
    """
    bundle, archive = result.bundle, result.artifact.path
    paths = [*(layer.artifact.path for layer in layers), *bundle.layer_files]
    digests = [*(layer.artifact.sha256 for layer in layers), *(_sha256(path) for path in bundle.layer_files)]
    shown = f"{options.out.name}/{bundle.name}.zip"
    findings = [*silenced(_audit(result, digests, paths, shown, bench), bundle.silence)]
    if options.prove == "skip":
        proof = Proof("skipped", "", "", "audited, not proved: --no-prove")
    elif has_errors(findings):
        proof = Proof("skipped", "", "", "audited, not proved: the audit already says no")
    else:
        inputs = prove_inputs(bundle, result.selection, result.artifact.sha256, digests, options.prove_image)
        with bench.watch.step("prove", bundle.name):
            proof = stages.prove(inputs, archive, paths, bench)
    findings += silenced(report(pinned, shown), bundle.silence)
    proved = [*silenced((each.at(shown) if each.subject else each for each in proof.findings), bundle.silence)]
    findings += silenced(unproved(bundle, proof, [*findings, *proved], shown), bundle.silence)
    findings += proved
    if options.prove == "require" and proof.status == "skipped":
        fix = "provide what the proof needs, or remove --require-proof"
        findings += silenced([Finding("RUN000", "error", shown, proof.detail, fix=fix)], bundle.silence)
    return replace(result, findings=tuple(findings), proof=proof)


def _audit(
    result: Result, digests: Sequence[str], paths: Sequence[Path], shown: str, bench: Workbench
) -> list[Finding]:
    bundle, scanned = result.bundle, result.scanned
    inputs = AuditInputs(
        artifact=result.artifact.sha256,
        layers=tuple(digests),
        target=bundle.target,
        budget=bundle.budget,
        name=shown,
        environment=bundle.environment,
        handler=bundle.handler,
    )
    with bench.watch.step("audit", bundle.name):
        findings = stages.audit(inputs, result.artifact.path, paths)
        return findings + check_uncompiled(scanned.inventory, scanned.graph, result.selection, bundle.target, shown)


def _renamed(bundle: Bundle, view: View) -> Bundle:
    """Return the bundle with its entries as they are called once they are bundled."""
    return replace(bundle, entries=tuple(view.renamed.get(entry, entry) for entry in bundle.entries))


def _entries(
    bundle: Bundle, placed: Sequence[Placed], stripped: Stripped, contents: Contents
) -> tuple[tuple[str, str], ...]:
    """Return (name, source) of everything to write; raises ArtifactError where that is nothing."""
    if not placed:
        msg = "nothing is left to pack"
        fix = f"see why: packager build --why . --bundle {bundle.name}"
        raise ArtifactError(msg, where=f"bundle {bundle.name}", fix=fix)
    return tuple(
        (item.path, stripped.source(item.choice.file) if item.content is None else contents.keep(item.content))
        for item in placed
    )


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while piece := stream.read(1 << 20):
            digest.update(piece)
    return digest.hexdigest()
