"""Usage and source → findings, each with the exact setting to write. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packager.connections.source import look, runs_in_parallel
from packager.connections.usage import UNRESERVED_CONCURRENCY, affordable_containers
from packager.core.units import counted
from packager.model.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from packager.connections.usage import Usage


def advise(
    usage: Usage,
    available: int | None,
    sources: Mapping[str, str],
    handlers: Mapping[str, str],
    *,
    limited: bool,
    unlimited: Sequence[str] = (),
) -> list[Finding]:
    """Return what is wrong with a function's connections, errors first.

    `available` is what the database leaves for us (None: not known), `sources` path → text, `handlers` path → name of
    the export, `limited` whether the number of containers is limited; `unlimited` names the settings of those
    functions whose number is not.
    """
    pool = usage.pool
    found = []
    if available is not None and usage.connections > available:
        found.append(_over(usage, available))
    if not limited:
        message = f"has no reserved concurrency: up to {counted(UNRESERVED_CONCURRENCY, 'container')} may run at once"
        fix = "reserve what the database can serve: reservedConcurrency in serverless.yml,"
        fix += " ReservedConcurrentExecutions in SAM, reserved_concurrent_executions in Terraform"
        found.append(Finding("CON006", "warning", "the function", message, fix))
    for place in unlimited:
        message = f"is not set: up to {counted(UNRESERVED_CONCURRENCY, 'container')} may run at once"
        even = available // (usage.pool.size * max(len(unlimited), 1)) if available is not None else 0
        fix = f"{place.rpartition('.')[2]}: {even or 1}" + (", or what is left by the others" if even else "")
        found.append(Finding("CON006", "warning", place, message, fix))
    for path, export in handlers.items():
        found += _in_handler(path, sources.get(path, ""), export)
    if pool.idle_setting:
        message = "keeps idle connections open for ever, and a frozen container cannot close them"
        found.append(Finding("CON004", "warning", pool.client, message, pool.idle_setting))
    if pool.size > 1 and not any(runs_in_parallel(text) for text in sources.values()):
        opened = counted(pool.size, "connection")
        message = f"opens up to {opened} per container ({pool.origin}), but one call runs one query at a time"
        found.append(Finding("CON005", "warning", pool.client, message, pool.setting.format(size=1)))
    return sorted(found, key=lambda finding: finding.severity != "error")


def _over(usage: Usage, available: int) -> Finding:
    pool = usage.pool
    shared = f" * {counted(usage.functions, 'function')}" if usage.functions > 1 else ""
    each, containers = f"{pool.size} per container", counted(usage.containers, "container")
    message = (
        f"may open {counted(usage.connections, 'connection')} ({each} * {containers}{shared}),"
        f" but the database has {available} for it"
    )
    affordable = affordable_containers(usage, available)
    one = available // usage.functions
    ways = [f"reserve a concurrency of {affordable}"] if affordable else []
    if pool.size > 1 and one > affordable:
        ways.append(f"set {pool.setting.format(size=1)} and reserve at most {min(one, usage.containers)}")
    ways.append("put a pooler in between (PgBouncer in transaction mode, Prisma Accelerate)")
    return Finding("CON001", "error", pool.client, message, "; or ".join(ways))


def _in_handler(path: str, text: str, export: str) -> list[Finding]:
    found = []
    for sight in look(path, text, export):
        where = f"{path}:{sight.line}"
        if sight.kind == "made":
            message = (
                f"creates its client ({sight.what}) inside the handler, which opens one more connection on every call"
            )
            fix = "create it once, outside the handler, or with getClient() of the layer connection-guard"
            found.append(Finding("CON002", "warning", where, message, fix))
        else:
            message = f"ends its connection ({sight.what}) on every call, and the next call waits for a new one"
            fix = "keep it open while the container is frozen, and close it on SIGTERM only"
            found.append(Finding("CON003", "warning", where, message, fix))
    return found
