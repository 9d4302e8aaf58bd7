"""What takes the place of a system's own functions elsewhere does the same; and everything can be imported there."""

from __future__ import annotations

import importlib.util
import os
import re
import signal
import subprocess
import sys
import time
import types
from pathlib import Path

import pytest

import packager
from packager.archive.fastpath import walk
from packager.archive.fastpath.fork_worker import can_work_aside
from packager.builders import running
from packager.containers.connect import Address, why_unreachable
from packager.containers.output import Lines
from packager.core import signals, system
from packager.core.errors import EnvironmentFault
from packager.core.masking import Mask
from packager.toolchains import interpreters

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


def test_a_system_that_removes_a_closed_file_itself_is_asked_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Windows cannot unlink an open file, but takes O_TEMPORARY."""
    asked: list[int] = []
    monkeypatch.setattr(os, "O_TEMPORARY", os.O_NOATIME, raising=False)
    real = os.open

    def opened(place: Path, flags: int, mode: int) -> int:
        asked.append(flags)
        return real(place, flags, mode)

    monkeypatch.setattr(os, "open", opened)
    descriptor = system.make_without_name(tmp_path / "aside")

    assert asked[0] & os.O_NOATIME
    assert [path.name for path in tmp_path.iterdir()] == ["aside"], "the system removes it"
    os.close(descriptor)


@pytest.mark.parametrize("busy", [False, True])
def test_windows_own_lock_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, busy: bool) -> None:
    taken = []

    def locking(descriptor: int, mode: int, length: int) -> None:
        taken.append((os.lseek(descriptor, 0, os.SEEK_CUR), mode, length))
        if busy:
            raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setitem(sys.modules, "msvcrt", types.SimpleNamespace(locking=locking, LK_NBLCK=2))
    (tmp_path / "lock").write_bytes(b"some text")
    with (tmp_path / "lock").open("ab") as file:
        assert system.lock(file) is not busy
    assert taken == [(0, 2, 1)], "every process locks the same byte"


def test_modes_and_root_mean_nothing_on_windows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_bytes(b"")
    (tmp_path / "file").chmod(0o600)
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.delattr(os, "fchmod")
    monkeypatch.delattr(os, "geteuid")
    with (tmp_path / "file").open("rb") as file:
        system.set_mode(file.fileno(), 0o755)
    assert (tmp_path / "file").stat().st_mode & 0o777 == 0o600
    assert not system.is_root()


def test_a_group_is_ended_without_process_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.delattr(os, "killpg")
    with subprocess.Popen(["sleep", "60"]) as process:
        system.end_group(process, kill=True)
        assert process.wait(10) == -signal.SIGKILL


def test_reading_falls_back_where_the_system_cannot_read_at_an_offset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "preadv")  # macOS before 11, Windows
    spec = importlib.util.find_spec("packager.core.system")
    assert spec is not None
    assert spec.loader is not None
    other = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(other)
    assert (other.read_at, other.read_into) == (other.read_at_without, other.read_into_without)
    assert system.read_at is not system.read_at_without, "Linux uses its own"


def test_a_link_points_where_it_should(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    system.make_link(tmp_path / "link", "folder")
    assert (tmp_path / "link").readlink().name == "folder"
    with pytest.raises(FileExistsError):
        system.make_link(tmp_path / "link", "folder")


PRIVILEGE = OSError(22, "A required privilege is not held by the client")
PRIVILEGE.winerror = 1314  # type: ignore[attr-defined]


@pytest.mark.parametrize("fault", [OSError(1, "Operation not permitted"), OSError(95, "Not supported"), PRIVILEGE])
def test_links_that_may_not_be_made_are_the_environment_s_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: OSError
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise fault

    monkeypatch.setattr(Path, "symlink_to", refuse)
    with pytest.raises(EnvironmentFault, match="cannot make the symbolic link to folder") as caught:
        system.make_link(tmp_path / "link", "folder")
    assert caught.value.where == str(tmp_path / "link")
    assert caught.value.fix


def test_links_are_made_in_one_place() -> None:
    """Elsewhere a system without links would end in a traceback; the sandbox runs on Linux alone, as root."""
    root = Path(packager.__path__[0])
    found = {
        path.relative_to(root).as_posix()
        for path in root.rglob("*.py")
        if re.search(r"\.symlink_to\(|os\.symlink\(", path.read_text(encoding="utf-8"))
    }
    assert found == {"core/system.py", "prove/running/sandbox.py"}


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
