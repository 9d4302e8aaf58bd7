"""A pytest plugin: what ``./run test`` could not run is said again at the end, where people look."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print a section of its own above pytest's closing line."""
    left_out = os.environ.get("PACKAGER_LEFT_OUT", "")
    if left_out:
        terminalreporter.section("NOT EVERYTHING WAS RUN", sep="!", red=True, bold=True)
        for line in left_out.splitlines():
            terminalreporter.write_line(line, red=True)
