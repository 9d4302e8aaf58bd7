"""Being asked to stop, and what an interrupt says it leaves behind."""

from __future__ import annotations

import json
import signal

import pytest

from packager.cli import run
from packager.core.signals import interrupting, terminable


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

    monkeypatch.setattr("packager.catalog.current.load_catalog", stop)

    assert run(["targets", "--json"]) == 130
    captured = capsys.readouterr()
    assert f"interrupted: {said}" in captured.err
    assert json.loads(captured.out)["error"]["message"] == f"interrupted: {said}"


def test_a_block_that_may_be_ended_leaves_the_handlers_as_they_were() -> None:
    before = [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)]
    try:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as nohup has it
        with pytest.raises(SystemExit, match="143"), terminable():
            signal.raise_signal(signal.SIGHUP)
            signal.raise_signal(signal.SIGTERM)
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN

        signal.signal(signal.SIGHUP, signal.SIG_DFL)
        with pytest.raises(SystemExit, match="129"), terminable():
            signal.raise_signal(signal.SIGHUP)
    finally:
        for number, handler in zip((signal.SIGTERM, signal.SIGHUP), before, strict=True):
            signal.signal(number, handler)
