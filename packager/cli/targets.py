"""``packager targets``: what we know of the places bundles run in."""

from __future__ import annotations

from typing import Any

import click


@click.command()
@click.argument("name", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def targets(name: str | None, as_json: bool) -> int:
    """Show targets, runtimes, limits and baselines.

    With NAME, such as aws-lambda, only that target.
    """
    from packager.catalog.current import load_catalog
    from packager.cli.plain import hanging, width
    from packager.core.units import format_bytes, format_size

    catalog = load_catalog()
    names = [name] if name else list(catalog.target_names)
    documents: list[dict[str, Any]] = []
    for target_name in names:
        host = catalog.host(target_name)
        offered = host.kinds[target_name]
        budget = offered.budget
        limits = {
            "zipped": budget.zipped,
            "unzipped": budget.unzipped,
            "unzipped_with_layers": budget.unzipped_with_layers,
        }
        rows = []
        for runtime_name, runtime in host.runtimes.items():
            baseline = catalog.baselines[catalog.platforms[runtime.platform].baseline]
            rows.append(
                {
                    "runtime": runtime_name,
                    "status": runtime.status,
                    "until": runtime.until,
                    "baseline": baseline.name,
                    "system": baseline.title,
                    "glibc": ".".join(map(str, baseline.glibc)),
                    "glibcxx": ".".join(map(str, baseline.glibcxx)),
                    "openssl": list(baseline.openssl),
                }
            )
        documents.append(
            {"name": target_name, "title": host.title, "kind": offered.kind, "limits_bytes": limits,
             "arches": list(host.arches),
             "runtimes": rows, "source": host.source, "checked": host.checked}
        )  # fmt: skip
    if as_json:
        import json

        click.echo(json.dumps({"version": 1, "ok": True, "targets": documents}, indent=1))
        return 0
    columns = width()
    for document in documents:
        title = f"{document['title']} {document['kind']}, {' or '.join(document['arches'])}"
        click.echo(hanging(f"{document['name']}: ", title, columns))
        for label, size in document["limits_bytes"].items():
            if size:
                exact = f"{format_size(size)} ({format_bytes(size)})"
                click.echo(hanging(f"  {label.replace('_', ' '):<22} ", exact, columns))
        for row in document["runtimes"]:
            until = f" {row['status']}"
            if row["until"]:
                until += f"{' until' if row['status'] == 'supported' else ' since'} {row['until']}"
            system = f"{row['system']}, glibc {row['glibc']}, GLIBCXX {row['glibcxx']}"
            text = f"{system}, OpenSSL {'/'.join(row['openssl'])};{until}"
            click.echo(hanging(f"  {row['runtime']:<16} ", text, columns))
        click.echo(f"  checked {document['checked']}\n")
    return 0
