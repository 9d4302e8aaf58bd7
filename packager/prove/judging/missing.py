"""What a failed bundle asked for and did not get, and which file asked: for the code that puts it back. Pure."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from packager.model.proof import Proof, Wanted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from packager.prove.judging.failure_context import FailureContext
    from packager.prove.judging.report import Failure, Report

_ASKED = (
    re.compile(r"Cannot find (?:module|package) '(?P<what>[^']+)'(?: imported from (?P<by>[^\s']+))?"),
    re.compile(r"ENOENT: no such file or directory, \w+ '(?P<what>[^']+)'"),
    re.compile(r"No such file or directory: '(?P<what>[^']+)'"),
    re.compile(r"No module named '(?P<what>[^']+)'"),
    re.compile(r"(?P<what>[\w.+-]+\.so[\w.]*): cannot open shared object file"),
)
_STACK = re.compile(r"Require stack:\s*\n- (?P<by>\S+)")
_FRAMES = re.compile(r"(?:file://|[( ])(/[^\s()]+?):\d+:\d+")
_PYTHON_FRAMES = re.compile(r'File "(/[^"]+)", line \d+')


def with_wanted(proof: Proof, report: Report, scene: FailureContext) -> Proof:
    """Return the proof with what its run asked for and missed; one that showed what it should is returned as it is."""
    if proof.status == "proved":
        return proof
    failures = [failure for failure in (report.failure, *report.refused, *report.native_failures) if failure]
    wanted = dict.fromkeys(item for failure in failures for item in _asked(failure, scene))
    stack = dict.fromkeys(name for failure in failures for name in _running(failure, scene))
    return replace(proof, wanted=tuple(wanted), stack=tuple(stack))


def _asked(failure: Failure, scene: FailureContext) -> Iterator[Wanted]:
    stack = _STACK.search(failure.text)
    for pattern in _ASKED:
        for match in pattern.finditer(failure.text):
            by = match.groupdict().get("by") or (stack["by"] if stack else "") or failure.path
            yield Wanted(_name(match["what"], scene), _name(by, scene) if _inside(by, scene) else "")


def _running(failure: Failure, scene: FailureContext) -> Iterator[str]:
    # Node names the innermost call first, Python last.
    paths = [*_FRAMES.findall(failure.text), *reversed(_PYTHON_FRAMES.findall(failure.text))]
    yield from (_name(path, scene) for path in paths if _inside(path, scene))


def _inside(path: str, scene: FailureContext) -> bool:
    return path.removeprefix("file://").startswith((f"{scene.task_root}/", f"{scene.layer_root}/"))


def _name(path: str, scene: FailureContext) -> str:
    """Return a path of the runtime by its name in the archive; anything else as it is."""
    plain = path.removeprefix("file://")
    for root in (scene.task_root, scene.layer_root):
        plain = plain.removeprefix(f"{root}/")
    return plain
