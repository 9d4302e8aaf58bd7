"""``packager explain``: what a finding code means, and how to fix it."""

from __future__ import annotations

import click


@click.command()
@click.argument("code")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def explain(code: str, as_json: bool) -> int:
    """Explain a finding code: what it means, and how to fix it.

    CODE is a code such as ABI002, in upper or lower case, or `all` for the table of all codes.
    """
    print_codes(code, as_json=as_json)
    return 0


def print_codes(code: str, *, as_json: bool = False) -> None:
    """Print the row of a code, or the table for ``all``; raises UsageError for an unknown code."""
    from dataclasses import asdict

    from packager.catalog.finding_codes.registry import CODES, explained, findings_table, row_of

    rows = list(CODES.values()) if code.lower() == "all" else [row_of(code)]
    if as_json:
        import json

        click.echo(json.dumps({"version": 1, "ok": True, "codes": [asdict(row) for row in rows]}, indent=1))
    elif code.lower() == "all":
        click.echo(findings_table(), nl=False)
    else:
        click.echo(explained(rows[0]))
