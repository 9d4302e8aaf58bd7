"""From an exception, a crash or silence to a finding. Pure."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING

from packager.model.findings import Finding
from packager.prove.judging.causes import CAUSES, first_line

if TYPE_CHECKING:
    from packager.prove.judging.failure_context import FailureContext
    from packager.prove.judging.report import Failure

_CRASHES = {4: "SIGILL", 6: "SIGABRT", 7: "SIGBUS", 8: "SIGFPE", 9: "SIGKILL", 11: "SIGSEGV"}
"""Linux's numbers, since that is where bundles run; other systems count otherwise. Source: signal(7)."""

_TELLING = re.compile(
    r"(?:\w+\.)*\w*(?:Error|Exception)\b.*:|.*\b(?:bad option|cannot|not found|is not allowed)\b", re.IGNORECASE
)


def explain(failure: Failure, scene: FailureContext) -> Finding:
    """Return the finding for one exception of the bundle: recognised by the table, else by where it was thrown."""
    if failure.kind in ("no-export", "not-a-function", "malformed-handler"):
        return _handler(failure, scene)
    if failure.kind == "callback":
        message = f"the handler {failure.message!r} takes a callback (a third parameter): {scene.runtime} refuses that"
        fix = "write it as an async function of (event, context) that returns its answer"
        return Finding("RUN026", "error", scene.artifact, message, fix)
    if failure.kind == "bootstrap":
        message = f"cannot be started: {first_line(failure.message)}"
        fix = "build it for the target's processor; give a script `#!` and an interpreter that the target has"
        return Finding("RUN018", "error", scene.place(failure.path), message, fix)
    module = re.search(r"No module named '([\w.]+)'", failure.message)
    other = scene.other_build(module[1]) if module is not None else ""
    if other:
        message = "is there, but built for another version of Python or another system"
        fix = "install the wheels of the target's version: `packager build` asks pip for them"
        return Finding("RUN017", "error", f"{scene.artifact}!{other}", message, fix)
    # The exception's own words first: a stack or an inner cause may quote other texts.
    for text in (f"{failure.name}: {failure.message}\n{failure.code}", failure.text):
        for cause in CAUSES:
            match = cause.pattern.search(text)
            if match is not None:
                path, message, fix = cause.explain(match, failure, scene)
                return Finding(cause.code, "error", scene.place(path), message, fix)
    said = f"{failure.name}: {first_line(failure.message)}"
    if failure.kind == "syntax":
        where = re.search(r"(?m)^(/\S+?:\d+)$", failure.stack)
        return Finding(
            "RUN013",
            "error",
            scene.place(where[1] if where else failure.path),
            f"is not understood by this runtime: {said}",
            "compile it for the target's version of the language",
        )
    if failure.phase == "invoke":
        return Finding(
            "RUN016", "error", scene.artifact, f"the handler fails on the event: {said}{_thrown_at(failure, scene)}"
        )
    fix = "give the function its environment if this is a setting (packager.yaml: bundles.<name>.environment)"
    when = "soon after loading (a timer, a worker or a promise)" if failure.phase == "settle" else "while loading"
    return Finding("RUN014", "error", scene.artifact, f"throws {when}: {said}{_thrown_at(failure, scene)}", fix)


def crash(exit_code: int, native: str, phase: str, scene: FailureContext) -> Finding | None:
    """Return the finding for a process ended by a signal (exit code 128 + N); None for any other end."""
    number = exit_code - 128
    name = _CRASHES.get(number)
    if name is None:
        return None
    if name == "SIGILL":
        fix = "use a build for plain x86-64 (or armv8-a): the file has instructions that this processor lacks"
    else:
        fix = "try another version or build of that package; `packager audit` shows what each file needs"
    doing = {"load": "while the handler was loaded", "invoke": "while the handler ran"}.get(phase, "at start")
    if native:
        return Finding("RUN005", "error", scene.place(native), f"crashes the process when loaded ({name})", fix)
    return Finding("RUN005", "error", scene.artifact, f"the process crashed {doing} ({name})", fix)


def error_line(output: str) -> str:
    """Return the line of an interpreter's output that says what is wrong: Node's last line is its version.

    >>> error_line("node:internal/x\\n  throw err;\\nError: Cannot find module './a'\\n    at x\\n\\nNode.js v22.1.0")
    "Error: Cannot find module './a'"
    """
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    telling = (line for line in lines if _TELLING.match(line))
    return next(telling, lines[-1] if lines else "")[:300]


def _handler(failure: Failure, scene: FailureContext) -> Finding:
    known = f"; the module exports {', '.join(failure.exports)}" if failure.exports else "; the module exports nothing"
    if failure.kind == "malformed-handler":
        message, known = failure.message, ""
    elif failure.kind == "no-export":
        message = f"the handler's module has no export {failure.message!r}"
        close = difflib.get_close_matches(failure.message, failure.exports, n=1)
        known += f"; did you mean {close[0]!r}?" if close else ""
    else:
        message = f"the handler's export {failure.message!r} is not a function"
    fix = "correct `handler` (packager.yaml: bundles.<name>.handler): FILE.EXPORT, such as src/index.handler"
    return Finding("RUN011", "error", scene.artifact, f"{message}{known}", fix)


def _thrown_at(failure: Failure, scene: FailureContext) -> str:
    """Return " (at FILE:LINE)" of the bundle's own code that threw; empty where the stack names none."""
    node = re.findall(r"(?:file://|[( ])(/[^\s()]+?:\d+):\d+", failure.stack)
    python = [f"{path}:{line}" for path, line in re.findall(r'File "(/[^"]+)", line (\d+)', failure.stack)]
    # Node names the innermost call first, Python last; both name the runtime's own files in between.
    roots = (f"{scene.task_root}/", f"{scene.layer_root}/")
    places = [place for place in (*node, *reversed(python)) if place.startswith(roots)]
    return f" (at {places[0]})" if places else ""
