"""What `packager connections` finds: connections in use against those the database has: CON."""

from __future__ import annotations

from packager.catalog.finding_codes.row import Code

ROWS: tuple[Code, ...] = (
    Code(
        "CON001",
        "more connections than the database has",
        "error",
        "The pool of one container, times the containers that may run at once, is more than the database allows "
        "(max_connections). Under load, new connections are refused ('too many clients already').",
        "Reserve a lower concurrency, use a smaller pool, or put a pooler such as PgBouncer in between.",
    ),
    Code(
        "CON002",
        "client created inside the handler",
        "warning",
        "The handler creates its database client on every call. Each call opens another connection, and the earlier "
        "ones stay open until the container ends.",
        "Create the client once at the top of the module, or use getClient() of the layer connection-guard.",
    ),
    Code(
        "CON003",
        "connection closed on every call",
        "warning",
        "The handler closes its connection before it returns. The next call in the same container has to connect and "
        "log in again, which costs time and load on the database.",
        "Leave the connection open between calls, and close it on SIGTERM only.",
    ),
    Code(
        "CON004",
        "idle connections kept open",
        "warning",
        "The client has no idle timeout. A frozen container keeps its connections open at the database, although it "
        "does not use them.",
        "Set the idle timeout of the client; the finding shows the setting to write.",
    ),
    Code(
        "CON005",
        "pool larger than needed",
        "warning",
        "The pool holds more than one connection per container, and no code was found that runs queries in parallel. "
        "A container serves one call at a time, so the other connections are never used.",
        "Set the pool size to 1, as the finding shows.",
    ),
    Code(
        "CON006",
        "no limit on containers",
        "warning",
        "No reserved concurrency is set, so up to 1000 containers (the default of an AWS account) may run at once, "
        "each with its own pool.",
        "Set reservedConcurrency (Serverless), ReservedConcurrentExecutions (SAM) or reserved_concurrent_executions "
        "(Terraform).",
    ),
)
