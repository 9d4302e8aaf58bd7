"""``packager audit``: the verdict on anybody's artifact."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from packager.cli.options import budget_option


@click.command()
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--target", default="aws-lambda", show_default=True, metavar="NAME", help="Where it should run.")
@click.option("--runtime", default="", metavar="NAME", help="Such as nodejs22.x; default: from the manifest beside it.")
@click.option("--arch", default="", metavar="ARCH", help="x86_64 or arm64; default: from the manifest, else x86_64.")
@click.option(
    "--layer", "layers", multiple=True, type=click.Path(path_type=Path), help="A layer beneath it; repeatable."
)
@budget_option
@click.option(
    "--explain",
    metavar="CODE",
    help="Explain a finding code and stop.",
    is_eager=True,
    expose_value=False,
    callback=lambda ctx, _, value: _explain(ctx, value),
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def audit(path: Path, layers: tuple[Path, ...], budget: str | None, as_json: bool, **words: str) -> int:
    """Say whether a zip or folder will load and fit on a target.

    PATH is a zip, a folder or a single binary, whoever made it. Nothing of it is executed.
    """
    from dataclasses import replace

    from packager.audit import has_errors
    from packager.audit.judge import audit_archive
    from packager.cli.artifacts import require_file, target_of
    from packager.units import parse_size

    require_file(path)
    for layer in layers:
        require_file(layer)
    target = target_of(path, words["target"], words["runtime"], words["arch"])
    limits = target.budget
    if budget:
        limits = replace(limits, zipped=parse_size(budget), zipped_by_user=True)
    findings = audit_archive(path, layers, target, budget=limits)
    ok = not has_errors(findings)
    if as_json:
        import json

        document: dict[str, Any] = {
            "version": 1, "ok": ok, "path": str(path), "target": target.name, "runtime": target.runtime,
            "arch": target.arch, "baseline": target.baseline.name, "findings": [f.to_json() for f in findings],
        }  # fmt: skip
        click.echo(json.dumps(document, indent=1))
        return 0 if ok else 1
    from packager.cli.console import print_findings, stdout

    console = stdout()
    print_findings(console, findings)
    verdict = "will load and fit" if ok else "will NOT do"
    console.print(f"{path}: {verdict} on {target.title} ({target.baseline.title})", markup=False)
    return 0 if ok else 1


def _explain(ctx: click.Context, code: str | None) -> None:
    if not code or ctx.resilient_parsing:
        return
    from packager.audit.codes import CODES
    from packager.errors import UsageError

    entry = CODES.get(code.upper())
    if entry is None:
        msg = f"no finding code {code!r}"
        raise UsageError(msg, fix=f"codes are: {', '.join(CODES)}")
    click.echo(f"{code.upper()} {entry.title} ({entry.severity})\n\n{entry.meaning}\n\nfix: {entry.fix}")
    ctx.exit()
