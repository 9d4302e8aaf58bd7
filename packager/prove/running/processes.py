"""What has come from a process and is still there, and the memory it uses. Source: proc(5)."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path

_PROC = Path("/proc")
_RESIDENT = re.compile(r"^Rss(?:Anon|Shmem):\s+(\d+) kB", re.MULTILINE)
"""Pages of the process itself or of memory-backed files: a control group charges these for good."""
_SHARE = re.compile(r"^Pss_(?:Anon|Shmem):\s+(\d+) kB", re.MULTILINE)
"""The same, with what several processes share counted once."""


def descendants(pid: int) -> list[int]:
    """Return the processes that have come from this one, itself left out; none where the system does not show them."""
    children: dict[int, list[int]] = {}
    for folder in _PROC.glob("[0-9]*"):
        with suppress(OSError, ValueError):  # it may end while we look
            text = (folder / "stat").read_text(encoding="utf-8", errors="replace")
            # Behind the name, which may hold anything in its parentheses: state, parent.
            state, parent = text.rpartition(")")[2].split()[:2]
            if state != "Z":
                children.setdefault(int(parent), []).append(int(folder.name))
    found: list[int] = []
    waiting = [pid]
    while waiting:
        more = children.get(waiting.pop(), [])
        found += more
        waiting += more
    return found


def use_more_than(pids: list[int], memory_bytes: int) -> bool:
    """Return whether processes together have more memory for themselves, mapped files left out.

    What each has is quickly read and counts shared pages for everybody; their fair shares are asked where that is too
    much.
    """
    return all(
        sum(_kilobytes(pid, name, pattern) for pid in pids) << 10 > memory_bytes
        for name, pattern in (("status", _RESIDENT), ("smaps_rollup", _SHARE))
    )


def _kilobytes(pid: int, name: str, pattern: re.Pattern[str]) -> int:
    try:
        text = (_PROC / str(pid) / name).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return 0  # it has ended, or is not ours to look at
    return sum(map(int, pattern.findall(text)))
