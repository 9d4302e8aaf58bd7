"""One bundle from its job's tree: seen, trimmed, stripped, laid out, written, audited, proved; mended if it must be."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from packager.archive.cache import open_cache
from packager.archive.layout import make_layout
from packager.archive.writer import write
from packager.audit.judge import audit_archive
from packager.audit.silence import silenced
from packager.audit.uncompiled import check_uncompiled
from packager.core.errors import ArtifactError
from packager.hosts.registry import lay_out
from packager.making.choosing import compile_selected, see, select_files
from packager.making.mending import mended, report, unproved
from packager.making.stripping import strip_kept
from packager.model.findings import Finding, has_errors
from packager.model.proof import Proof
from packager.model.results import Result, Scanned

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from packager.core.progress import Stopwatch
    from packager.host import Host
    from packager.making.mending import Spared
    from packager.model.options import Options
    from packager.model.plan import Bundle


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
