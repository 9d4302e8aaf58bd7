"""What the bed of packages says of one that answers, one that waits and one that says nothing."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.bed import compare
from tests.support.trees import write_tree

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def open_stdin() -> Iterator[None]:
    """Have the standard input of this process be a pipe that never says anything, as a terminal without a user."""
    saved, (reading, writing) = os.dup(0), os.pipe()
    os.dup2(reading, 0)
    yield
    os.dup2(saved, 0)
    for number in (saved, reading, writing):
        os.close(number)


@pytest.mark.usefixtures("open_stdin")
def test_a_package_that_waits_for_input_gets_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compare, "_SECONDS", 20)
    tree = write_tree(tmp_path / "tree", {"asking/__init__.py": "import os\nHEARD = os.read(0, 1)\n"})

    assert compare.outcomes(tree, "python", "asking") == {"asking": "imported: 2 names"}


def test_what_a_package_leaves_running_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compare, "_SECONDS", 20)
    code = "import subprocess, sys\nLEFT = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
    tree = write_tree(tmp_path / "tree", {"starting/__init__.py": code})

    assert compare.outcomes(tree, "python", "starting") == {"starting": "imported: 3 names"}


def test_a_package_that_crashes_says_nothing(tmp_path: Path) -> None:
    tree = write_tree(tmp_path / "tree", {"crashing/__init__.py": "import os\nos.kill(os.getpid(), 9)\n"})

    found = compare.outcomes(tree, "python", "crashing")

    assert compare.nothing_shown(found)


@pytest.mark.parametrize(
    ("found", "shown"),
    [
        ({}, False),
        ({"(probe)": "ValueError: nothing can be said"}, False),
        ({"a": "failed: no such module", "a/b": "took too long", "a/c": "did not end"}, False),
        ({"a": "failed: no such module", "a/b": "require: function of 3 (1)"}, True),
        ({"(use)": "threw: no"}, False),
        ({"a": "imported: 2 names"}, True),
    ],
)
def test_what_shows_something(found: dict[str, str], shown: bool) -> None:
    assert bool(compare.nothing_shown(found)) is not shown
