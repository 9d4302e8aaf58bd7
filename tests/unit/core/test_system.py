"""What takes the place of a system's own functions elsewhere does the same; and everything can be imported there."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from packager.archive.fastpath import walk
from packager.archive.fastpath.fork_worker import can_work_aside
from packager.builders import running
from packager.containers.connect import Address, why_unreachable
from packager.containers.output import Lines
from packager.core import signals, system
from packager.core.masking import Mask
from packager.toolchains import interpreters

if TYPE_CHECKING:
    from pathlib import Path

IMPORT_ALL = """
import importlib, os, pkgutil, select, signal, socket, sys
import packager

PROGRAMS = ["prove.running.sandbox", "package_managers.pip_run", "package_managers.pip_tidy"]
PROGRAMS = ["packager." + name for name in PROGRAMS]

def names():
    for module in pkgutil.walk_packages(packager.__path__, "packager."):
        if not module.name.startswith(("packager.__main__", "packager._bundled", "packager.prove.loaders.")):
            if module.name not in PROGRAMS:
                yield module.name

every = list(names())
for name in every:
    importlib.import_module(name)  # so that the standard library and others are loaded as what they are
for name in [name for name in sys.modules if name.partition(".")[0] == "packager"]:
    del sys.modules[name]
for module, lacks in {
    os: "pread preadv fchmod geteuid getegid fork killpg O_CLOEXEC O_NONBLOCK O_DIRECTORY O_NOFOLLOW confstr statvfs",
    signal: "SIGHUP SIGKILL SIGSTOP SIGCONT SIGBUS",
    select: "poll",
    socket: "AF_UNIX",
}.items():
    for name in lacks.split():
        delattr(module, name)
os.supports_fd.discard(os.scandir)
sys.platform = "win32"
sys.modules["fcntl"] = sys.modules["resource"] = None
for name in every:
    importlib.import_module(name)
print(len(every))
"""


@pytest.mark.slow
def test_every_module_can_be_imported_without_what_windows_lacks() -> None:
    done = subprocess.run([sys.executable, "-c", IMPORT_ALL], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 300


@pytest.mark.parametrize("offset", [0, 3, 9, 20])
def test_a_positioned_read_without_the_system_s_own(tmp_path: Path, offset: int) -> None:
    (tmp_path / "file").write_bytes(b"0123456789")
    descriptor = os.open(tmp_path / "file", system.READ_FLAGS)
    one, other = memoryview(bytearray(4)), memoryview(bytearray(4))
    try:
        assert system.read_at_without(descriptor, 4, offset) == system.read_at(descriptor, 4, offset)
        assert system.read_into_without(descriptor, one, offset) == system.read_into(descriptor, other, offset)
        assert one == other
    finally:
        os.close(descriptor)


def test_a_lock_is_held_by_one_and_by_nobody_where_there_are_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (tmp_path / "lock").open("ab") as first, (tmp_path / "lock").open("ab") as second:
        assert system.lock(first)
        assert not system.lock(second)
    with (tmp_path / "lock").open("ab") as third:
        assert system.lock(third)
    monkeypatch.setitem(sys.modules, "fcntl", None)
    with (tmp_path / "lock").open("ab") as fourth:
        assert not system.lock(fourth)


def test_a_file_without_a_name_goes_when_it_is_closed(tmp_path: Path) -> None:
    descriptor = system.make_without_name(tmp_path / "aside")
    os.write(descriptor, b"kept")

    assert list(tmp_path.iterdir()) == []
    assert system.read_at(descriptor, 9, 0) == b"kept"
    os.close(descriptor)


@pytest.mark.parametrize("end", [system.end_group, system.end_group_without])
@pytest.mark.parametrize(("kill", "number"), [(True, signal.SIGKILL), (False, signal.SIGTERM)])
def test_a_command_is_ended(end: type[object], kill: bool, number: int) -> None:
    process = subprocess.Popen(["sleep", "60"], start_new_session=True)
    end(process, kill=kill)  # type: ignore[call-arg]

    assert process.wait(10) == -number
    end(process, kill=kill)  # type: ignore[call-arg]


def test_windows_is_told_to_stop_by_one_signal_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(signal, "SIGHUP")
    with signals.terminable():
        assert signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL


def test_nothing_is_forked_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    assert not can_work_aside()


def test_a_folder_is_listed_by_its_name_where_descriptors_do_not_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a").write_text("a")
    (tmp_path / "b").write_text("b")

    def seen() -> list[str]:
        return [group.prefix + name for group, _ in walk.look(tmp_path) for name in group.names]

    usual = seen()
    monkeypatch.setattr(walk, "_BY_DESCRIPTOR", False)
    assert seen() == usual == ["b", "in/a"]


def test_an_address_of_a_socket_says_so_where_there_are_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr("socket.AF_UNIX")
    assert why_unreachable(Address("unix:///var/run/docker.sock", "DOCKER_HOST")) == "this Python has no Unix sockets"


def test_no_glibc_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "confstr")
    assert interpreters._glibc() == ()


@pytest.mark.parametrize(
    ("script", "seconds", "done", "output"),
    [
        ("echo one; echo two", 20, True, "one\ntwo"),
        ("exec >&- 2>&-; sleep 0.2", 20, True, ""),
        ("echo begun; sleep 60", 1, False, "begun"),
        ("sleep 60 & echo left", 20, True, "left"),  # it holds the pipe open
    ],
)
def test_a_thread_listens_where_a_pipe_cannot_be_waited_for(
    script: str, seconds: float, done: bool, output: str
) -> None:
    lines = Lines(Mask({}), lambda _: None)
    process = subprocess.Popen(
        ["sh", "-c", script], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True
    )
    try:
        assert running._listen_without(process, lines, time.monotonic() + seconds) == done
    finally:
        system.end_group(process, kill=True)
        process.wait()
        assert process.stdout is not None
        process.stdout.close()

    assert lines.finish() == output
