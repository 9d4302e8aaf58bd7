"""What can be wrong with engines and the clients generated for them: ENG."""

from __future__ import annotations

from packager.catalog.finding_codes.row import Code

ROWS = (
    Code(
        "ENG001",
        "no engine",
        "error",
        "A generated client opens a native engine, and there is none beside it: 'Query Engine could not be located'. "
        "Bundlers and file tracers do not see it, since it is opened by path.",
        "Generate for the target and pack the engine beside the client.",
    ),
    Code(
        "ENG002",
        "engine for another system",
        "error",
        "There are engines beside the client, but none for the system the target runs: 'was generated for X, but the "
        "actual deployment required Y'.",
        "Add the target's name to binaryTargets in the schema and generate again.",
    ),
    Code(
        "ENG003",
        "more engines than needed",
        "warning",
        "Engines for other systems, or the generator's own copies, are packed. Each takes 15 to 45 MB.",
        "Leave them out; `packager build` keeps the one the target needs.",
    ),
    Code(
        "ENG004",
        "engine not executable",
        "error",
        "The engine is a program the client starts, and its executable bit is missing: EACCES. Many zip tools lose it.",
        "Pack it with mode 755: `packager pack` sets it.",
    ),
    Code(
        "ENG005",
        "override to nowhere",
        "error",
        "PRISMA_QUERY_ENGINE_LIBRARY or PRISMA_QUERY_ENGINE_BINARY names a file that is not in the artifact. The "
        "client does not check it and tries nothing else.",
        "Remove the variable, or let it name the engine beside the client.",
    ),
    Code(
        "ENG006",
        "client not generated",
        "error",
        "The package holds the stub it was published with: '@prisma/client did not initialize yet'.",
        "Run `prisma generate` before packing; `packager build` does.",
    ),
    Code(
        "ENG007",
        "client older than the schema",
        "warning",
        "The client was generated from another schema than the one packed with it, as happens where node_modules is "
        "kept between builds.",
        "Generate again as a step of every build, not on install.",
    ),
    Code(
        "ENG008",
        "client and package apart",
        "error",
        "The generated .prisma/client and @prisma/client import each other, but lie in different artifacts: function "
        "and layer. Node looks for them side by side.",
        "Pack both into the layer, or both into the function.",
    ),
    Code(
        "ENG009",
        "no schema beside the engine",
        "warning",
        "The client tells its own folder by the schema.prisma in it; without it, it looks below the working directory.",
        "Pack schema.prisma beside the engine.",
    ),
    Code(
        "ENG010",
        "part of the client missing",
        "error",
        "A file the client imports or reads at start is not packed: its runtime module, or its WebAssembly compiler.",
        "Pack it; bundlers that inline the client must copy it beside the bundle.",
    ),
    Code(
        "ENG011",
        "left by an aborted generate",
        "warning",
        "An engine under a temporary name (.tmp and a process number). It matches patterns meant for engines, and "
        "no client opens it.",
        "Delete it, or leave out *.tmp[0-9]*.",
    ),
    Code(
        "ENG012",
        "engine is none",
        "error",
        "The file with the engine's name holds something else: nothing, half a download, a page of HTML from a proxy.",
        "Delete it and the generator's cache (~/.cache/prisma), then generate again.",
    ),
)
