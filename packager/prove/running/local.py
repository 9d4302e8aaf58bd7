"""A proof without Docker: the runtime's exact major on this machine, in a sandbox of namespaces where possible."""

from __future__ import annotations

import ctypes
import json
import os
import shutil
import sys
import warnings
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from packager.core.masking import Mask
from packager.core.system import is_root
from packager.languages.registry import LANGUAGES
from packager.prove.judging.outcome import Run
from packager.prove.judging.report import read_report
from packager.prove.loaders import scripts as loaders
from packager.prove.running.process import GROUP_ID, LIMITS, PROCESSES, TMP_BYTES, report_pipe, watch
from packager.prove.running.relay import relayed
from packager.prove.running.request import moved, runtime_environment

if TYPE_CHECKING:
    from collections.abc import Sequence

    from packager.prove.running.process import ProcessEnd
    from packager.prove.running.request import ProofRequest
    from packager.prove.running.unpack import CleanRoot
    from packager.toolchains.interpreters import LocalRuntime

_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
_SETTINGS = ("/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/ssl", "/etc/pki", "/etc/alternatives")
# Debian's Node also looks for packages here; what the machine has must not make up for what the bundle lacks.
_HIDDEN = ("/usr/lib/nodejs", "/usr/share/nodejs", "/usr/lib/node", "/usr/local/lib/node_modules")


def run_locally(root: CleanRoot, request: ProofRequest, runtime: LocalRuntime, *, bare: tuple[str, ...] = ()) -> Run:
    """Load the bundle on this machine and return how that went.

    `bare` are arguments of the interpreter that take the place of the loader's: what a start costs without a proof.
    """
    target = request.target
    outcome = _in_sandbox(root, request, runtime.executable, bare)
    where = f"{runtime.title} on this machine"
    if outcome is None:
        where += ", without namespaces"
        outcome = _plain(root, request, runtime.executable, bare)
    if target.baseline.glibc and runtime.glibc != target.baseline.glibc:
        have, want = (".".join(map(str, version)) for version in (runtime.glibc, target.baseline.glibc))
        where += f" (glibc {have} where the target has {want})"
    mask = Mask(request.own)
    return Run(
        how="local",
        where=where,
        official=False,
        report=read_report(outcome.events),
        exit_code=outcome.exit_code,
        output=mask("\n".join(outcome.lines)),
        timed_out=outcome.timed_out,
        out_of_memory=outcome.out_of_memory,
        processes=outcome.processes,
    )


def _in_sandbox(root: CleanRoot, request: ProofRequest, executable: Path, bare: tuple[str, ...]) -> ProcessEnd | None:
    """Run under the paths of the runtime, in namespaces; None where the kernel does not let us have them."""
    if sys.platform != "linux":
        return None
    from packager.prove.running import sandbox

    system = request.target.system
    requested = root.scratch / "request.json"
    requested.write_text(request.to_json(system.function_root, system.layer_root), encoding="utf-8")
    requested.chmod(0o644)  # read by the proof's user, whatever our umask
    inside, binds = _language_bind(executable, (system.function_root, system.layer_root))
    loader = LANGUAGES[request.target.language].proof.loader
    brought = [(str(root.runtime), system.runtime_root)] if root.runtime.is_dir() else []
    mounts = [
        *((path, path) for path in (*_SYSTEM, *_SETTINGS) if Path(path).exists()),
        *binds,
        *((str(loaders.FOLDER / name), f"/packager/{name}") for name in loaders.files(request.target.language)),
        (str(requested), "/packager/request.json"),
        (str(root.task), system.function_root),
        (str(root.layers), system.layer_root),
        *brought,
        *([(str(root.scratch / "ports"), "/packager/ports")] if request.ports else []),
    ]
    (root.scratch / "root").mkdir(exist_ok=True)
    with report_pipe() as (reading, writing), relayed(request.ports, root.scratch / "ports"):
        flags = _flags(request, "/packager/")
        loading = (f"/packager/{loader}", request.marker, str(writing), "/packager/request.json")
        argv = [inside, *flags, *(bare or loading)]
        specification = {
            "root": str(root.scratch / "root"),
            "binds": mounts,
            "hidden": _HIDDEN,
            "files": {
                "/etc/passwd": f"sbx_user1051:x:{system.user_id}:{GROUP_ID}::/home/sbx_user1051:/sbin/nologin\n",
                "/etc/group": f"sbx_user1051:x:{GROUP_ID}:\n",
                "/etc/hosts": "127.0.0.1 localhost\n::1 localhost\n",
                "/etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\n",
            },
            "tmp_bytes": TMP_BYTES,
            "uid": system.user_id,
            "gid": GROUP_ID,
            "workdir": system.function_root,
            "argv": argv,
            "environment": runtime_environment(request),
            "limits": {**LIMITS, "RLIMIT_NPROC": PROCESSES},
            "descriptors": [writing],
            "ports": {port: f"/packager/ports/{port}" for port in request.ports},
        }
        file = root.scratch / "sandbox.json"
        file.write_text(json.dumps(specification), encoding="utf-8")
        command = [sys.executable, "-I", "-S", str(Path(sandbox.__file__)), str(file)]
        outcome = watch(command, request, (reading, writing), environment={}, folder=root.scratch)
    refused = outcome.exit_code == sandbox.SETUP_FAILED and not outcome.events
    return None if refused else outcome


