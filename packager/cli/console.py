"""What people see: timed steps on stderr, tables on stdout. Colour only on a terminal, NO_COLOR respected."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from packager.cli.plain import hanging, plain, shows_colour, width
from packager.core.units import format_seconds

if TYPE_CHECKING:
    from typing import TextIO

    from packager.model.findings import Finding

SLOW_SECONDS = 1.0
"""Steps that took less are shown with ``-v`` only, or if they failed."""
_STYLES = {"error": "bold red", "warning": "yellow", "note": "dim"}


def stdout() -> Console:
    """Return the console for results."""
    return _console(sys.stdout)


def _console(stream: TextIO) -> Console:
    """Return a console that prints texts as they are: no markup, no names of emoji, no colour where none is wanted."""
    return Console(
        file=stream,
        highlight=False,
        soft_wrap=True,
        markup=False,
        emoji=False,
        color_system="auto" if shows_colour(stream) else None,
    )


def print_row(console: Console, label: str, text: str, *, indent: int = 12) -> None:
    """Print a label and its text, broken between words on a narrow terminal; in bold where there is no label."""
    first = f"  {label:<{indent}} " if label else ""
    console.print(Text(hanging(first, plain(text), width()), style="" if label else "bold"))


class Steps:
    """Draws steps on stderr: a live line on a terminal, plain lines elsewhere. Commands' output with ``-v``."""

    def __init__(self, verbosity: int) -> None:
        """`verbosity`: -1 nothing, 0 slow steps, 1 every step and the output of commands."""
        self.verbosity = verbosity
        self.console = _console(sys.stderr)
        self._status = None
        self._shown = 0.0
        if verbosity >= 0 and self.console.is_terminal:
            self._status = self.console.status("")

    def __enter__(self) -> Steps:
        """Begin to draw."""
        return self

    def __exit__(self, *_: object) -> None:
        """Clear the live line."""
        if self._status is not None:
            self._status.stop()

    def started(self, step: str, detail: str) -> None:
        """Show the step that began."""
        if self._status is not None:
            self._status.update(Text(f"{step} {self._short(detail)}"))
            self._status.start()

    def line(self, text: str) -> None:
        """Show a line of a command: as it is with -v, as the live line's tail otherwise."""
        if self.verbosity >= 1:
            self.console.print(Text(f"  │ {plain(text)}", style="dim"))
        elif self._status is not None and text.strip() and time.monotonic() - self._shown > 0.1:
            self._shown = time.monotonic()
            self._status.update(Text(plain(text).strip()[: max(self.console.width - 6, 20)], style="dim"))

    def finished(self, step: str, detail: str, seconds: float, ok: bool) -> None:
        """Show how the step ended, if it took its time or failed."""
        if self._status is not None:
            self._status.stop()
        if self.verbosity >= 1 or (self.verbosity == 0 and (seconds >= SLOW_SECONDS or not ok)):
            mark = Text("✓ " if ok else "✗ ", style="green" if ok else "red")
            self.console.print(
                mark + Text(f"{step:<9} {self._short(detail)}  ") + Text(format_seconds(seconds), style="dim")
            )

    def note(self, text: str) -> None:
        """Show a line of advice."""
        if self.verbosity >= 0:
            self.console.print(Text(plain(text), style="dim"))

    def _short(self, detail: str) -> str:
        """Return the first line of a detail, cut to what fits beside the step and its seconds."""
        first = plain(detail.partition("\n")[0])
        room = min(max(self.console.width - 24, 12), 72) if self.console.is_terminal else 72
        return first if len(first) <= room else first[: room - 1] + "…"


def print_findings(console: Console, findings: tuple[Finding, ...] | list[Finding]) -> None:
    """Print findings, the errors first, each with its fix."""
    order = {"error": 0, "warning": 1, "note": 2}
    for finding in sorted(findings, key=lambda f: (order[f.severity], f.code, f.subject)):
        head = f"{finding.severity} {finding.code} "
        package = f" ({finding.package})" if finding.package else ""
        lines = Text(hanging(head, plain(f"{finding.subject}: {finding.message}{package}"), width()))
        lines.stylize(_STYLES[finding.severity], 0, len(head))
        console.print(lines)
        if finding.fix:
            console.print(Text(hanging("  fix: ", plain(finding.fix), width())))
