"""What a loader reported: lines in, facts out. Pure."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


_USAGE = ("peakBytes", "fileBytes", "readBytes", "modules", "refusedProcesses", "memoryKills")


@dataclass(frozen=True)
class Failure:
    """An exception in the bundle, as its language describes it."""

    phase: str
    """``load``, ``packages``, ``settle``, ``natives`` or ``invoke``."""
    name: str
    """Class of the exception."""
    message: str
    code: str = ""
    """Node's ``error.code``."""
    stack: str = ""
    path: str = ""
    """File concerned, if the exception names one."""
    kind: str = ""
    """``syntax``, ``malformed-handler``, ``no-export``, ``not-a-function``, ``callback``; empty for everything else."""
    exports: tuple[str, ...] = ()
    """What the handler's module does export."""
    cause: str = ""
    """Message of ``error.cause``."""

    @property
    def text(self) -> str:
        """Return everything a cause may be recognised by, the message first."""
        return "\n".join(part for part in (f"{self.name}: {self.message}", self.code, self.cause, self.stack) if part)


@dataclass(frozen=True)
class RefusedAttempt:
    """Something the bundle tried that a proof does not give; it may have gone on without."""

    kind: str
    """``write``, ``network`` or ``processes``."""
    what: str
    """Path or host."""
    phase: str


@dataclass(frozen=True)
class Report:
    """Everything one loader reported, in the order of the run."""

    runtime: str = ""
    """``node`` or ``python``; empty if the loader did not even start."""
    version: str = ""
    natives_loaded: tuple[str, ...] = ()
    native_open: str = ""
    """Native file being opened when the process ended; empty if none was."""
    native_failures: tuple[Failure, ...] = ()
    """Files that would not open when asked for one by one."""
    refused: tuple[Failure, ...] = ()
    """Files that would not open when the bundle itself asked; packages often try several."""
    packages: tuple[str, ...] = ()
    failure: Failure | None = None
    exited: int | None = None
    """The bundle ended the process itself, with this code."""
    idle: bool = False
    """It ended because nothing was left to do while the bundle still awaited something."""
    phase: str = "start"
    answer: str | None = None
    """The handler's answer as JSON, cut after 100,000 characters."""
    open: Mapping[str, int] = field(default_factory=dict)
    """What still kept the process alive when it was watched no longer: kind → number, such as ``timer`` → 1."""
    done: bool = False
    times: Mapping[str, float] = field(default_factory=dict)
    """Step → milliseconds since the process began; each step's first report."""
    usage: Mapping[str, int] = field(default_factory=dict)
    """``peakBytes``, ``fileBytes`` (mapped, at the end), ``readBytes``, ``modules``, ``refusedProcesses`` and
    ``memoryKills``; empty unless the loader got to its end."""
    opened: int = 0
    """Files of the bundle that were opened; only of a start that was taken apart."""
    attempts: tuple[RefusedAttempt, ...] = ()
    traced: tuple[tuple[str, float], ...] = ()
    """(package, own milliseconds), engines by their file; only of a start that was taken apart."""


def read_event(marker: str, line: str) -> dict[str, object] | None:
    """Return the report a line holds; None for anything the bundle itself printed, or a torn line."""
    start, _, rest = line.strip().partition(" ")
    if start != marker:
        return None
    try:
        event = json.loads(base64.b64decode(rest, validate=True))
    except (binascii.Error, ValueError):
        return None
    return event if isinstance(event, dict) else None


def read_report(events: Iterable[dict[str, object]]) -> Report:
    """Return the facts of a run from its events in order."""
    runtime = version = native_open = ""
    phase = "start"
    done = False
    failure: Failure | None = None
    exited: int | None = None
    idle = False
    answer: str | None = None
    loaded: list[str] = []
    failures: list[Failure] = []
    refused: list[Failure] = []
    packages: list[str] = []
    times: dict[str, float] = {}
    usage: dict[str, int] = {}
    traced: list[tuple[str, float]] = []
    attempts: list[RefusedAttempt] = []
    opened = 0
    still_open: dict[str, int] = {}
    for event in events:
        step = event.get("step")
        if step == "tried":  # in the midst of whatever is going on, a native file being opened included
            attempts.append(RefusedAttempt(*(str(event.get(key, "")) for key in ("kind", "path", "phase"))))
            continue
        at = event.get("at")
        if isinstance(at, (float, int)):
            times.setdefault(str(step), float(at))
        phase = str(event.get("phase", phase))
        path = str(event.get("path", ""))
        if native_open:
            if step not in ("native-failed", "native-refused", "failed"):
                loaded.append(native_open)
            native_open = ""
        if step == "start":
            runtime, version = str(event["runtime"]), str(event["version"])
        elif step == "native":
            native_open = path
        elif step == "native-failed":
            failures.append(_failure(event))
        elif step == "native-refused":
            refused.append(_failure(event))
        elif step == "package":
            packages.append(path)
        elif step == "failed" and failure is None:
            failure = _failure(event)
        elif step == "exit":
            code = event.get("code")
            exited = code if isinstance(code, int) else 0
            idle = event.get("idle") is True
        elif step == "settled":
            found = event.get("open")
            still_open = {str(kind): int(count) for kind, count in found.items()} if isinstance(found, dict) else {}
        elif step == "answer":
            answer = str(event.get("text", ""))
        elif step == "done":
            done = True
            usage = {key: value for key in _USAGE if isinstance(value := event.get(key), int)}
        elif step == "trace":
            traced = [*_pairs(event.get("packages")), *_pairs(event.get("engines"))]
            count = event.get("opened")
            opened = count if isinstance(count, int) else 0
    return Report(
        runtime=runtime,
        version=version,
        natives_loaded=tuple(dict.fromkeys(loaded)),
        native_open=native_open,
        native_failures=tuple(failures),
        refused=tuple(refused),
        packages=tuple(packages),
        failure=failure,
        exited=exited,
        idle=idle,
        phase=phase,
        answer=answer,
        open=still_open,
        done=done,
        times=times,
        usage=usage,
        traced=tuple(sorted(traced, key=lambda pair: -pair[1])),
        opened=opened,
        attempts=tuple(attempts),
    )


def _pairs(value: object) -> list[tuple[str, float]]:
    return [(str(name), float(spent)) for name, spent in value] if isinstance(value, list) else []


def _failure(event: dict[str, object]) -> Failure:
    def text(key: str) -> str:
        return str(event.get(key) or "")

    exports = event.get("exports")
    return Failure(
        phase=text("phase"),
        name=text("name"),
        message=text("message"),
        code=text("code"),
        stack=text("stack"),
        path=text("path"),
        kind=text("kind") or text("type"),
        exports=tuple(str(name) for name in exports) if isinstance(exports, list) else (),
        cause=text("cause"),
    )
