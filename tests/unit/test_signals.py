"""What an interrupt says it leaves behind."""

from __future__ import annotations

import json

import pytest

from packager.cli import run
from packager.signals import interrupting


def test_the_block_that_was_interrupted_says_what_it_leaves() -> None:
    with pytest.raises(KeyboardInterrupt, match="half of it"), interrupting("half of it"):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt, match="the inner"), interrupting("the outer"), interrupting("the inner"):
        raise KeyboardInterrupt


@pytest.mark.parametrize(("state", "said"), [("", "nothing was written"), ("dist may be new", "dist may be new")])
def test_the_command_line_repeats_it(
    state: str, said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def stop() -> None:
        raise KeyboardInterrupt(*([state] if state else []))

    monkeypatch.setattr("packager.catalog.load_catalog", stop)

    assert run(["targets", "--json"]) == 130
    captured = capsys.readouterr()
    assert f"interrupted: {said}" in captured.err
    assert json.loads(captured.out)["error"]["message"] == f"interrupted: {said}"
