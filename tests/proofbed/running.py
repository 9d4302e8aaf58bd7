"""A case on the bed: what packager says at each level, what the witness makes of what packager wrote."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from tests.proofbed.projects import NotInstalled, before, configure, plain, project
from tests.support.cli import packager
from tests.support.witnesses.asking import Answer, Question, Unavailable, ask

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from tests.proofbed.case import Case

Verdict = Literal["ok", "false yes", "false no", "not proved", "wrong case", "known", "not tried"]


@dataclass(frozen=True)
class Said:
    """What packager said of one level."""

    code: int
    status: str
    """Of the proof: proved, failed, skipped; empty where there was none."""
    text: str
    """The findings that are errors, or the error."""
    archives: tuple[Path, ...] = ()
    """What it wrote, one for each start; empty where it refused."""


@dataclass(frozen=True)
class Row:
    """One line: a case at a level."""

    case: Case
    level: str
    said: Said
    answer: Answer | None
    """The witness on what packager wrote, if it wrote anything."""
    verdict: Verdict


def rows(case: Case, levels: Sequence[str], work: Path) -> Iterator[Row]:
    """Yield a row per level; one of the level "plain" first, which shows whether the case is what it claims."""
    try:
        tree = plain(case, work)
        shown = witness(case, [(tree, start) for start in case.starts or (case.handler,)], ())
    except NotInstalled as reason:
        shown = Answer(ran=False, where="install", said=str(reason))
    except Unavailable as reason:
        yield Row(case, "plain", Said(0, "", str(reason)), None, "not tried")
        return
    claimed = "runs" if shown.ran else "fails"
    yield Row(case, "plain", Said(0, "", ""), shown, "ok" if claimed == case.truth else "wrong case")
    for level, said in heard(case, [level for level in case.levels if level in levels], work).items():
        answer = None
        if said.archives:
            starts = list(zip(said.archives, case.starts or (case.handler,), strict=True))
            if case.target == "netlify":
                starts = [(archive, start.rpartition("/")[2]) for archive, start in starts]
            answer = witness(case, starts, [said.archives[0].parent / f"{name}.zip" for name in case.layers])
        judged = verdict(case, level, said, answer)
        yield Row(case, level, said, answer, "known" if case.known and judged != "ok" else judged)


def verdict(case: Case, level: str, said: Said, answer: Answer | None) -> Verdict:
    """Return what to think of it. What packager wrote counts more than what the plain tree showed."""
    if said.code != 0:
        return "ok" if case.truth_at(level) == "fails" else "false no"
    runs = answer.ran if answer else case.truth_at(level) == "runs"
    if said.status == "proved":
        return "ok" if runs else "false yes"
    if not runs and case.truth_at(level) == "runs":
        return "false yes"  # the archive lacks what the plain tree has, and exit code 0 says it is good
    return "not proved" if runs and case.proved else "ok"


def heard(case: Case, levels: Sequence[str], work: Path) -> dict[str, Said]:
    """Return what packager says: of all levels in one run where that succeeds, else one by one."""
    if not levels:
        return {}
    if case.command != "build":
        return {level: _packed(case, level, work) for level in levels}
    earlier = before(case)
    if earlier is not None:
        _built(earlier, levels, work)
    if len(levels) > 1 and case.target == "aws-lambda":
        found = _built(case, levels, work)
        if all(said.code == 0 for said in found.values()):
            return found
    return {level: _built(case, [level], work)[level] for level in levels}


def witness(case: Case, starts: Sequence[tuple[Path, str]], layers: Sequence[Path]) -> Answer:
    """Return the first answer that is none, else the last."""
    answer = Answer(ran=False, where="", said="nothing to start")
    for archive, start in starts:
        handler = f"{start}.handler" if case.target == "netlify" else start
        answer = ask(
            Question(
                archive, case.target, case.runtime, handler, case.event, tuple(layers), case.environment, case.pause
            )
        )
        if not answer.ran:
            break
    return answer


def _built(case: Case, levels: Sequence[str], work: Path) -> dict[str, Said]:
    folder = project(case, work)
    out = folder.parent / "dist" / "+".join(levels)
    shutil.rmtree(out, ignore_errors=True)
    configure(case, folder, levels)
    done = packager(
        "build", ".", "--builder", "local", "--json", "--out", out, "--cache", work / "cache", *case.options, cwd=folder
    )
    try:
        document = json.loads(done.stdout)
    except ValueError:
        document = {"error": {"message": f"no JSON: {done.stdout[-500:]}{done.stderr[-1500:]}"}}
    if "bundles" not in document:
        error = document.get("error", {})
        said = Said(done.code or 70, "", f"{error.get('where', '')}: {error.get('message', '')}")
        return dict.fromkeys(levels, said)
    parts = {part["bundle"]: part for part in document["bundles"]}
    return {level: _said(case, parts[level], out, done.code) for level in levels}


def _said(case: Case, part: dict[str, Any], out: Path, code: int) -> Said:
    errors = [f"{item['code']} {item['message']}" for item in part["findings"] if item["severity"] == "error"]
    proof = part.get("proof") or {}
    status, detail = proof.get("status", ""), proof.get("detail", "")
    if code != 0:
        return Said(code if not part["ok"] else 0, status, "; ".join(errors) or detail)
    if case.target == "netlify":
        archives = tuple(out / "netlify/functions" / f"{start.rpartition('/')[2]}.zip" for start in case.starts)
    else:
        archives = (out / f"{part['bundle']}.zip",) * len(case.starts or (case.handler,))
    return Said(0, status, detail, archives)


def _packed(case: Case, level: str, work: Path) -> Said:
    """Pack a finished folder and prove it, or zip it with its links and have that audited and proved."""
    folder = project(case, work)
    archive = folder.parent / f"{level}.zip"
    archive.unlink(missing_ok=True)
    cache = ("--cache", work / "cache")
    if case.command == "pack":
        trim = () if level == "none" else ("--trim", level, "--runtime", case.runtime)
        done = packager("pack", folder, "-o", archive, *cache, *trim)
        if done.code:
            return Said(done.code, "", done.stderr[-600:])
    else:
        subprocess.run(["zip", "-qry", str(archive), "."], cwd=folder, check=True)
        audited = packager("audit", archive, "--runtime", case.runtime)
        if audited.code:
            return Said(audited.code, "", audited.stdout[-600:] + audited.stderr[-600:])
    done = packager(
        "prove", archive, "--runtime", case.runtime, "--handler", case.handler, "--how", "local", *cache, "--json"
    )
    document = json.loads(done.stdout or "{}")
    status = document.get("status") or (document.get("proof") or {}).get("status", "")
    return Said(done.code, status, json.dumps(document)[:600], () if done.code else (archive,))
