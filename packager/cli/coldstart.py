"""What ``packager prove --cold-start N`` prints: text, JSON, and a chart if one is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from packager.core.units import counted, format_change, format_milliseconds, format_more, format_size
from packager.prove.cold.quartiles import ratio, spread

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from packager.prove.cold.coldstart import ColdStart


def print_cold_starts(measured: Sequence[ColdStart], chart: Path | None, seconds: float, as_json: bool) -> None:
    """Print the measurements and the seconds they took; the first artifact is compared with the second, if any."""
    if chart is not None:
        from packager.core.atomic import replacing
        from packager.prove.cold.chart import draw

        with replacing(chart) as file:
            file.write(draw(measured).encode())
    if as_json:
        import json

        print(json.dumps(_document(measured), indent=1))
        return
    from packager.cli.closing import done
    from packager.cli.console import print_row, stdout

    console = stdout()
    for one in measured:
        print_row(console, "", f"{one.name}: {counted(len(one.starts), 'cold start')}, {one.where}")
        for label, text in _rows(one):
            print_row(console, label, text)
    if len(measured) == 2:
        print_row(console, "compared", _compared(*measured))
    starts = sum(len(one.starts) for one in measured)
    print_row(console, "", done(seconds, f"{counted(starts, 'cold start')} measured"))


def _rows(one: ColdStart) -> list[tuple[str, str]]:
    starts = one.starts
    peak = spread([start.peak_bytes for start in starts]).median
    read = spread([start.read_bytes for start in starts]).median
    calls = [start.call_ms for start in starts if start.call_ms is not None]
    opened, files = counted(one.opened, "file"), counted(one.files, "file")
    rows = [
        ("process", f"{spread([start.process_ms for start in starts])} ms until the runtime's first line"),
        ("load", f"{spread([start.load_ms for start in starts])} ms until the handler is loaded"),
        ("first call", f"{spread(calls)} ms" if calls else ""),
        ("together", f"{spread([start.total_ms for start in starts])} ms: median (middle half)"),
        ("memory", f"{format_size(int(peak))} at its peak"),
        ("read", f"{format_size(int(read))}, {opened} opened, {counted(starts[0].modules, 'module')}"),
        ("size", f"{format_size(one.zipped_bytes)} zipped, {format_size(one.unzipped_bytes)} in {files}"),
    ]
    named = [(name.rpartition("/node_modules/")[2], ms) for name, ms in one.traced if ms >= 0.5]
    spent = [f"{name} {format_milliseconds(ms)}" for name, ms in named]
    rows.append(("ms each", ", ".join(spent)))
    return [(label, text) for label, text in rows if text]


def _compared(one: ColdStart, other: ColdStart) -> str:
    times = ratio([start.total_ms for start in one.starts], [start.total_ms for start in other.starts])
    return (
        f"{one.name} takes {times} times as long as {other.name}, with {format_more(one.files - other.files, 'file')} "
        f"and {format_change(one.unzipped_bytes - other.unzipped_bytes)}"
    )


def _document(measured: Sequence[ColdStart]) -> dict[str, Any]:
    document: dict[str, Any] = {"version": 1, "ok": True, "cold_starts": [_artifact(one) for one in measured]}
    if len(measured) == 2:
        these, those = ([start.total_ms for start in one.starts] for one in measured)
        times = ratio(these, those)
        document["ratio"] = {"value": times.value, "low": times.low, "high": times.high, "confidence": 0.95}
    return document


def _artifact(one: ColdStart) -> dict[str, Any]:
    totals = spread([start.total_ms for start in one.starts])
    return {
        "name": one.name,
        "where": one.where,
        "zipped_bytes": one.zipped_bytes,
        "unzipped_bytes": one.unzipped_bytes,
        "files": one.files,
        "files_opened": one.opened,
        "total_ms": {"median": totals.median, "first_quartile": totals.low, "third_quartile": totals.high},
        "starts": [{**vars(start), "total_ms": start.total_ms} for start in one.starts],
        "traced_ms": dict(one.traced),
    }
