"""``packager audit``: the verdict on any artifact."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from packager.cli.options import budget_option

if TYPE_CHECKING:
    from collections.abc import Iterable

    from packager.model.findings import Finding
    from packager.model.targets import Budget, Target


@click.command()
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--target", default="aws-lambda", show_default=True, metavar="NAME", help="Target that PATH is for.")
@click.option(
    "--runtime", default="", metavar="NAME", help="Runtime, such as nodejs22.x. Default: from the manifest beside PATH."
)
@click.option(
    "--arch", default="", metavar="ARCH", help="Architecture: x86_64 or arm64. Default: from the manifest, else x86_64."
)
@click.option(
    "--layer", "layers", multiple=True, type=click.Path(path_type=Path), help="Layer that PATH uses; may be repeated."
)
@click.option(
    "--handler", default="", metavar="NAME", help="Handler to look for, as FILE.EXPORT. Default: from the manifest."
)
@budget_option
@click.option(
    "--explain",
    metavar="CODE",
    help="Explain a finding code, or all of them, and exit.",
    is_eager=True,
    expose_value=False,
    callback=lambda ctx, _, value: _explain(ctx, value),
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "sarif", "github"]),
    default=None,
    help="Output format. In GitHub Actions, text comes with annotations.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.option("--no-cache", is_flag=True, help="Do not reuse the verdict of an earlier run.")
def audit(path: Path, layers: tuple[Path, ...], form: str | None, as_json: bool, no_cache: bool, **words: Any) -> int:
    """Say whether a zip or folder will load and fit on a target.

    PATH is a zip, a folder or a single binary, made by any tool. Nothing of it is executed. What packager.yaml of the
    current folder accepts (silence) is listed as a note.
    """
    import time

    from packager.audit.silence import silenced
    from packager.audit.verdicts import audit_cached
    from packager.cli.artifacts import manifest_beside, require_file, target_of
    from packager.core.resources import default_cache
    from packager.model.findings import has_errors

    start = time.monotonic()
    for file in (path, *layers):
        require_file(file)
    target = target_of(path, words["target"], words["runtime"], words["arch"])
    findings = audit_cached(
        path,
        layers,
        target,
        cache=None if no_cache else default_cache(),
        budget=_limits(target, words["budget"]),
        handler=words["handler"] or str(manifest_beside(path).get("handler") or ""),
    )
    findings = list(silenced(findings, _accepted(path)))
    _print(path, target, findings, "json" if as_json else form or "", time.monotonic() - start)
    return 1 if has_errors(findings) else 0


def _limits(target: Target, budget: str | None) -> Budget:
    from packager.core.units import parse_size

    return target.budget.of_user(parse_size(budget)) if budget else target.budget


def _accepted(path: Path) -> Iterable[tuple[str, str, str]]:
    """Return what packager.yaml here accepts for an artifact: its bundle's silences, else those all bundles share."""
    from packager.project.loading import CONFIG_NAMES, load_project

    if not any(Path(name).is_file() for name in CONFIG_NAMES):
        return ()
    specs = load_project(Path()).bundles
    name = path.name.removesuffix(".zip")
    own = [spec for spec in specs if name in (spec.name, *(f"{spec.name}-{arch}" for arch in spec.arches))]
    rows = [{(each.code, each.path, each.reason) for each in spec.silence} for spec in own or specs]
    return sorted(set.intersection(*rows)) if rows else ()


def _print(path: Path, target: Target, findings: list[Finding], form: str, seconds: float) -> None:
    import json
    import os

    from packager.audit.output.annotations import annotation
    from packager.model.findings import has_errors

    ok = not has_errors(findings)
    if form == "json":
        document: dict[str, Any] = {
            "version": 1, "ok": ok, "path": str(path), "target": target.name, "runtime": target.runtime,
            "arch": target.arch, "baseline": target.baseline.name, "findings": [f.to_json() for f in findings],
        }  # fmt: skip
        click.echo(json.dumps(document, indent=1))
        return
    if form == "sarif":
        from packager.audit.output.sarif import sarif

        click.echo(json.dumps(sarif(findings), indent=1))
        return
    if form == "github" or (not form and os.environ.get("GITHUB_ACTIONS") == "true"):
        for finding in findings:
            click.echo(annotation(finding))
    if form != "github":
        from packager.cli.console import print_findings, stdout

        print_findings(stdout(), findings)
    from packager.cli.closing import done, failed, finding_counts
    from packager.cli.plain import say

    there = f"{target.title} ({target.baseline.title})"
    if ok:
        say(f"{path}: will load and fit on {there}")
        say(done(seconds, *finding_counts(findings)))
    else:
        say(f"{path}: will not load, or does not fit, on {there}: {', '.join(finding_counts(findings))}")
        say(failed("Audit"))


def _explain(ctx: click.Context, code: str | None) -> None:
    if not code or ctx.resilient_parsing:
        return
    from packager.cli.explain import print_codes

    print_codes(code)
    ctx.exit()
