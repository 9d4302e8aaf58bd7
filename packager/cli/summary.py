"""What a build says in the end: three lines for each bundle, everything with ``-v``, and the closing line."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from packager.cli.closing import done, failed, proof_counts
from packager.cli.console import print_findings, print_row
from packager.core.units import counted, format_bytes, format_seconds, format_share, format_size
from packager.delivery.manifest import notes
from packager.pipeline.fit.messages import plan_lines
from packager.pipeline.weights import with_layers

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from rich.console import Console

    from packager.model.results import Result

_SHORT_DIGITS = 12
"""Of a SHA-256: enough to compare by eye. The manifest beside the zip has all of them."""

_LONGEST_PROOF = 240


def print_summary(
    console: Console, results: list[Result], paths: Mapping[str, Path], seconds: float, *, verbose: bool
) -> None:
    """Print what became of each bundle, its findings, and the closing line; `paths` is empty if nothing was written."""
    for result in results:
        for label, text in (_all_rows if verbose else _rows)(result, results, paths):
            print_row(console, label, text)
        for note in notes(result):
            print_row(console, "note", note)
        print_findings(console, result.findings)
        for line in plan_lines(result.fit) if result.fit else ():
            print_row(console, "fit", line)
    if paths:
        built = counted(len(results), "bundle") + " built"
        print_row(console, "", done(seconds, built, *proof_counts(result.proof for result in results)))
    else:
        print_row(console, "", failed("Build", "No files were written."))


def _rows(result: Result, results: list[Result], paths: Mapping[str, Path]) -> list[tuple[str, str]]:
    """Return (label, text) of what every user looks for."""
    artifact, bundle = result.artifact, result.bundle
    total, limit = with_layers(result, results), bundle.budget.unzipped_with_layers or bundle.budget.unzipped
    unzipped = "unzipped" if total == artifact.unzipped_bytes else "unzipped with layers"
    left_out = sum(result.selection.savings().values())
    sizes = [
        f"{format_size(artifact.zipped_bytes)} zipped{_share(artifact.zipped_bytes, bundle.budget.zipped)}",
        f"{format_size(total)} {unzipped}{_share(total, limit)}",
        *([f"{format_size(left_out)} left out"] if left_out else []),
    ]
    digest = f"sha256 {artifact.sha256[:_SHORT_DIGITS]}…"
    return [
        ("", f"{_shown(result, paths)}: {bundle.target.title}, {digest}"),
        ("size", ", ".join(sizes)),
        ("proof", textwrap.shorten(_proof(result), _LONGEST_PROOF, placeholder=" … (all with -v)")),
    ]


def _all_rows(result: Result, results: list[Result], paths: Mapping[str, Path]) -> list[tuple[str, str]]:
    """Return (label, text) of everything that is known, for ``-v``."""
    artifact, bundle = result.artifact, result.bundle
    limit = bundle.budget.unzipped_with_layers or bundle.budget.unzipped
    total = with_layers(result, results)
    layered = total != artifact.unzipped_bytes
    left_out = sum(result.selection.savings().values())
    stripped = sum(result.stripped.values())
    symbols = f"{format_size(stripped)} of symbols from {counted(len(result.stripped), 'file')}"
    dropped = f" ({format_size(left_out)})" if left_out else ""
    rows = [
        ("", _shown(result, paths)),
        ("for", bundle.target.title),
        ("zipped", _exact(artifact.zipped_bytes, bundle.budget.zipped)),
        ("unzipped", _exact(artifact.unzipped_bytes, None if layered else limit)),
        ("with layers", _exact(total, limit) if layered else ""),
        ("kept", counted(len(result.selection.kept), "file")),
        ("dropped", counted(len(result.selection.dropped), "file") + dropped),
        ("stripped", symbols if stripped else ""),
        ("compiled", result.compiled.summary() if result.compiled else ""),
        ("sha256", artifact.sha256),
        ("proof", _proof(result)),
        ("seconds", ", ".join(f"{step} {format_seconds(spent)}" for step, spent in result.seconds.items())),
    ]
    return [(label, text) for label, text in rows if text]


def _shown(result: Result, paths: Mapping[str, Path]) -> str:
    path = paths.get(result.bundle.name)
    return str(path) if path else f"{result.bundle.name}.zip (not written)"


def _proof(result: Result) -> str:
    """Return what was proved; a layer may name a hundred packages."""
    proof = result.proof
    if proof.status == "failed" and result.findings:
        return "failed: see the findings below"
    return proof.detail if proof.status == "skipped" else f"{proof.status}: {proof.detail}"


def _share(size: int, limit: int | None) -> str:
    return f" ({format_share(size, limit)} of {format_size(limit)})" if limit else ""


def _exact(size: int, limit: int | None) -> str:
    share = f", {format_share(size, limit)} of {format_size(limit)}" if limit else ""
    return f"{format_size(size)} ({format_bytes(size)}){share}"
