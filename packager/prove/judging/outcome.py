"""How a run in a container or sandbox ended, and the proof that follows from it. Pure."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from packager.core.units import format_timeout
from packager.languages.registry import LANGUAGES
from packager.model.findings import Finding
from packager.model.proof import Proof, skipped
from packager.model.targets import parse_version
from packager.prove.judging.attempts import attempted
from packager.prove.judging.expect import status_of
from packager.prove.judging.findings import crash, error_line, explain
from packager.prove.judging.report import Failure

if TYPE_CHECKING:
    from packager.model.targets import Baseline, Target
    from packager.prove.judging.failure_context import FailureContext
    from packager.prove.judging.report import Report
    from packager.prove.running.request import ProofRequest

_MISSED = re.compile(
    r"Cannot find (?:module|package) '(?P<package>(?:@[^/']+/)?[^./'@][^/']*)[^']*'"
    r"|No module named '(?P<module>\w+)[^']*'"
)
_READ_BYTES = 4000
_HEAP = "JavaScript heap out of memory"


@dataclass(frozen=True)
class Run:
    """One loader's process from start to end."""

    how: str
    """``docker`` or ``local``."""
    where: str
    """Image or runtime, for people; no host paths."""
    official: bool
    """Whether it ran in the target's own image."""
    report: Report
    exit_code: int
    """128 + N if signal N ended it."""
    output: str = ""
    timed_out: bool = False
    out_of_memory: bool = False
    processes: int = 0
    """Of the bundle's, when the run was over and before they were ended; 0 where they were not counted."""


def judge(run: Run, request: ProofRequest, scene: FailureContext) -> Proof:
    """Return what the run proves: that it loads, that it does not and why, or, away from the real image, nothing."""
    findings = _findings(run, request, scene)
    if run.report.done and not any(finding.severity == "error" for finding in findings):
        if not (request.handler or run.report.packages or run.report.natives_loaded):
            return skipped("it contains nothing that could be loaded; it is proved with the function that uses it")
        answer = run.report.answer or ""
        return Proof("proved", run.how, run.where, _loaded(run.report, request), findings, run.output, answer)
    excuse = "" if run.official else _excuse(run, findings, request.target, scene)
    if excuse:
        return replace(skipped(excuse), output=run.output)
    errors = [finding for finding in findings if finding.severity == "error"]
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    return Proof("failed", run.how, run.where, f"{errors[0].subject} {errors[0].message}{more}", findings, run.output)


def _status(answer: str) -> int | None:
    try:
        return status_of(json.loads(answer))
    except ValueError:  # cut
        return None


def unknown_flags(run: Run, request: ProofRequest) -> frozenset[str]:
    """Return the options that the interpreter at hand was too old to know: then it ran nothing.

    It lacks the features that they switch off, so that the same start without them shows the same.
    """
    if run.report.version:
        return frozenset()
    return frozenset(flag for flag in request.flags if f"bad option: {flag}" in run.output)


def said_by(run: Run) -> Report:
    """Return the report; of a runtime that did not even start, with what it printed as the failure."""
    if run.report.version or run.report.failure is not None or not run.output.strip():
        return run.report
    return replace(run.report, failure=Failure("load", error_line(run.output), run.output[-_READ_BYTES:]))


def missed_of_the_runtime(run: Run, target: Target) -> frozenset[str]:
    """Return the packages that the code missed, and that the real runtime brings along."""
    if run.official:
        return frozenset()
    failures = [f for f in (run.report.failure, *run.report.native_failures) if f is not None]
    names = {match["package"] or match["module"] for failure in failures for match in _MISSED.finditer(failure.text)}
    return frozenset(name for name in names if any(fnmatchcase(name, glob) for glob in target.system.brought))


def _loaded(report: Report, request: ProofRequest) -> str:
    natives = len(report.natives_loaded)
    parts = [f"loaded {request.handler}"] if request.handler else []
    if report.packages:
        parts.append(f"loaded {', '.join(report.packages)}")
    if natives or not parts:
        parts.append(f"opened {natives} native file{'' if natives == 1 else 's'}")
    if report.answer is not None:
        status = _status(report.answer)
        parts.append(f"it answered {request.event_name}" + (f" with status {status}" if status is not None else ""))
    said = ", ".join(parts)
    # A server has to stay open where the host waits for one.
    open_ = {kind: count for kind, count in report.open.items() if (kind, request.convention) != ("server", "server")}
    if open_:
        kinds = (f"{count} {kind}{'' if count == 1 else 's'}" for kind, count in sorted(open_.items()))
        said += f"; still open: {', '.join(kinds)}"
    return said


