"""What any interpreter is given to compile, and what it leaves: a folder with a script, a request and outputs.

The same in both places, so that the same release gives the same bytes: frozen hashing, no site packages, and paths
only as they will be where the modules run.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from packager.core.errors import GeneratorFault
from packager.model.bytecode import BytecodeBatch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from packager.model.bytecode import Manner, Module

ARGUMENTS = ("-S", "-s", "-B", "worker.py", "request.json")
"""After the interpreter, in the folder. Not -I: it would ignore the environment."""
ENVIRONMENT = {
    # The order of sets in constants; Python 3.11 is the first to sort them.
    "PYTHONHASHSEED": "0",
    "LC_ALL": "C.UTF-8",
    "TZ": "UTC",
}
TIMEOUT_SECONDS = 1800.0
OUT = "made"
"""Folder of outputs in the folder."""
_ANSWER = f"{OUT}/answer.json"
_SCRIPT = Path(__file__).parent / "worker.py"


def files(modules: Sequence[Module], sources: Sequence[str], manner: Manner) -> dict[str, bytes]:
    """Return the files of the folder by name; `sources` are where the interpreter finds each module's text."""
    request = {
        "files": [
            [source, f"{OUT}/{number}.pyc", module.name]
            for number, (module, source) in enumerate(zip(modules, sources, strict=True))
        ],
        "optimize": manner.optimize,
        "checked": manner.checked,
        "answer": _ANSWER,
    }
    return {"worker.py": _SCRIPT.read_bytes(), "request.json": json.dumps(request).encode(), f"{OUT}/.here": b""}


def read_batch(folder: Path, modules: Sequence[Module]) -> BytecodeBatch:
    """Return what was left in the folder."""
    failed: dict[str, str] = json.loads((folder / _ANSWER).read_bytes())
    made = {
        module.name: (folder / OUT / f"{number}.pyc").read_bytes()
        for number, module in enumerate(modules)
        if module.name not in failed
    }
    return BytecodeBatch(made, failed)


def died(output: str, how: str) -> GeneratorFault:
    """Return the error for an interpreter that did not come to its end; the output's last line names the module."""
    last = (output.strip().splitlines() or ["compiling Python modules"])[-1]
    fix = "leave this file out with an include pattern, or remove compile: true"
    return GeneratorFault(f"Python {how} while it compiled this file", where=last, fix=fix)
