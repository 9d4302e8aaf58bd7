"""``packager connections``: how many database connections a function opens, and whether the database has them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from packager.connections.simulate import Simulated


@click.command()
@click.argument("project", default=".", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option(
    "--handler",
    "handlers",
    multiple=True,
    metavar="NAME",
    help="Handler, such as src/handler.handler; may be repeated.",
)
@click.option("--concurrency", type=click.IntRange(1), help="Reserved concurrency: the most containers at once.")
@click.option(
    "--provisioned", type=click.IntRange(1), help="Provisioned concurrency, if it is larger than the reserved one."
)
@click.option(
    "--functions",
    default=1,
    show_default=True,
    type=click.IntRange(1),
    help="Number of functions that use the database.",
)
@click.option(
    "--pool", type=click.IntRange(1), help="Connections that each container opens. Default: from the project."
)
@click.option(
    "--max-connections", type=click.IntRange(1), help="Connections that the database allows. Default: asked at --url."
)
@click.option(
    "--url", envvar="DATABASE_URL", default="", metavar="URL", help="URL of the database [env: DATABASE_URL]."
)
@click.option(
    "--simulate",
    type=click.Path(path_type=Path),
    metavar="ZIP",
    help="Run this zip against --url and count its connections.",
)
@click.option(
    "--layer",
    "layers",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Layer that the zip uses; may be repeated.",
)
@click.option(
    "--containers", default=4, show_default=True, type=click.IntRange(1, 64), help="Number of containers to simulate."
)
@click.option("--event", default="{}", metavar="JSON", help="Event that each simulated container gets.")
@click.option("--runtime", default="", metavar="NAME", help="Runtime, such as nodejs22.x. Default: from the manifest.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def connections(project: Path, simulate: Path | None, as_json: bool, **words: Any) -> int:
    """Say whether the database has the connections a function may open.

    The connections of one container times the number of containers are compared with max_connections, and the place
    where PROJECT creates its client is checked. The number of containers is read from serverless.yml or a SAM template,
    unless --concurrency gives it.
    """
    import json
    import time
    from dataclasses import replace

    from packager.connections.advise import advise
    from packager.connections.clients import find_pool
    from packager.connections.concurrency import containers_of, read_functions
    from packager.connections.database import max_connections
    from packager.connections.usage import UNRESERVED_CONCURRENCY, Pool, Usage
    from packager.core.errors import UsageError
    from packager.core.units import counted
    from packager.model.findings import has_errors

    start = time.monotonic()
    limits = [limit for limit in (words["concurrency"], words["provisioned"]) if limit]
    functions = () if limits else read_functions(project)
    sources, handlers = _sources(project, words["handlers"] or tuple(each.handler for each in functions))
    pool = find_pool(project, words["url"], sources)
    if pool is None and words["pool"] is None:
        msg = "the dependencies include no database client that packager knows"
        raise UsageError(msg, where=str(project), fix="say how many connections a container opens: --pool N")
    if words["pool"] is not None:
        pool = replace(pool or Pool("the client", 1, "", "a pool of {size}"), size=words["pool"], origin="--pool")
    containers = containers_of(functions) if functions else max(limits, default=UNRESERVED_CONCURRENCY)
    usage = Usage(pool or Pool("", 1, "", ""), containers, words["functions"])
    available = words["max_connections"]
    if available is None:
        available = max_connections(words["url"])
    unlimited = [each.place for each in functions if each.reserved is None]
    findings = advise(usage, available, sources, handlers, limited=bool(limits or functions), unlimited=unlimited)
    seen = _simulated(simulate, words) if simulate is not None else None
    ok = not has_errors(findings) and not (seen and seen.failures)
    if as_json:
        document: dict[str, Any] = {
            "version": 1,
            "ok": ok,
            "pool": {"client": usage.pool.client, "size": usage.pool.size, "origin": usage.pool.origin},
            "containers": usage.containers,
            "functions": usage.functions,
            "connections": usage.connections,
            "available": available,
            "findings": [finding.to_json() for finding in findings],
            "simulated": vars(seen) if seen else None,
        }
        click.echo(json.dumps(document, indent=1))
        return int(not ok)
    from packager.cli.closing import done, failed, finding_counts
    from packager.cli.console import print_findings, print_row, stdout

    console = stdout()
    print_findings(console, findings)
    shared = f" * {counted(usage.functions, 'function')}" if usage.functions > 1 else ""
    shared += "".join(f", {each.name} {each.reserved or 'without limit'}" for each in functions)
    of = f" of {available}" if available is not None else ", and the database's limit is not known (--max-connections)"
    line = f"{usage.pool.size} per container ({usage.pool.origin}) * {counted(usage.containers, 'container')}{shared}"
    console.print(f"{line} = {counted(usage.connections, 'connection')}{of}")
    if seen is not None:
        console.print(
            f"{counted(seen.containers, 'container')}: {counted(seen.called, 'connection')} when called, "
            f"{seen.frozen} frozen, {seen.thawed} thawed, {seen.ended} after their end",
        )
        for failure in seen.failures:
            console.print(f"  a call failed: {failure}")
    spent = time.monotonic() - start
    print_row(console, "", done(spent, *finding_counts(findings)) if ok else failed("Check"))
    return int(not ok)


def _simulated(artifact: Path, words: dict[str, Any]) -> Simulated:
    import json

    from packager.cli.artifacts import manifest_beside, require_file, target_of
    from packager.connections.simulate import simulate
    from packager.core.errors import UsageError
    from packager.core.resources import default_cache
    from packager.prove.running.request import ProofRequest

    require_file(artifact)
    handler = words["handlers"][0] if words["handlers"] else str(manifest_beside(artifact).get("handler", ""))
    if not handler or not words["url"]:
        msg = "a simulation needs a handler and a database"
        raise UsageError(msg, where="--simulate", fix="give --handler and --url")
    try:
        event = json.loads(words["event"])
    except ValueError as error:
        raise UsageError(str(error), where="--event", fix="give JSON") from error
    target = target_of(artifact, "aws-lambda", words["runtime"], "")
    environment = {"DATABASE_URL": words["url"], "HOME": os.environ.get("HOME", "/tmp")}
    request = ProofRequest(handler, target, environment, event=event, timeout_seconds=60)
    return simulate(
        artifact, words["layers"], request, url=words["url"], containers=words["containers"], cache=default_cache()
    )


_ENDINGS = (".js", ".mjs", ".cjs", ".ts", ".mts", ".py")
_NOT_THEIRS = {"node_modules", "dist", ".git", ".venv", "venv", "generated", "__pycache__"}


def _sources(project: Path, names: tuple[str, ...]) -> tuple[dict[str, str], dict[str, str]]:
    """Return the project's own sources (path → text), and which of them hold handlers (path → export)."""
    texts = {}
    for folder, subfolders, files in os.walk(project):
        subfolders[:] = sorted(name for name in subfolders if name not in _NOT_THEIRS and not name.startswith("."))
        for name in sorted(files):
            path = Path(folder, name)
            if path.suffix in _ENDINGS and path.stat().st_size < 1 << 20:
                texts[path.relative_to(project).as_posix()] = path.read_text(encoding="utf-8", errors="replace")
    if names:
        wanted = {module: export for module, _, export in (name.rpartition(".") for name in names)}
        stems = {path: Path(path).with_suffix("").as_posix() for path in texts}
        handlers = {path: wanted[stem] for path, stem in stems.items() if stem in wanted}
    else:
        handlers = dict.fromkeys(texts, "handler")
    return texts, handlers
