"""Cold starts as a small SVG: a dot per start, a line at the median. No script, no font, no library. Pure."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from packager.prove.quartiles import spread

if TYPE_CHECKING:
    from collections.abc import Sequence

    from packager.prove.coldstart import ColdStart

_WIDTH, _LEFT, _ROW, _TOP = 760, 190, 56, 34
_COLOURS = ("#1f77b4", "#d95f02", "#7570b3", "#1b9e77")


def draw(measured: Sequence[ColdStart]) -> str:
    """Return the chart as SVG text: one row per artifact, milliseconds from left to right, from zero."""
    longest = max(start.total_ms for one in measured for start in one.starts)
    step = next(step for step in (10, 25, 50, 100, 250, 500, 1000, 2500, 10_000, 60_000) if longest / step <= 8)
    ticks = [step * number for number in range(int(longest // step) + 2)]
    height = _TOP + _ROW * len(measured) + 30
    bottom = height - 26

    def x(milliseconds: float) -> float:
        return round(_LEFT + milliseconds / ticks[-1] * (_WIDTH - _LEFT - 20), 1)

    size = f'viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" height="{height}"'
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif" font-size="12">',
        f"<title>Cold start in {escape(measured[0].where)}</title>",
        f'<rect width="{_WIDTH}" height="{height}" fill="white"/>',
        f'<text x="10" y="18">milliseconds until the first answer, {escape(measured[0].where)}</text>',
    ]
    for tick in ticks:
        lines.append(f'<line x1="{x(tick)}" y1="{_TOP}" x2="{x(tick)}" y2="{bottom}" stroke="#ddd"/>')
        lines.append(f'<text x="{x(tick)}" y="{height - 8}" text-anchor="middle" fill="#555">{tick}</text>')
    for row, one in enumerate(measured):
        y = _TOP + _ROW * row + _ROW // 2
        colour = _COLOURS[row % len(_COLOURS)]
        middle = spread([start.total_ms for start in one.starts])
        lines.append(f'<text x="10" y="{y - 4}" font-weight="bold">{escape(one.name[:26])}</text>')
        lines.append(f'<text x="10" y="{y + 12}" fill="#555">{escape(str(middle))} ms</text>')
        # Neighbouring dots are set one above the other in turns, so that equal times stay visible.
        for number, start in enumerate(one.starts):
            high = y - 8 + 4 * (number % 5)
            lines.append(f'<circle cx="{x(start.total_ms)}" cy="{high}" r="3" fill="{colour}" fill-opacity="0.5"/>')
        line = f'x1="{x(middle.median)}" y1="{y - 18}" x2="{x(middle.median)}" y2="{y + 18}"'
        lines.append(f'<line {line} stroke="{colour}" stroke-width="2"/>')
    return "\n".join([*lines, "</svg>", ""])
