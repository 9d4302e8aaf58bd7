"""One package in two trees: what each of its names gives, and where the trees differ."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from packager.model.targets import Language

_HERE = Path(__file__).parent
_SECONDS = 300
_LOADED_NOT = ("failed", "threw", "did not", "took too long")
_PROBE = "(probe)"


def outcomes(tree: Path, language: Language, package: str, names: list[str] | None = None) -> dict[str, str]:
    """Return name → what loading it gave; of all names the package has, or of these."""
    if language == "nodejs":
        command = ["node", str(_HERE / "probe.cjs"), str(tree), package]
    else:
        command = [sys.executable, "-I", str(_HERE / "probe.py"), str(tree), package]
    environment = {key: value for key, value in os.environ.items() if key not in ("NODE_OPTIONS", "PYTHONPATH")}
    if names is not None:
        environment["BED_NAMES"] = json.dumps([name for name in names if not name.startswith("(")])
    with tempfile.TemporaryFile() as said:
        # No input, and an answer in a file: ts-node starts an interactive Node when it is loaded, which waits for
        # a user to type, and keeps what it has inherited open.
        process = subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            code = process.wait(_SECONDS)
        except subprocess.TimeoutExpired:
            return {_PROBE: f"did not end within {_SECONDS} s"}
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        said.seek(0)
        try:
            found = json.load(said)
        except ValueError:
            return {_PROBE: f"failed: the process ended with {code}"}
    return {str(name): str(what) for name, what in found.items()}


def worked(found: dict[str, str]) -> int:
    """Return how many names loaded."""
    return sum(name != _PROBE and not what.startswith(_LOADED_NOT) for name, what in found.items())


def nothing_shown(whole: dict[str, str]) -> str:
    """Return why a package proves nothing, for none of its names loads even in the whole tree; empty if one does."""
    if worked(whole):
        return ""
    said = next((f"{name}: {what}" for name, what in whole.items()), "no two runs agree on anything")
    return f"nothing of it loads whole: {said}"


def differences(before: dict[str, str], after: dict[str, str], left_out: frozenset[str]) -> dict[str, str]:
    """Return the names that the trimmed tree answers differently, each with both answers.

    What failed must fail, in whatever words. `left_out` are paths that rules drop as what they are, twins and files of
    engines for others: to ask for one by its path is to ask for what was left out.
    """
    return {
        name: f"{what} -> {after.get(name, 'nothing')}"
        for name, what in before.items()
        if after.get(name) != what
        and not (what.startswith("failed") and after.get(name, "").startswith("failed"))
        and f"node_modules/{name}" not in left_out
    }


def alone(
    whole: Path, tree: Path, language: Language, package: str, name: str
) -> tuple[dict[str, str], dict[str, str]]:
    """Return what one name gives in a process of its own, in the whole tree and in the trimmed one.

    In a process that has loaded dozens of names before, one that failed half-way changes what the next one gives.
    """
    before, after = (outcomes(place, language, package, [name]) for place in (whole, tree))
    return before, after
