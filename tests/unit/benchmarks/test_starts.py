"""Proofs against bare starts: rounds, ratios and what is printed, on starts that take no time."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from benchmarks import starts
from benchmarks.starts import Start, Taken, document, measured, overall, sample_names, table
from packager.prove.judging.outcome import Run
from packager.prove.judging.report import Report
from packager.prove.running import process


def _run(kind: str, exit_code: int = 0) -> Run:
    report = Report(done=kind == "proof" and exit_code == 0)
    return Run("local", "here", official=False, report=report, exit_code=exit_code)


def test_every_round_starts_everything_both_ways() -> None:
    log: list[tuple[str, str]] = []

    def start(name: str) -> Start:
        def load(kind: str) -> Run:
            log.append((name, kind))
            return _run(kind)

        return Start(name, load)

    taken = measured([start("a"), start("b")], 3)

    every = [("a", "bare"), ("a", "proof"), ("b", "bare"), ("b", "proof")]
    assert [sorted(log[at : at + 4]) for at in (0, 4, 8, 12)] == [every] * 4  # the first time nothing is measured
    assert [(each.name, len(each.bare), len(each.proof)) for each in taken] == [("a", 3, 3), ("b", 3, 3)]


@pytest.mark.parametrize("failing", ["bare", "proof"])
def test_a_start_that_fails_stops_the_run(failing: str) -> None:
    def load(kind: str) -> Run:
        return _run(kind, int(kind == failing))

    with pytest.raises(SystemExit, match=f"^a, {failing}: exit code"):
        measured([Start("a", load)], 1)


def test_the_ratio_is_that_of_the_medians_and_the_verdict_the_median_of_the_ratios() -> None:
    taken = [Taken("a", (0.1, 0.2, 9.0), (0.3, 0.2, 0.1)), Taken("b", (0.1,), (0.4,))]

    assert [each.ratio for each in taken] == [1.0, 4.0]
    assert overall(taken) == 2.5
    assert "| a | 200 | 200 | 1.00 |" in table(taken)
    assert "median of the ratios: 2.50" in table(taken)[-1]
    assert document(taken)["ok"] is False
    assert document(taken[:1])["ok"] is True


def test_its_arguments_are_read_and_its_report_is_json(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[str] = []

    def built(name: str, stack: object) -> list[Start]:
        asked.append(name)
        return [Start(name, _run)]

    monkeypatch.setattr(starts, "_built", built)
    monkeypatch.setattr(starts, "_cpu_seconds", lambda start, kind: 0.1)
    with pytest.raises(SystemExit) as ended:
        starts.main(["--rounds", "2", "--sample", "netlify", "--json"])

    printed = json.loads(capsys.readouterr().out)
    assert ended.value.code == 0
    assert asked == ["netlify"]
    assert printed["functions"] == [{"function": "netlify", "bare": 0.1, "proof": 0.1, "ratio": 1.0}]


@pytest.mark.parametrize("words", [["--rounds", "0"], ["--sample", "nowhere"], ["more"]])
def test_what_it_does_not_know_is_refused(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        starts.main(words)

    assert ended.value.code == 2
    assert "usage:" in capsys.readouterr().err


def test_the_samples_are_those_with_a_configuration() -> None:
    assert {"aws-lambda", "netlify", "vercel"} <= set(sample_names())


def test_what_has_told_everything_is_waited_for() -> None:
    child = subprocess.Popen([sys.executable, "-S", "-c", "import time; time.sleep(0.2)"], start_new_session=True)

    with starts._all_counted():
        vars(process)["end_group"](child, kill=True)

    assert child.wait() == 0
