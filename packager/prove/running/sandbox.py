"""A root of its own for one command, made of Linux namespaces; run as a program: ``python sandbox.py SPEC.json``.

Own mounts, processes, network and user 993: the bundle sees the paths it has on Lambda, can write nowhere but in
``/tmp``, reaches no network, holds no capability, and whatever it starts ends with it. Nothing is installed for it,
and no privilege is needed where the kernel lets users make namespaces.

SPEC is an object with ``root`` (an empty folder), ``binds`` ([source, path] pairs, mounted read-only), ``hidden``
(paths covered by an empty folder), ``files`` (path → text), ``tmp_bytes``, ``uid``, ``gid``, ``workdir``, ``argv``,
``environment``, ``limits`` (RLIMIT name → value) and ``ports`` (port → path of a socket inside that leads to it). File
descriptors beyond 2 are handed on.
Exits like the command, with 128 + N if signal N ended it; `SETUP_FAILED` if the sandbox can't be had here.
Source: user_namespaces(7), mount_namespaces(7), pid_namespaces(7).
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

SETUP_FAILED = 125

assert sys.platform == "linux", "namespaces are Linux's"

_NEWNS, _NEWUTS, _NEWIPC, _NEWUSER, _NEWPID, _NEWNET = (
    0x00020000,
    0x04000000,
    0x08000000,
    0x10000000,
    0x20000000,
    0x40000000,
)
_MS_RDONLY, _MS_NOSUID, _MS_NODEV, _MS_NOEXEC = 1, 2, 4, 8
_MS_REMOUNT, _MS_BIND, _MS_REC, _MS_PRIVATE = 32, 4096, 16384, 1 << 18
_PR_SET_PDEATHSIG, _PR_SET_NO_NEW_PRIVS, _PR_CAPBSET_DROP = 1, 38, 24
_LAST_CAPABILITY = 63
_DEVICES = ("null", "zero", "full", "random", "urandom")

_libc = ctypes.CDLL(None, use_errno=True)


def _check(result: int, what: str) -> None:
    if result != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code), what)


def _mount(source: str, path: Path, kind: str, flags: int, data: str = "") -> None:
    result = _libc.mount(
        source.encode(), os.fsencode(path), kind.encode(), ctypes.c_ulong(flags), data.encode() if data else None
    )
    _check(result, f"mount {path}")


def _enter_namespaces(uid: int, gid: int) -> None:
    """Leave the machine's namespaces. Root needs no user namespace and becomes the user later, in `_drop`."""
    rest = _NEWNS | _NEWPID | _NEWNET | _NEWIPC | _NEWUTS
    if os.geteuid() == 0 and _libc.unshare(rest) == 0:
        return
    own_uid, own_gid = os.geteuid(), os.getegid()
    _check(_libc.unshare(_NEWUSER | rest), "unshare")
    Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
    Path("/proc/self/uid_map").write_text(f"{uid} {own_uid} 1", encoding="ascii")
    Path("/proc/self/gid_map").write_text(f"{gid} {own_gid} 1", encoding="ascii")


def _bind(source: Path, path: Path) -> None:
    """Show a file or folder of the machine at another path, read-only."""
    if source.is_symlink():
        path.symlink_to(source.readlink())
        return
    if source.is_dir():
        path.mkdir(parents=True, exist_ok=True)
    else:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    _mount(str(source), path, "", _MS_BIND | _MS_REC)
    # Flags the mount came with are locked in a user namespace: a remount has to repeat them.
    flags = os.statvfs(path).f_flag & (_MS_RDONLY | _MS_NOSUID | _MS_NODEV | _MS_NOEXEC | os.ST_RELATIME)
    kept = flags & ~os.ST_RELATIME | ((1 << 21) if flags & os.ST_RELATIME else 0)
    _mount("", path, "", _MS_BIND | _MS_REMOUNT | _MS_RDONLY | kept)


def _furnish(root: Path, spec: dict[str, Any]) -> None:
    """Mount the root and everything in it but /proc, which belongs to the processes inside."""
    _mount("", Path("/"), "", _MS_REC | _MS_PRIVATE)
    _mount("tmpfs", root, "tmpfs", _MS_NOSUID | _MS_NODEV, "size=4m,mode=755")
    for source, path in spec["binds"]:
        _bind(Path(source), root / path.lstrip("/"))
    for device in _DEVICES:
        target = root / "dev" / device
        target.parent.mkdir(exist_ok=True)
        target.touch()
        _mount(f"/dev/{device}", target, "", _MS_BIND)
    for name, link in (("fd", "/proc/self/fd"), ("stdin", "fd/0"), ("stdout", "fd/1"), ("stderr", "fd/2")):
        (root / "dev" / name).symlink_to(link)
    for path, text in spec["files"].items():
        target = root / path.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    for path in spec["hidden"]:
        target = root / path.lstrip("/")
        if target.is_dir() and not target.is_symlink():
            _mount("tmpfs", target, "tmpfs", _MS_RDONLY, "size=4k,mode=555")
    for name in ("proc", "tmp"):
        (root / name).mkdir(exist_ok=True)
    _mount("tmpfs", root / "tmp", "tmpfs", _MS_NOSUID | _MS_NODEV, f"size={spec['tmp_bytes']},mode=1777")
    _mount("", root, "", _MS_BIND | _MS_REMOUNT | _MS_RDONLY | _MS_NOSUID | _MS_NODEV)


