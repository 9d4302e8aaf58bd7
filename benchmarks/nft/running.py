"""Running a script in a folder under Node: it and all that it started end with it."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

SECONDS = 120.0


@dataclass(frozen=True)
class Ran:
    """How a script ended."""

    exit_code: int | None
    """None: it did not end in time."""
    said: str
    """The line of its output that says most, cut."""


def run(node: Path, flags: Sequence[str], folder: Path, script: str, seconds: float = SECONDS) -> Ran:
    """Run a script of a folder, with nothing of our own environment but this Node in front of PATH."""
    with tempfile.TemporaryDirectory(prefix="packager-nft-") as home, tempfile.TemporaryFile() as output:
        path = os.pathsep.join((str(node.parent), os.defpath))
        process = subprocess.Popen(
            (str(node), *flags, script),
            cwd=folder,
            env={"PATH": path, "HOME": home, "TMPDIR": home},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            code: int | None = process.wait(seconds)
        except subprocess.TimeoutExpired:
            code = None
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        output.seek(0)
        text = output.read().decode("utf-8", "replace")
    return Ran(code, "" if code == 0 else telling(text) if code is not None else f"did not end within {seconds:.0f} s")


def telling(text: str) -> str:
    """Return the first line that names an error, else the last one; empty if there is none."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    named = (line for line in lines if "Error" in line and not line.startswith("at "))
    return next(named, lines[-1] if lines else "")[:200]
