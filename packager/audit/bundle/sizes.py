"""Artifact against budget, heaviest parts first. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from packager.catalog.finding_codes.registry import CODES
from packager.core.units import counted, format_bytes, format_count, format_size
from packager.model.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from packager.model.findings import Severity
    from packager.model.targets import Budget

_LARGEST_SHOWN = 5


@dataclass(frozen=True)
class Weights:
    """What an artifact weighs, in bytes."""

    zipped_bytes: int | None
    """None for a folder that is not a zip yet."""
    unzipped_bytes: int
    layers_unzipped_bytes: tuple[int, ...] = ()
    """Of each layer beneath it."""
    entries: int = 0


def weigh(
    name: str, weights: Weights, target_title: str, budget: Budget, largest: Sequence[tuple[str, int]] = ()
) -> list[Finding]:
    """Return which limits an artifact breaks, with exact bytes: SIZE001 to SIZE005.

    `largest` are (what, bytes) of the heaviest parts, in any order. More than the limit is too much; the limit itself
    is not.
    """
    return list(_weigh(name, weights, target_title, budget, _heavy(largest)))


def _weigh(name: str, weights: Weights, title: str, budget: Budget, heavy: str) -> Iterator[Finding]:
    zipped, unzipped, layers, entries = (
        weights.zipped_bytes,
        weights.unzipped_bytes,
        weights.layers_unzipped_bytes,
        weights.entries,
    )
    if zipped is not None and budget.zipped is not None and zipped > budget.zipped:
        over = _over(zipped, budget.zipped)
        if budget.zipped_by_user:
            yield _finding("SIZE001", name, f"has {over} of your budget, zipped", heavy)
        elif budget.zipped_is_hard:
            yield _finding("SIZE001", name, f"has {over} of {title}, zipped", heavy)
        else:
            message = f"has {over} that {title} takes in a direct upload, zipped"
            fix = f"upload it through S3{heavy and '; or ' + heavy}"
            yield _finding("SIZE001", name, message, fix, "warning")
    if budget.unzipped is not None and unzipped > budget.unzipped:
        yield _finding("SIZE002", name, f"has {_over(unzipped, budget.unzipped)} of {title}, unzipped", heavy)
    total = unzipped + sum(layers)
    limit = budget.unzipped_with_layers
    if limit is not None and total > limit and (layers or budget.unzipped is None):
        message = f"and its {counted(len(layers), 'layer')} have {_over(total, limit)} of {title}, unzipped"
        yield _finding("SIZE003", name, message, heavy)
    if budget.layers is not None and len(layers) > budget.layers:
        yield _finding("SIZE004", name, f"has {len(layers)} layers, {title} allows {budget.layers}")
    if budget.entries is not None and entries > budget.entries:
        message = f"has {counted(entries, 'entry', 'entries')}, {title} allows {format_count(budget.entries)}"
        yield _finding("SIZE005", name, message)


def _over(size: int, limit: int) -> str:
    over = size - limit
    much = f"{format_count(over)} ({format_size(over)})" if over >= 1024 else format_count(over)
    return f"{format_bytes(size)}, {much} over the {format_bytes(limit)}"


def _heavy(largest: Sequence[tuple[str, int]]) -> str:
    ranked = sorted(largest, key=lambda part: (-part[1], part[0]))[:_LARGEST_SHOWN]
    parts = ", ".join(f"{what} {format_size(size)}" for what, size in ranked)
    return f"leave out what is not needed; the largest: {parts}" if parts else ""


def _finding(code: str, subject: str, message: str, fix: str = "", severity: Severity | None = None) -> Finding:
    row = CODES[code]
    return Finding(code, severity or row.severity, subject, message, fix or row.fix)
