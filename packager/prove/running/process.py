"""One process of foreign code: watched to its end or its time limit, and nothing of it left after."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import deque
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from selectors import EVENT_READ, DefaultSelector
from time import monotonic
from typing import IO, TYPE_CHECKING, Any

from packager.core.system import end_group
from packager.model.proof import CannotProve
from packager.prove.judging.report import read_event
from packager.prove.running.processes import descendants, use_more_than

if sys.platform != "win32":
    import resource

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from packager.prove.running.request import ProofRequest

TMP_BYTES = 512 << 20
"""Lambda's default size of /tmp."""
PROCESSES = 1024
"""Lambda's limit of processes and threads."""
GROUP_ID = 990
LIMITS = {"RLIMIT_CORE": 0, "RLIMIT_NOFILE": 1024, "RLIMIT_FSIZE": TMP_BYTES, "RLIMIT_DATA": 4 << 30}
"""For processes without a control group of their own. Open files are Lambda's limit; the rest protects this machine."""
_KEPT_LINES, _KEPT_BYTES = 200, 1 << 20
_WEIGHED_SECONDS = 0.25


@dataclass(frozen=True)
class ProcessEnd:
    """How the process ended and what it said."""

    exit_code: int
    """128 + N if signal N ended it."""
    events: tuple[dict[str, object], ...]
    lines: tuple[str, ...]
    timed_out: bool
    processes: int = 0
    """The most that were there at once, as far as seen; those left at the end were ended."""
    out_of_memory: bool = False
    """It was ended because it and its descendants used more memory than the function has."""


@contextmanager
def report_pipe() -> Iterator[tuple[int, int]]:
    reading, writing = os.pipe()
    try:
        yield reading, writing
    finally:
        for fd in (reading, writing):
            with suppress(OSError):  # the writing end is closed as soon as the child has it
                os.close(fd)


def watch(
    argv: Sequence[str],
    request: ProofRequest,
    pipe: tuple[int, int],
    *,
    environment: Mapping[str, str],
    folder: Path,
    limits: bool = False,
    user: int | None = None,
) -> ProcessEnd:
    """Run a command to its end or its time limit, collecting reports and the last lines it printed.

    `pipe` is a `report_pipe`. The whole process group is killed at the end, however it ends: nothing a bundle starts
    stays. Raises CannotProve where the command cannot be started at all: it shows nothing of the bundle.
    """
    reading, writing = pipe
    extra: dict[str, Any] = {"user": user, "group": GROUP_ID, "extra_groups": []} if user is not None else {}
    try:
        process = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=folder,
            env=dict(environment),
            pass_fds=(writing,),
            start_new_session=True,
            preexec_fn=_limit if limits else None,
            **extra,
        )
    except OSError as error:  # an interpreter under /root, which the proof's user may not enter; no more processes
        who = "" if user is None else f" as user {user}"
        msg = f"{os.path.basename(argv[0])} cannot be started{who}: {error.strerror or error}"  # noqa: PTH119
        raise CannotProve(msg) from error
    os.close(writing)
    deadline = monotonic() + request.timeout_seconds
    collected = _Collector(request.marker)
    try:
        timed_out = not collected.collect(process, reading, deadline, request.memory_bytes)
    finally:
        end_group(process, kill=True)
        code = process.wait()
        if process.stdout is not None:
            process.stdout.close()
    return ProcessEnd(
        128 - code if code < 0 else code,
        tuple(collected.events),
        tuple(collected.lines),
        timed_out,
        collected.processes,
        collected.out_of_memory,
    )


class _Collector:
    """Takes what arrives on two pipes: reports, and everything else."""

    def __init__(self, marker: str) -> None:
        self.marker = marker
        self.events: list[dict[str, object]] = []
        self.lines: deque[str] = deque(maxlen=_KEPT_LINES)
        self.processes = 0
        self.out_of_memory = False
        self._rest = {"report": b"", "output": b""}

    def collect(self, process: subprocess.Popen[bytes], reading: int, deadline: float, memory_bytes: int) -> bool:
        """Read until the process ends or says it is done; return False if the deadline came first.

        Now and then, and at the end, look at what its descendants use: no control group limits their memory here.
        """
        if process.stdout is None:
            return True
        try:
            return self._collect(process, process.stdout, reading, deadline, memory_bytes)
        finally:
            self._weigh(process.pid, memory_bytes)

    def _collect(
        self, process: subprocess.Popen[bytes], output: IO[bytes], reading: int, deadline: float, memory_bytes: int
    ) -> bool:
        weighed = monotonic()
        with DefaultSelector() as selector:
            selector.register(reading, EVENT_READ, "report")
            selector.register(output, EVENT_READ, "output")
            while selector.get_map():
                left = deadline - monotonic()
                if left <= 0:
                    return False
                if monotonic() - weighed > _WEIGHED_SECONDS:
                    if self._weigh(process.pid, memory_bytes):
                        self.out_of_memory = True
                        return True
                    weighed = monotonic()
                for key, _ in selector.select(min(left, 0.5)):
                    data = os.read(key.fd, 65536)
                    if not data:
                        selector.unregister(key.fileobj)
                    self._take(key.data, data)
                if any(event.get("step") == "done" for event in self.events[-1:]):
                    return True
                if process.poll() is not None and not selector.select(0):
                    break  # a process the bundle started may hold the pipes open for ever
        return True

    def _weigh(self, pid: int, memory_bytes: int) -> bool:
        """Return whether the process and its descendants use more memory than they may."""
        there = descendants(pid)
        self.processes = max(self.processes, len(there))
        return use_more_than(there, memory_bytes)

    def _take(self, stream: str, data: bytes) -> None:
        *lines, rest = (self._rest[stream] + data).split(b"\n")
        if not data and rest:
            lines, rest = [*lines, rest], b""
        self._rest[stream] = rest[-_KEPT_BYTES:]
        for line in lines:
            text = line.decode("utf-8", "replace")
            if stream == "output":
                self.lines.append(text[:4000])
            elif (event := read_event(self.marker, text)) is not None:
                self.events.append(event)


def _limit() -> None:
    if sys.platform != "win32":
        for name, value in LIMITS.items():
            kind = getattr(resource, name)
            hard = resource.getrlimit(kind)[1]
            value = value if hard == resource.RLIM_INFINITY else min(value, hard)
            resource.setrlimit(kind, (value, value))