def _findings(run: Run, request: ProofRequest, scene: FailureContext) -> tuple[Finding, ...]:
    """Return everything that went wrong, the deadliest first."""
    report = run.report
    found: list[Finding] = []
    if report.failure is not None:
        found.append(_better(report.failure, report, scene))
    elif run.timed_out:
        doing = {"load": "loading", "natives": "opening native files", "invoke": "answering"}.get(
            report.phase, "starting"
        )
        message = f"is still busy {doing} after {format_timeout(request.timeout_seconds)}"
        fix = "find what waits forever or computes too long: a lock, a server, an endless loop at the top of a module"
        found.append(Finding("RUN009", "error", scene.artifact, message, fix))
    elif run.out_of_memory or _HEAP in run.output:
        fix = "give the function more memory, or load less at start"
        found.append(Finding("RUN010", "error", scene.artifact, "runs out of memory", fix))
    elif report.exited is not None and not report.done:
        doing = {"invoke": "while answering", "settle": "soon after loading"}.get(report.phase, "while loading")
        message = f"exits {doing} (exit code {report.exited})"
        fix = "remove process.exit() or sys.exit() from code that runs on import"
        if report.idle:
            message = f"waits for something that never happens {doing}: nothing is left to do"
            fix = "look for a promise that is never settled in code that runs on import"
        if LANGUAGES[request.target.language].bootstrap:
            fix = "let the bootstrap ask the Runtime API for the next event in an endless loop"
        said = _last_words(run, request.target, scene)
        found.append(said or Finding("RUN015", "error", scene.artifact, message, fix))
    elif not report.done:
        found.append(crash(run.exit_code, report.native_open, report.phase, scene) or _never_started(run, scene))
    for failure in report.native_failures:
        if "did not self-register" not in failure.message:  # loaded before, under another name: it does load
            found.append(explain(failure, scene))
    found += attempted(run, request, scene, {finding.code for finding in found})
    return tuple(dict.fromkeys(found))


def _never_started(run: Run, scene: FailureContext) -> Finding:
    """Return why a process reported nothing: what the runtime itself printed, such as a preload that is not there."""
    if not run.output.strip():
        message = f"the process exited with no output (exit code {run.exit_code})"
        return Finding("RUN005", "error", scene.artifact, message)
    known = explain(Failure("load", error_line(run.output), run.output[-_READ_BYTES:]), scene)
    if known.code not in ("RUN014", "RUN016"):
        return known
    message = f"the runtime does not start: {error_line(run.output)} (exit code {run.exit_code})"
    fix = "look at the environment of the function: NODE_OPTIONS, AWS_LAMBDA_EXEC_WRAPPER and what they name"
    return Finding("RUN014", "error", scene.artifact, message, fix)


def _last_words(run: Run, target: Target, scene: FailureContext) -> Finding | None:
    """Return what a program said as it ended, if it is a cause we know: the system's loader speaks on stderr only."""
    bootstrap = LANGUAGES[target.language].bootstrap
    if not bootstrap:
        return None
    finding = explain(Failure(run.report.phase, bootstrap, run.output[-_READ_BYTES:]), scene)
    return None if finding.code in ("RUN014", "RUN016") else finding


def _better(failure: Failure, report: Report, scene: FailureContext) -> Finding:
    """Return the finding for a failure; where a package hides why its native file was refused, that is said instead.

    Source: sharp's "Could not load the sharp module", Prisma's "Unable to require".
    """
    finding = explain(failure, scene)
    if report.refused:
        below = explain(report.refused[-1], scene)
        if finding.code in ("RUN001", "RUN014") and below.code not in ("RUN001", "RUN014"):
            return below
        if below.code == finding.code and finding.subject == scene.artifact:
            return below  # the same cause, and the file's name with it
    return finding


def _excuse(run: Run, findings: tuple[Finding, ...], target: Target, scene: FailureContext) -> str:
    """Return why a failure away from the real image says nothing about the target; empty if it does."""
    if not run.report.version and not any(root in run.output for root in (scene.task_root, scene.layer_root)):
        said = error_line(run.output) or f"exit code {run.exit_code}"
        return f"the runtime did not start in {run.where}: {said[:200]}"
    failures = [f for f in (run.report.failure, *run.report.native_failures) if f is not None]
    texts = "\n".join(failure.text for failure in failures)
    missed = _MISSED.search(texts)
    codes = {finding.code for finding in findings if finding.severity == "error"}
    if missed is not None and codes == {"RUN001"}:
        name = missed["package"] or missed["module"]
        # Stand-ins have nothing of what the real runtime has, so its absence there says nothing.
        if any(fnmatchcase(name, glob) for glob in target.system.brought):
            return f"it uses {name}, which the real runtime brings along and {run.where} does not"
    if codes == {"RUN003"}:
        versions = set(re.findall(r"version [`']([\w.]+)' not found", texts))
        if versions and all(_offers(target.baseline, version) for version in versions):
            return f"{run.where} lacks {', '.join(sorted(versions))}, which the target has; its own image would do"
    if codes == {"RUN004"}:
        missing = set(re.findall(r"([\w.+-]+\.so[\w.]*): cannot open shared object", texts))
        if missing and all(target.baseline.has(soname, target.arch) for soname in missing):
            return f"{', '.join(sorted(missing))} is on the target, but not in {run.where}"
    if codes == {"RUN020"}:
        return "it wants the network while loading, and a proof gives none"
    return ""


def _offers(baseline: Baseline, version: str) -> bool:
    """Return whether the target's system has a symbol version such as ``GLIBC_2.34``."""
    family, _, number = version.partition("_")
    highest = {"GLIBC": baseline.glibc, "GLIBCXX": baseline.glibcxx, "CXXABI": baseline.cxxabi}.get(family, ())
    return number.replace(".", "").isdigit() and parse_version(number) <= highest
