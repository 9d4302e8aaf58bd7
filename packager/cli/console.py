"""What people see: timed steps on stderr, tables on stdout. Colour only on a terminal, NO_COLOR respected."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

if TYPE_CHECKING:
    from packager.model.findings import Finding

_STYLES = {"error": "bold red", "warning": "yellow", "note": "dim"}


def stdout() -> Console:
    """Return the console for results."""
    return Console(file=sys.stdout, highlight=False, soft_wrap=True)


class Steps:
    """Draws steps on stderr: a live line on a terminal, plain lines elsewhere. Commands' output with ``-v``."""

    def __init__(self, verbosity: int) -> None:
        """`verbosity`: -1 nothing, 0 steps, 1 steps and the output of commands."""
        self.verbosity = verbosity
        self.console = Console(stderr=True, highlight=False, soft_wrap=True)
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
            self._status.update(Text(f"{step} {_short(detail)}"))
            self._status.start()

    def line(self, text: str) -> None:
        """Show a line of a command: as it is with -v, as the live line's tail otherwise."""
        if self.verbosity >= 1:
            self.console.print(Text(f"  │ {text}", style="dim"))
        elif self._status is not None and text.strip() and time.monotonic() - self._shown > 0.1:
            self._shown = time.monotonic()
            self._status.update(Text(text.strip()[: max(self.console.width - 6, 20)], style="dim"))

    def finished(self, step: str, detail: str, seconds: float, ok: bool) -> None:
        """Show how the step ended."""
        if self._status is not None:
            self._status.stop()
        if self.verbosity >= 0:
            mark = Text("✓ " if ok else "✗ ", style="green" if ok else "red")
            self.console.print(
                mark + Text(f"{step:<9}") + Text(f" {_short(detail)}  ") + Text(f"{seconds:.1f} s", style="dim")
            )

    def note(self, text: str) -> None:
        """Show a line of advice."""
        if self.verbosity >= 0:
            self.console.print(Text(text, style="dim"))


def print_findings(console: Console, findings: tuple[Finding, ...] | list[Finding]) -> None:
    """Print findings, the errors first, each with its fix."""
    order = {"error": 0, "warning": 1, "note": 2}
    for finding in sorted(findings, key=lambda f: (order[f.severity], f.code, f.subject)):
        head = Text(f"{finding.severity} {finding.code} ", style=_STYLES[finding.severity])
        package = f" ({finding.package})" if finding.package else ""
        console.print(head + Text(f"{finding.subject}: {finding.message}{package}"))
        if finding.fix:
            console.print(Text(f"  fix: {finding.fix}"))


def _short(detail: str) -> str:
    """Return the first line of a detail, cut to what fits beside the step and its seconds."""
    first = detail.partition("\n")[0]
    return first if len(first) <= 72 else first[:71] + "…"
