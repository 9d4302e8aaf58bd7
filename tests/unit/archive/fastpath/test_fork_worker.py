"""Work in a copy of this process: its answer, its failures, and that nothing of it outlives us or runs twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from packager.archive.fastpath.fork_worker import Aside, UnwantedError, can_work_aside

if TYPE_CHECKING:
    from pathlib import Path

    from packager.archive.fastpath.fork_worker import Asking

pytestmark = pytest.mark.skipif(not can_work_aside(), reason="processes are copied on Linux, and without threads, only")


def test_the_answer_comes_back_whole() -> None:
    with Aside(lambda _: bytes(range(256)) * 10_000) as aside:
        assert aside.finish() == bytes(range(256)) * 10_000


def test_no_answer_is_an_answer() -> None:
    with Aside(lambda _: b"") as aside:
        assert aside.finish() == b""


@pytest.mark.parametrize("error", [ValueError(), OSError(), KeyboardInterrupt(), SystemExit(3)])
def test_whatever_goes_wrong_there_is_no_answer(error: BaseException) -> None:
    def work(_: Asking) -> bytes:
        raise error

    with Aside(work) as aside:
        assert aside.finish() is None


def test_a_killed_process_is_no_answer() -> None:
    def work(_: Asking) -> bytes:
        os.kill(os.getpid(), signal.SIGKILL)
        return b"x"

    with Aside(work) as aside:
        assert aside.finish() is None


@pytest.mark.parametrize("complete", [True, False])
def test_unwanted_work_is_told_and_may_clean_up(tmp_path: Path, *, complete: bool) -> None:
    def work(ask: Asking) -> bytes:
        try:
            while True:
                ask(complete=complete)
        except UnwantedError:
            (tmp_path / "cleaned").touch()
            raise

    with Aside(work):
        pass

    assert (tmp_path / "cleaned").exists()


def test_wanted_work_is_asked_for_once() -> None:
    def work(ask: Asking) -> bytes:
        ask(complete=True)
        ask(complete=True)
        ask(complete=False)
        return b"done"

    with Aside(work) as aside:
        assert aside.finish() == b"done"


_PARENT = """
import os, sys, time
from pathlib import Path
from packager.archive.fastpath.fork_worker import Aside
from packager.core.signals import terminable

folder = Path(sys.argv[1])

def work(ask):
    (folder / "child").write_text(str(os.getpid()))
    try:
        while True:
            ask(complete=False)
            time.sleep(0.01)
    finally:
        (folder / "cleaned").touch()

try:
    with terminable(), Aside(work):
        while not (folder / "child").exists():
            time.sleep(0.01)
        print("at work", flush=True)
        time.sleep(60)
finally:
    print("parent's", os.getpid(), flush=True)
"""


@pytest.mark.parametrize("how", ["interrupt", "interrupt of the group", "terminate", "kill"])
def test_nothing_outlives_us(tmp_path: Path, how: str) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", _PARENT, str(tmp_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "at work\n"
        if how == "interrupt":
            process.send_signal(signal.SIGINT)
        elif how == "interrupt of the group":
            os.killpg(process.pid, signal.SIGINT)
        elif how == "terminate":
            process.terminate()
        else:
            process.kill()
        said = process.stdout.read()

    # The child runs its own clean-up, and nothing of its parent's.
    assert said == ("" if how == "kill" else f"parent's {process.pid}\n")
    deadline = time.monotonic() + 20
    while not (tmp_path / "cleaned").exists():
        assert time.monotonic() < deadline
        time.sleep(0.01)
