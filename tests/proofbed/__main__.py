# ruff: noqa: T201 - a command for people
"""False yes, false no: ``python -m tests.proofbed`` prints a line per case and level. Takes minutes, npm and PyPI.

python -m tests.proofbed [--kind KIND] [--case NAME] [--trim safe|strict|trace|bundle|all] [--jobs N] [--json]
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.proofbed.case import KINDS, NODE_LEVELS
from tests.proofbed.cases import CASES
from tests.proofbed.running import rows

if TYPE_CHECKING:
    from tests.proofbed.case import Case
    from tests.proofbed.running import Row

LEVELS = ("none", *NODE_LEVELS)


def main() -> int:
    """Run the bed and print it; 1 if packager or a case was wrong anywhere."""
    parser = argparse.ArgumentParser(prog="python -m tests.proofbed", description=__doc__)
    parser.add_argument("--kind", action="append", choices=KINDS, help="all by default")
    parser.add_argument("--case", action="append", help="by name, or kind/name")
    parser.add_argument("--trim", action="append", choices=[*LEVELS, "all"], help="all by default")
    parser.add_argument("--jobs", type=int, default=2, help="cases at a time")
    parser.add_argument("--json", action="store_true", help="print one document")
    parser.add_argument(
        "--work", type=Path, default=Path(tempfile.gettempdir()) / "packager-proofbed", help="folder to come back to"
    )
    options = parser.parse_args()
    work = options.work.resolve()
    os.environ.setdefault("PACKAGER_TEST_DOWNLOADS", str(work / "downloads"))
    levels = LEVELS if not options.trim or "all" in options.trim else tuple(options.trim)
    chosen = [case for case in CASES if _wanted(case, options.kind, options.case)]
    found: list[Row] = []
    with ThreadPoolExecutor(options.jobs) as pool:
        for lines in pool.map(lambda case: list(rows(case, levels, work)), chosen):
            found += lines
            if not options.json:
                print(*map(_line, lines), sep="\n", flush=True)
    counts = Counter(row.verdict for row in found if row.level != "plain")
    wrong = sum(row.verdict not in ("ok", "known", "not tried") for row in found)
    if options.json:
        print(json.dumps({"version": 1, "counts": counts, "rows": [_document(row) for row in found]}, indent=1))
        return 1 if wrong else 0
    print(summary(found))
    return 1 if wrong else 0


def summary(found: list[Row]) -> str:
    """Return the closing lines: how many cases of which truth, how many proved, how many verdicts of each kind."""
    plain = [row for row in found if row.level == "plain"]
    levels = [row for row in found if row.level != "plain"]
    proved = {row.case.name for row in levels if row.said.status == "proved" and row.said.code == 0}
    counts = Counter(row.verdict for row in levels)
    wrong = sum(row.verdict == "wrong case" for row in plain)
    runs = sum(row.case.truth == "runs" for row in plain)
    return (
        f"{len(plain)} cases: {runs} run, {len(plain) - runs} fail at their host; {len(proved)} proved at some level\n"
        f"{len(levels)} builds: "
        + ", ".join(f"{counts[name]} {name}" for name in ("ok", "false yes", "false no", "not proved", "known"))
        + f"; {wrong} cases are not what they claim"
    )


def _wanted(case: Case, kinds: list[str] | None, names: list[str] | None) -> bool:
    return (not kinds or case.kind in kinds) and (
        not names or case.name in names or f"{case.kind}/{case.name}" in names
    )


def _line(row: Row) -> str:
    truth = "" if row.answer is None else f"{'runs' if row.answer.ran else 'fails'} ({row.answer.where})"
    said = "" if row.level == "plain" else f"exit {row.said.code} {row.said.status or '-'}"
    line = f"{row.case.kind:8} {row.case.name:42} {row.level:7} {truth:18} {said:15} {row.verdict}"
    if row.verdict == "ok":
        return line
    shown = "" if row.answer is None else " ".join(row.answer.said.split())[:300]
    return f"{line}\n    packager: {' '.join(row.said.text.split())[:400]}\n    witness: {shown}"


def _document(row: Row) -> dict[str, Any]:
    answer = None if row.answer is None else {"ran": row.answer.ran, "where": row.answer.where, "said": row.answer.said}
    said = {"exit": row.said.code, "proof": row.said.status, "text": row.said.text}
    return {
        "kind": row.case.kind, "case": row.case.name, "level": row.level, "truth": row.case.truth_at(row.level),
        "witness": answer, "packager": said, "verdict": row.verdict,
    }  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
