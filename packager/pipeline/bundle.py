"""One bundle from its job's tree: traced, trimmed, stripped, placed, written, audited, proved; repaired if need be."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING

from packager.audit.binaries.uncompiled import check_uncompiled
from packager.audit.silence import silenced
from packager.core.errors import ArtifactError
from packager.model.findings import Finding, has_errors
from packager.model.plan import TRACED
from packager.model.proof import Proof
from packager.model.results import Result
from packager.model.stages import AuditInputs, PlaceInputs, ProveInputs, WriteInputs
from packager.pipeline import stages
from packager.pipeline.inputs import (
    compile_inputs,
    each_start,
    layers_beneath,
    prove_inputs,
    strip_inputs,
    trace_inputs,
    trim_inputs,
)
from packager.pipeline.module_types import module_types
from packager.pipeline.own_code import own_code_lacks
from packager.pipeline.repair import JOINED, mended, report, told, unproved
from packager.prove.judging.together import together

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
    reasons = {path: str(why) for path, why in pinned.items() if why.rule != JOINED}
    apart = frozenset(path for path, why in pinned.items() if why.rule == JOINED)
    beneath = layers_beneath(bundle, carried)
    traced = replace(trace_inputs(bundle, scanned, beneath, reasons), apart=apart)
    view = stages.trace(traced, bench)
    bundle = _renamed(bundle, view)
    with bench.watch.step("trim", bundle.name):
        selection = stages.trim(trim_inputs(bundle, scanned, beneath, view, reasons), bench)
        stripped = stages.strip(strip_inputs(bundle, selection), bench)
    selection, compiled = compiled_selection(bundle, scanned, selection, bench)
    types = module_types(selection.kept, bench.contents)
    placed = stages.place(
        PlaceInputs(bundle.name, bundle.kind, bundle.target, bundle.entries, selection.kept, types=types)
    )
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
        findings=tuple(told(view, bundle.target, f"{options.out.name}/{bundle.name}.zip")),
        proof=Proof("skipped", "", "", ""),
        maps=view.maps,
        seconds=bench.watch.seconds,
    )
    lacks, named = own_code_lacks(result, traced, view, layers, f"{options.out.name}/{bundle.name}.zip")
    result = replace(result, proof=replace(result.proof, named=named))
    return _judged(result, layers, options, bench, pinned, lacks)


def _judged(
    result: Result,
    layers: Sequence[Result],
    options: BuildOptions,
    bench: Workbench,
    pinned: Mapping[str, Pinned],
    lacks: Sequence[Finding],
) -> Result:
    """Return the bundle with what audit and proof say of it, and what its own code lacks.

    In this order: what is accepted says no to nothing, so it is silenced before the audit's errors are counted;
    then the proof; then what the proof found.
    """
    bundle, archive = result.bundle, result.artifact.path
    paths = [*(layer.artifact.path for layer in layers), *bundle.layer_files]
    digests = [*(layer.artifact.sha256 for layer in layers), *(_sha256(path) for path in bundle.layer_files)]
    shown = f"{options.out.name}/{bundle.name}.zip"
    findings = [*silenced([*result.findings, *_audit(result, digests, paths, shown, bench)], bundle.silence)]
    if options.prove == "skip":
        proof = Proof("skipped", "", "", "audited, not proved: --no-prove")
    elif has_errors(findings):
        proof = Proof("skipped", "", "", "audited, not proved: the audit already says no")
    else:
        inputs = prove_inputs(bundle, result.selection, result.artifact.sha256, digests, options.prove_image)
        with bench.watch.step("prove", bundle.name):
            proof = together(
                {_called(each): stages.prove(each, archive, paths, bench) for each in each_start(bundle, inputs)}
            )
        proof = _loaded_only(proof, bundle)
    findings += silenced(_not_seen(lacks, proof), bundle.silence)
    findings += silenced(report(pinned, shown), bundle.silence)
    proved = [*silenced((each.at(shown) if each.subject else each for each in proof.findings), bundle.silence)]
    findings += silenced(unproved(bundle, proof, [*findings, *proved], shown), bundle.silence)
    findings += proved
    if options.prove == "require" and proof.status == "skipped":
        fix = "provide what the proof needs, or remove --require-proof"
        findings += silenced([Finding("RUN000", "error", shown, proof.detail, fix=fix)], bundle.silence)
    return replace(result, findings=tuple(findings), proof=replace(proof, named=result.proof.named))


def _loaded_only(proof: Proof, bundle: Bundle) -> Proof:
    """Return the proof; where only what code seems to reach is packed and nothing called it, saying so."""
    if proof.status != "proved" or bundle.trim not in TRACED or bundle.proof.events:
        return proof
    return replace(proof, detail=proof.detail.replace("loaded ", "loaded, not called: ", 1))


def _called(start: ProveInputs) -> str:
    """Return what a proof's detail calls one start: the handler, and the event if there is one."""
    return f"{start.handler} with {start.event.name}" if start.event else start.handler


def _not_seen(lacks: Sequence[Finding], proof: Proof) -> list[Finding]:
    """Return what own code lacks, less what a failed proof has met already."""
    met = {repr(wanted.what) for wanted in proof.wanted} if proof.status == "failed" else set()
    return [finding for finding in lacks if not any(name in finding.message for name in met)]


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
        maps=_maps_of(result),
    )
    with bench.watch.step("audit", bundle.name):
        findings = stages.audit(inputs, result.artifact.path, paths, bench.contents)
        return findings + check_uncompiled(scanned.inventory, scanned.graph, result.selection, bundle.target, shown)


def _maps_of(result: Result) -> dict[str, str]:
    """Return name in the archive → source of its source map, of the code that was joined."""
    found = {item.path: result.maps.get(f"{item.choice.file.path}.map") for item in result.placed if not item.content}
    return {path: source for path, source in found.items() if source}


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
