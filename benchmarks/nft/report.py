"""Rows and totals, as a table for people and as a document.

packager keeps the licence of each package whose code it ships, nft leaves it out: its bytes are told apart.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MOST_BYTES = 1.0
"""Bytes of packager's trace without licences to those of nft's, the median where both run."""


_HEAD = (
    "script", "Node", "full tree", "packager says", "runs from its trace", "runs from nft's", "bytes", "of licences",
    "nft's bytes", "without licences / nft's",
)  # fmt: skip


@dataclass(frozen=True)
class Row:
    """One script, started in one way."""

    script: str
    way: str
    """``nodejs24.x`` or ``plain``."""
    not_run: str = ""
    """Why it was not compared; all that follows is empty then."""
    fails: bool = False
    """Whether it is there to fail: then a yes of packager's is wrong."""
    proved: bool = False
    """What packager says."""
    why: str = ""
    """What it says if that is no."""
    trace_runs: bool = False
    """Whether it does from packager's archive what it does in the full tree; the same of nft's trace follows."""
    trace_said: str = ""
    nft_runs: bool = False
    nft_said: str = ""
    trace_bytes: int = 0
    """Unpacked, as are the others."""
    licence_bytes: int = 0
    """How many of these are licences."""
    nft_bytes: int = 0

    @property
    def false_yes(self) -> bool:
        """Return whether packager says yes to what does not run."""
        return self.proved and (self.fails or not self.trace_runs)

    @property
    def ratios(self) -> tuple[float, float] | None:
        """Return packager's bytes to nft's, with licences and without them; None where not both run."""
        if not (self.trace_runs and self.nft_runs and self.nft_bytes):
            return None
        return self.trace_bytes / self.nft_bytes, (self.trace_bytes - self.licence_bytes) / self.nft_bytes


@dataclass(frozen=True)
class Totals:
    """What the rows of one way come to."""

    way: str
    run: int
    """How many scripts were compared."""
    proved: int
    trace_runs: int
    nft_runs: int
    false_yes: int
    median_bytes: float | None
    """packager's to nft's where both run; None where there is no such script."""
    median_without_licences: float | None

    @property
    def ok(self) -> bool:
        """Return whether nothing that was asked for is missed."""
        small = self.median_without_licences is None or round(self.median_without_licences, 2) <= MOST_BYTES
        return self.false_yes == 0 and self.trace_runs >= self.nft_runs and small


def totals(rows: Sequence[Row]) -> list[Totals]:
    """Return the totals of each way, in the order of the rows."""
    found = []
    for way in dict.fromkeys(row.way for row in rows):
        run = [row for row in rows if row.way == way and not row.not_run]
        ratios = [row.ratios for row in run if row.ratios is not None]
        found.append(
            Totals(
                way=way,
                run=len(run),
                proved=sum(row.proved for row in run),
                trace_runs=sum(row.trace_runs for row in run),
                nft_runs=sum(row.nft_runs for row in run),
                false_yes=sum(row.false_yes for row in run),
                median_bytes=median(whole for whole, _ in ratios) if ratios else None,
                median_without_licences=median(bare for _, bare in ratios) if ratios else None,
            )
        )
    return found


def table(rows: Sequence[Row]) -> Iterator[str]:
    """Yield the lines for people: a table, what did not run with its reason, the totals."""
    yield f"| {' | '.join(_HEAD)} |"
    yield "|---" * len(_HEAD) + "|"
    yield from (_line(row) for row in rows if not row.not_run)
    notes = [*_notes(rows)]
    if notes:
        yield ""
        yield from notes
    yield ""
    for total in totals(rows):
        size = "no script runs from both"
        if total.median_bytes is not None and total.median_without_licences is not None:
            size = f"median {total.median_bytes:.3f}, without licences {total.median_without_licences:.3f}"
        yield (
            f"{total.way}: {total.run} run; packager proves {total.proved}, {total.trace_runs} run from its trace, "
            f"{total.nft_runs} from nft's; {total.false_yes} false yes; bytes to nft's: {size}"
        )


def document(rows: Sequence[Row], commit: str) -> dict[str, object]:
    """Return what ``--json`` prints."""
    found = totals(rows)
    return {
        "version": 1,
        "ok": all(total.ok for total in found),
        "commit": commit,
        "rows": [{**asdict(row), "false_yes": row.false_yes} for row in rows],
        "totals": [{**asdict(total), "ok": total.ok} for total in found],
    }


def _line(row: Row) -> str:
    ratio = "" if row.ratios is None else f"{row.ratios[1]:.2f}"
    says = "FALSE YES" if row.false_yes else "proved" if row.proved else "no"
    cells = (
        row.script,
        row.way,
        "fails, as it should" if row.fails else "runs",
        says,
        "yes" if row.trace_runs else "no",
        "yes" if row.nft_runs else "no",
        f"{row.trace_bytes:,}",
        f"{row.licence_bytes:,}",
        f"{row.nft_bytes:,}",
        ratio,
    )
    return f"| {' | '.join(cells)} |"


def _notes(rows: Sequence[Row]) -> Iterator[str]:
    """Yield a line for each thing that is not as it might be."""
    for row in rows:
        name = f"- {row.script}, {row.way}: "
        if row.not_run:
            yield f"{name}not run: {row.not_run}"
            continue
        if not row.proved and not row.fails:
            yield f"{name}packager says no: {row.why}"
        if not row.trace_runs:
            yield f"{name}does not run from packager's trace: {row.trace_said}"
        if not row.nft_runs:
            yield f"{name}does not run from nft's trace: {row.nft_said}"
