"""Notices what a bundle tries and is refused, also where it swallows the error; used by ``python_loader.py`` only.

Writes outside /tmp, connections to other hosts, processes without end. Python's audit events tell before the system
decides, so what would not be refused (a folder that is there already) is left out. What native code or a child process
does by itself is not seen here; the counters of the control group still tell of processes and memory.
Source: Python manual, "Audit events table". Standard library only, any Python from 3.8 on.
"""

from __future__ import annotations

import os
import re
import resource
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

MOST = 20  # of a kind: a loop says the same again and again
assert sys.platform == "linux", "bundles run on Linux"

_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_CHANGES = {"os.remove", "os.rename", "os.rmdir", "os.chmod", "os.chown", "os.truncate", "os.utime"}
_MAKES = {"os.mkdir": 0, "os.symlink": 1, "os.link": 1}
_STARTS = {"subprocess.Popen", "os.fork", "os.forkpty", "os.posix_spawn", "os.system"}
_LOCAL = re.compile(r"(localhost|127(\.\d+){3}|::1|::ffff:127\..*|0\.0\.0\.0|::|)", re.IGNORECASE)
_GROUP = "/sys/fs/cgroup"


class Watch:
    """Takes audit events and tells each attempt once."""

    def __init__(self, tell: Callable[[str, str], None], processes: int) -> None:
        self.tell = tell
        self.processes = processes
        self.started = 0
        self.told: dict[str, set[str]] = {}
        self.allowed = ("/tmp/", "/dev/", "/proc/", os.environ.get("TMPDIR", "/tmp").rstrip("/") + "/")

    def see(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Audit hook."""
        if event == "open":
            path, _, flags = arguments
            if isinstance(flags, int) and flags & _WRITING:
                self.write(path)
        elif event in _CHANGES:
            if isinstance(arguments[0], (str, bytes, os.PathLike)) and os.path.lexists(arguments[0]):
                self.write(arguments[0])
        elif event in _MAKES:
            path = arguments[_MAKES[event]]
            if not os.path.lexists(path):
                self.write(path)
        elif event in ("socket.connect", "socket.sendto"):
            if isinstance(arguments[1], tuple):
                self.reach(arguments[1][0])
        elif event in ("socket.getaddrinfo", "socket.gethostbyname"):
            self.reach(arguments[0])
        elif event in _STARTS:
            self.started += 1
            if self.started > self.processes:
                self.notice("processes", f"more than {self.processes} processes")

    def notice(self, kind: str, what: str) -> None:
        """Tell an attempt, unless it was told before."""
        known = self.told.setdefault(kind, set())
        if what not in known and len(known) < MOST:
            known.add(what)
            self.tell(kind, what)

    def write(self, path: Any) -> None:
        """Tell of a write, except where it is allowed, and those of Python itself: it tries to keep compiled code."""
        if not isinstance(path, (str, bytes, os.PathLike)):
            return  # a descriptor, which was opened before
        full = os.path.abspath(os.fsdecode(path))  # noqa: PTH100
        if not full.startswith(self.allowed) and "/__pycache__" not in full:
            self.notice("write", full)

    def reach(self, host: Any) -> None:
        """Tell of another host."""
        name = os.fsdecode(host) if isinstance(host, (str, bytes)) else ""
        if not _LOCAL.fullmatch(name):
            self.notice("network", name)


def usage() -> dict[str, int]:
    """Return memory at its peak, and what the control group counted: processes refused, processes ended for memory."""
    return {
        "fileBytes": _counted("RssFile:", "/proc/self/status") * 1024,  # given back when memory gets scarce
        "peakBytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        "refusedProcesses": _counted("max", f"{_GROUP}/pids.events", f"{_GROUP}/pids/pids.events"),
        "memoryKills": _counted("oom_kill", f"{_GROUP}/memory.events", f"{_GROUP}/memory/memory.oom_control"),
    }


def _counted(word: str, *names: str) -> int:
    """Return the number behind a word in the first file that has it (version 2, version 1); 0 where none has."""
    for name in names:
        try:
            with open(name, encoding="ascii") as file:  # noqa: PTH123
                counts = [int(line.split()[1]) for line in file if line.split()[:1] == [word]]
        except OSError:
            continue
        if counts:
            return counts[0]
    return 0