@lru_cache(maxsize=1)
def namespaces_allowed() -> bool:
    """Return whether the kernel lets this process have namespaces: asked once, in a child that ends at once."""
    if sys.platform != "linux":
        return False
    flags = 0x00020000 if is_root() else 0x10000000 | 0x00020000  # CLONE_NEWUSER and CLONE_NEWNS
    with warnings.catch_warnings():  # forking beside threads is no matter for a child that does one call and ends
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        os._exit(0 if ctypes.CDLL(None).unshare(flags) == 0 else 1)
    return os.waitpid(child, 0)[1] == 0


def _plain(root: CleanRoot, request: ProofRequest, executable: Path, bare: tuple[str, ...]) -> ProcessEnd:
    """Run as a process of our own group with a cleaned environment, the mount points replaced by scratch folders."""
    system = request.target.system
    places = {system.function_root: str(root.task), system.layer_root: str(root.layers)}
    if root.runtime.is_dir():
        places[system.runtime_root] = str(root.runtime)
    private = root.scratch / "tmp"
    private.mkdir(mode=0o777, exist_ok=True)
    private.chmod(0o777)
    requested = root.scratch / "request.json"
    text = request.to_json(str(root.task), str(root.layers))
    for mount, folder in places.items():
        text = text.replace(f'"{mount}/', f'"{folder}/')
    requested.write_text(text, encoding="utf-8")
    requested.chmod(0o644)
    loader = root.scratch / LANGUAGES[request.target.language].proof.loader
    for name in loaders.files(request.target.language):
        shutil.copyfile(loaders.FOLDER / name, root.scratch / name)
    with report_pipe() as (reading, writing):
        loading = (str(loader), request.marker, str(writing), str(requested))
        argv = [str(executable), *_flags(request, f"{root.scratch}/"), *(bare or loading)]
        outcome = watch(
            argv,
            request,
            (reading, writing),
            environment={**moved(runtime_environment(request), places), "TMPDIR": str(private)},
            folder=root.task,
            limits=True,
            user=system.user_id if is_root() else None,
        )

    def back(text: str) -> str:
        for mount, folder in places.items():
            text = text.replace(folder, mount)
        return text

    events = tuple(json.loads(back(json.dumps(event))) for event in outcome.events)
    return replace(outcome, events=events, lines=tuple(back(line) for line in outcome.lines))


def _flags(request: ProofRequest, folder: str) -> tuple[str, ...]:
    """Return the interpreter's options, with the tracer preloaded if need be; `folder`: our files', with a slash."""
    language = LANGUAGES[request.target.language]
    flags = (*language.interpreter_flags(request.memory_bytes, request.own), *request.flags)
    traced = request.traced and language.proof.tracer
    return (*flags, language.proof.preload, folder + language.proof.tracer) if traced else flags


def _language_bind(executable: Path, taken: Sequence[str]) -> tuple[str, list[tuple[str, str]]]:
    """Return the interpreter's path inside and what to mount for it: in place under /usr, else at /var/lang.

    Where it can be, its folder is also mounted under its own name, which its RPATH may hold.
    """
    real = executable.resolve()
    if real.is_relative_to("/usr"):
        return str(real), []
    prefix = real.parent.parent
    mounts = [(str(prefix), "/var/lang")]
    if not any(prefix.is_relative_to(path) for path in (*taken, "/tmp", "/packager")):
        mounts.append((str(prefix), str(prefix)))
    return f"/var/lang/{real.relative_to(prefix).as_posix()}", mounts
