"""The command line as a user runs it: a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent.parent
SAMPLES = ROOT / "samples"


@dataclass(frozen=True)
class Ran:
    """How a run ended."""

    code: int
    stdout: str
    stderr: str

    def json(self) -> dict[str, Any]:
        """Return the one document on stdout."""
        document: dict[str, Any] = json.loads(self.stdout)
        return document


def packager(*arguments: str | Path, cwd: Path | None = None, timeout: float = 600, **environment: str) -> Ran:
    """Run ``packager`` and return what it said. Extra keywords are environment variables."""
    done = subprocess.run(
        [sys.executable, "-m", "packager", *map(str, arguments)],
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    return Ran(done.returncode, done.stdout, done.stderr)


def sample(name: str, into: Path) -> Path:
    """Return a copy of a sample, as it is in the repository: without node_modules and dist."""
    import shutil

    target = into / name
    shutil.copytree(SAMPLES / name, target, ignore=shutil.ignore_patterns("node_modules", "dist"))
    return target
