"""Compiling on this machine: bytecode is for a version of Python, not for a system or a processor."""

from __future__ import annotations

import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from packager.compile.errand import ARGUMENTS, ENVIRONMENT, TIMEOUT_SECONDS, died, files, read_batch
from packager.core.errors import EnvironmentFault
from packager.core.units import format_timeout
from packager.toolchains.interpreters import find_python

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from packager.model.bytecode import BytecodeBatch, Manner, Module


@dataclass(frozen=True)
class LocalPython:
    """An interpreter of this machine."""

    executable: Path
    release: str

    def compile(self, modules: Sequence[Module], manner: Manner, scratch: Path) -> BytecodeBatch:
        """Return the bytecode of the modules; see `packager.model.bytecode.Python`."""
        for name, content in files(modules, [str(module.source.absolute()) for module in modules], manner).items():
            path = scratch / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        environment = dict(ENVIRONMENT)
        if sys.platform == "win32":
            import os

            environment["SYSTEMROOT"] = os.environ.get("SYSTEMROOT", "")  # no program starts without
        try:
            done = subprocess.run(
                [str(self.executable), *ARGUMENTS],
                cwd=scratch,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
                encoding="utf-8",
                errors="replace",
                timeout=TIMEOUT_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            output = error.stdout.decode("utf-8", "replace") if isinstance(error.stdout, bytes) else ""
            raise died(output, f"did not end within {format_timeout(TIMEOUT_SECONDS)}") from error
        if done.returncode != 0:
            how = f"ended with exit code {done.returncode}"
            raise died(done.stdout, how if done.returncode > 0 else f"died of signal {-done.returncode}")
        return read_batch(scratch, modules)


@contextmanager
def local_python(version: str, also: str = "") -> Iterator[LocalPython]:
    """Yield an interpreter of this machine of that version; raises EnvironmentFault.

    `also` says where else there is none.
    """
    found = find_python(version)
    if found is None:
        msg = (
            f"there is no Python {version} on this machine{also}: bytecode is made "
            "by the target's own version, and no other's"
        )
        fix = (
            f"install python{version} (or `pyenv install {version}`, or `uv python install {version}` and put it on "
            f"PATH), name an image that has it (--builder docker --image), or remove compile: true"
        )
        raise EnvironmentFault(msg, fix=fix)
    executable, title = found
    yield LocalPython(executable, title.rpartition(" ")[2])