def _raise_loopback() -> None:
    """Bring up the new network's only device, so that a server of the bundle's own can be reached."""
    import fcntl
    import socket
    import struct

    get_flags, set_flags, up = 0x8913, 0x8914, 1  # netdevice(7)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        request = struct.pack("16sh14x", b"lo", 0)
        (flags,) = struct.unpack_from("16xh", fcntl.ioctl(sock, get_flags, request))
        fcntl.ioctl(sock, set_flags, struct.pack("16sh14x", b"lo", flags | up))


def _drop(spec: dict[str, Any]) -> None:
    """Give up every right: limits, capabilities, user. What follows can gain none back."""
    for name, value in spec["limits"].items():
        kind = getattr(resource, name)
        hard = resource.getrlimit(kind)[1]
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (value, value))
    for capability in range(_LAST_CAPABILITY):
        _libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0)  # fails for numbers this kernel does not know
    if os.geteuid() != spec["uid"]:
        os.setgroups([])
        os.setresgid(spec["gid"], spec["gid"], spec["gid"])
        os.setresuid(spec["uid"], spec["uid"], spec["uid"])
    _check(_libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs")


def _exit_code(status: int) -> int:
    return 128 + os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)


def _wait(child: int) -> int:
    """Wait for one child, reaping every orphan that ends before it."""
    while True:
        pid, status = os.wait()
        if pid == child:
            return _exit_code(status)


def _relay(listeners: list[tuple[Any, str]]) -> None:
    """Pass what connects to a port inside on to the socket that leads outside, until the sandbox ends."""
    import socket
    import threading

    def pump(source: Any, sink: Any) -> None:
        with suppress(OSError):
            while piece := source.recv(1 << 16):
                sink.sendall(piece)
        with suppress(OSError):
            sink.shutdown(socket.SHUT_WR)

    def serve(listener: Any, path: str) -> None:
        while True:
            inside, _ = listener.accept()
            try:
                outside = socket.socket(socket.AF_UNIX)
                outside.connect(path)
            except OSError:
                inside.close()
                continue
            for pair in ((inside, outside), (outside, inside)):
                threading.Thread(target=pump, args=pair, daemon=True).start()

    threads = [threading.Thread(target=serve, args=pair, daemon=True) for pair in listeners]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _start_relay(spec: dict[str, Any]) -> None:
    """Listen on the ports that may be reached, in a process of its own; before the command, so that it finds them."""
    import socket

    listeners = []
    for port, path in spec["ports"].items():
        for family, host in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
            listener = socket.socket(family, socket.SOCK_STREAM)
            try:
                listener.bind((host, int(port)))
                listener.listen(64)
            except OSError:  # no IPv6 here
                continue
            listeners.append((listener, path))
    if listeners and os.fork() == 0:
        for fd in spec["descriptors"]:
            os.close(fd)  # the reader of the reports waits for their end
        null = os.open("/dev/null", os.O_RDWR)
        for fd in (0, 1, 2):
            os.dup2(null, fd)
        _drop(spec)
        _relay(listeners)
        os._exit(0)
    for listener, _ in listeners:
        listener.close()


def _first_process(spec: dict[str, Any]) -> int:
    """Be process 1 of the sandbox: signals from inside do not reach it, so the command itself is process 2."""
    root = Path(spec["root"])
    _mount("proc", root / "proc", "proc", _MS_NOSUID | _MS_NODEV | _MS_NOEXEC)
    os.chroot(root)
    os.chdir(spec["workdir"])
    _start_relay(spec)
    child = os.fork()
    if child == 0:
        os.setsid()
        _drop(spec)
        os.execve(spec["argv"][0], spec["argv"], spec["environment"])
    return _wait(child)


def main() -> int:
    """Make the sandbox and run the command in it."""
    spec = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    try:
        # Dies with the process that asked for it; the processes inside die with process 1, and that with us.
        _check(_libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0), "parent death signal")
        os.umask(0o022)
        for fd in spec["descriptors"]:
            os.set_inheritable(fd, True)
        _enter_namespaces(spec["uid"], spec["gid"])
        _furnish(Path(spec["root"]), spec)
        _raise_loopback()
        if spec["ports"]:
            import threading  # noqa: F401  # behind the change of the root there is no library to load it from
        child = os.fork()
        if child == 0:
            _check(_libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0), "parent death signal")
            os._exit(_first_process(spec))
    except OSError as error:
        print(f"no sandbox: {error}", file=sys.stderr, flush=True)  # noqa: T201
        os._exit(SETUP_FAILED)
    return _wait(child)


if __name__ == "__main__":
    sys.exit(main())
