"""What a bundle tried that its host would refuse, also where it went on without: warnings beside the verdict. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packager.core.units import format_size
from packager.model.findings import Finding
from packager.prove.running.process import PROCESSES

if TYPE_CHECKING:
    from packager.prove.judging.failure_context import FailureContext
    from packager.prove.judging.outcome import Run
    from packager.prove.running.request import ProofRequest

_SHOWN = 3
_BOMB = PROCESSES // 2
"""So many processes at the end of a run are no pool of workers any more."""
_SAID_ALREADY = {"write": {"RUN007", "RUN008"}, "network": {"RUN020"}, "processes": set(), "memory": {"RUN010"}}


def attempted(run: Run, request: ProofRequest, scene: FailureContext, errors: set[str]) -> list[Finding]:
    """Return a warning for each kind of refused attempt, but those that an error (a code of `errors`) names."""
    seen: dict[str, list[str]] = {}
    for attempt in run.report.attempts:
        seen.setdefault(attempt.kind, []).append(attempt.what)
    found = []
    if "write" in seen:
        message = (
            f"tries to write to {_listed(seen['write'])}, but only /tmp is writable there, and continues without it"
        )
        found.append(("write", Finding("RUN022", "warning", scene.artifact, message, "write to /tmp")))
    if "network" in seen:
        message = f"tries to reach {_listed(seen['network'])}: a proof has no network, and it continues without"
        fix = "check whether this is intended: what is fetched at start delays every cold start"
        found.append(("network", Finding("RUN023", "warning", scene.artifact, message, fix)))
    refused = run.report.usage.get("refusedProcesses", 0)
    if "processes" in seen or refused or run.processes >= _BOMB:
        how = f"{run.processes} of them were there at the end" if run.processes >= _BOMB else "the system refuses more"
        message = f"starts processes without end: {how} (a function may have {PROCESSES}, threads included)"
        found.append(
            ("processes", Finding("RUN024", "warning", scene.artifact, message, "start fewer processes, and stop them"))
        )
    peak = run.report.usage.get("peakBytes", 0) - run.report.usage.get("fileBytes", 0)
    kills = run.report.usage.get("memoryKills", 0)
    if peak > request.memory_bytes or kills:
        have = f"the function has {format_size(request.memory_bytes)}"
        message = f"uses {format_size(peak)} of memory, {have}"
        if kills:
            message = f"starts processes that the system ends because the memory is used up; {have}"
        fix = "give the function more memory, or load less at start"
        found.append(("memory", Finding("RUN025", "warning", scene.artifact, message, fix)))
    return [finding for kind, finding in found if not _SAID_ALREADY[kind] & errors]


def _listed(words: list[str]) -> str:
    shown = ", ".join(dict.fromkeys(words[:_SHOWN]))
    return shown if len(words) <= _SHOWN else f"{shown} and {len(words) - _SHOWN} more"
