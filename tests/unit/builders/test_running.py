"""Commands of this machine: live lines, a time limit for all they start, and nothing left running."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from packager.builders.running import CommandEnd, run_live
from packager.core.masking import Mask


def run(script: str, folder: Path, timeout_seconds: float = 60, lines: list[str] | None = None) -> CommandEnd:
    return run_live(
        ("sh", "-c", script),
        folder=folder,
        environment=dict(os.environ),
        timeout_seconds=timeout_seconds,
        mask=Mask({"API_TOKEN": "s3cr3t-value"}),
        on_line=([] if lines is None else lines).append,
    )


def gone(pid: int) -> bool:
    """Return whether a process has ended, waiting for the kernel if need be."""
    for _ in range(100):
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except FileNotFoundError:
            return True
        if state == "Z":  # ended; its parent has not asked yet
            return True
        time.sleep(0.05)
    return False


def test_lines_come_from_both_streams_with_secrets_masked(tmp_path: Path) -> None:
    lines: list[str] = []
    ended = run("echo one; echo 'token s3cr3t-value' >&2; printf last; exit 3", tmp_path, lines=lines)
    assert lines == ["one", "token ***", "last"]
    assert (ended.exit_code, ended.output, ended.timed_out) == (3, "one\ntoken ***\nlast", False)


def test_lines_come_while_the_command_runs(tmp_path: Path) -> None:
    """The command waits for a file that only the first line's arrival makes."""
    script = "echo ready; while [ ! -e go ]; do sleep 0.05; done; echo done"
    lines: list[str] = []

    def on_line(text: str) -> None:
        lines.append(text)
        (tmp_path / "go").touch()

    ended = run_live(
        ("sh", "-c", script),
        folder=tmp_path,
        environment=dict(os.environ),
        timeout_seconds=60,
        mask=Mask({}),
        on_line=on_line,
    )
    assert (ended.exit_code, lines) == (0, ["ready", "done"])


def test_the_time_limit_ends_the_whole_group(tmp_path: Path) -> None:
    ended = run("sleep 300 & echo $! > child; trap '' TERM; sleep 300; sleep 300", tmp_path, timeout_seconds=0.5)
    assert ended.timed_out
    assert gone(int((tmp_path / "child").read_text()))


def test_a_command_that_closes_its_output_still_has_a_time_limit(tmp_path: Path) -> None:
    assert run("exec >&- 2>&-; sleep 300", tmp_path, timeout_seconds=0.5).timed_out


def test_what_a_command_leaves_running_is_ended_and_not_waited_for(tmp_path: Path) -> None:
    ended = run("sleep 300 & echo $! > child; echo done", tmp_path)
    assert (ended.exit_code, ended.output) == (0, "done")
    assert gone(int((tmp_path / "child").read_text()))


def test_much_output_is_read_to_its_end(tmp_path: Path) -> None:
    lines: list[str] = []
    ended = run(f"{sys.executable} -c 'for i in range(50000): print(i)'", tmp_path, lines=lines)
    assert ended.exit_code == 0
    assert (len(lines), lines[-1]) == (50000, "49999")


def test_a_signal_is_told(tmp_path: Path) -> None:
    assert run("kill -SEGV $$", tmp_path).exit_code == -signal.SIGSEGV


def test_the_umask_is_the_usual_one(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        run("touch made", tmp_path)
    finally:
        os.umask(before)
    assert (tmp_path / "made").stat().st_mode & 0o777 == 0o644


def test_no_such_program_is_a_file_not_found(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        run_live(
            ("/no/such/program",), folder=tmp_path, environment={}, timeout_seconds=1, mask=Mask({}), on_line=print
        )


def test_an_interrupt_ends_the_group_and_is_passed_on(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from packager.builders.running import run_live\n"
        "from packager.core.masking import Mask\n"
        "run_live(('sh', '-c', 'sleep 300 & echo $! > child.new; mv child.new child; wait'),\n"
        "         folder=Path(sys.argv[1]), environment={'PATH': '/usr/bin:/bin'},\n"
        "         timeout_seconds=300, mask=Mask({}), on_line=print)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", program, str(tmp_path)], stderr=subprocess.PIPE)
    watchdog = threading.Timer(120, process.kill)
    watchdog.start()
    try:
        while not (tmp_path / "child").exists():
            assert process.poll() is None
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate()
    finally:
        watchdog.cancel()
    assert b"KeyboardInterrupt" in errors
    assert gone(int((tmp_path / "child").read_text()))
