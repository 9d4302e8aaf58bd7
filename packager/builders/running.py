"""Running one command on this machine: live output, a time limit, and nothing left behind when it ends."""

from __future__ import annotations

import contextlib
import os
import selectors
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

from packager.containers.output import Lines
from packager.core.system import end_group

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from packager.core.masking import Mask

_GRACE_SECONDS = 3.0
_GLANCE_SECONDS = 0.25


@dataclass(frozen=True)
class CommandEnd:
    """How a command ended."""

    exit_code: int
    """Negative: the signal that ended it."""
    output: str
    """Its last lines, secrets masked."""
    timed_out: bool = False
    out_of_memory: bool = False
    """Whether it is known that the memory it was allowed did not do."""


def run_live(
    argv: Sequence[str],
    *,
    folder: Path,
    environment: Mapping[str, str],
    timeout_seconds: float,
    mask: Mask,
    on_line: Callable[[str], None],
) -> CommandEnd:
    """Run a command in a process group of its own, pass on its output line by line, and end the whole group with it.

    The group is ended in every case: at the time limit, on an interrupt (which is passed on), and after a success too,
    since what a command leaves running would go on writing into the tree. Raises FileNotFoundError if there is no
    such program.
    """
    lines = Lines(mask, on_line)
    # umask is set here, so that a user's 077 does not decide what the archive's files may be.
    process = subprocess.Popen(
        list(argv),
        cwd=folder,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        umask=0o022,
    )
    try:
        timed_out = not _listen(process, lines, time.monotonic() + timeout_seconds)
        if timed_out:
            end_group(process, kill=False)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(_GRACE_SECONDS)
    finally:
        end_group(process, kill=True)
        process.wait()
        if process.stdout is not None:
            process.stdout.close()
    return CommandEnd(process.returncode, lines.finish(), timed_out)


def _listen(process: subprocess.Popen[bytes], lines: Lines, deadline: float) -> bool:
    """Read until the command has ended and its output is read; return False if the deadline comes first."""
    if process.stdout is None:  # it was opened with a pipe
        return True
    if sys.platform == "win32":
        return _listen_without(process, lines, deadline)
    descriptor = process.stdout.fileno()
    os.set_blocking(descriptor, False)
    with selectors.DefaultSelector() as selector:
        selector.register(descriptor, selectors.EVENT_READ)
        open_ = True
        while (left := deadline - time.monotonic()) > 0:
            ended = process.poll() is not None
            # An ended command may leave a daemon that holds the pipe open: what is in the pipe now is all we want.
            if open_ and selector.select(0 if ended else min(left, _GLANCE_SECONDS)):
                data = os.read(descriptor, 1 << 16)
                lines.feed(0, data)
                open_ = bool(data)
            elif ended:
                return True
            elif not open_:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(left)
    return False


def _listen_without(process: subprocess.Popen[bytes], lines: Lines, deadline: float) -> bool:
    """Do what `_listen` does where a pipe cannot be waited for with a time limit (Windows): a thread reads it."""
    if process.stdout is None:
        return True
    descriptor = process.stdout.fileno()
    pieces: SimpleQueue[bytes] = SimpleQueue()

    def read() -> None:
        with contextlib.suppress(OSError, ValueError):  # closed while it waits
            while piece := os.read(descriptor, 1 << 16):
                pieces.put(piece)
        pieces.put(b"")

    threading.Thread(target=read, name="listen", daemon=True).start()
    while (left := deadline - time.monotonic()) > 0:
        ended = process.poll() is not None
        try:
            piece = pieces.get(timeout=min(left, _GLANCE_SECONDS))
        except Empty:
            if ended:
                return True
            continue
        lines.feed(0, piece)
        if not piece:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(max(deadline - time.monotonic(), 0))
                return True
            return False
    return False
