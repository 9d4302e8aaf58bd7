"""What tracing and trimming by rules got wrong, and the proof has put right."""

from __future__ import annotations

from packager.catalog.finding_codes.row import Code

ROWS: tuple[Code, ...] = (
    Code(
        "TRC001",
        "missed by the tracer",
        "warning",
        "Code asks for a file or package by a name that no reading of the code shows; the proof missed it. It is kept, "
        "and the bundle was made again. What only a request asks for later, a proof cannot see.",
        "Nothing has to be done. Prove with an event (`packager prove --event`) to see what a request needs.",
    ),
    Code(
        "TRC002",
        "traced, not proved",
        "error",
        "The bundle is made by what its code seems to reach, and could not be loaded here to see if that is right.",
        "Prove it where the target's image or Node is at hand, choose trim: strict, or accept it with a reason.",
    ),
    Code(
        "TRC003",
        "a trim rule breaks it",
        "warning",
        "A rule of the trim level leaves out what the code asks for; the proof missed it. It is kept, and the "
        "bundle was made again.",
        "Nothing has to be done; please report the package, so that the rule learns it.",
    ),
    Code(
        "TRC004",
        "kept outside the bundle",
        "note",
        "A package cannot be joined into one file: its code starts workers, loads files by computed names, awaits "
        "while it is loaded, or something instruments packages as they are loaded. It lies beside the bundle.",
        "Nothing has to be done. To decide it yourself, name packages under `external:` of the bundle.",
    ),
    Code(
        "TRC005",
        "named, not installed",
        "note",
        "Joined code names packages that are not installed: optional ones, mostly. Each call stays a `require` or "
        "`import` that fails when it is run, as it does in Node without bundling.",
        "Install the package if the function needs it.",
    ),
)
