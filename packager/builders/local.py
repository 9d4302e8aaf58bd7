"""The local builder: a job in a copy of the project on this machine, with the target's platform asked of its tools."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
import uuid
from typing import TYPE_CHECKING

from packager.builders.failures import invocation_failure
from packager.builders.invocations import fill, invocations_for
from packager.builders.normalise import normalise
from packager.builders.running import run_live
from packager.builders.source import copy_source
from packager.core.errors import EnvironmentFault
from packager.core.masking import Mask
from packager.core.resources import default_cache
from packager.engines.store import EngineStore
from packager.languages.registry import LANGUAGES
from packager.model.builds import PIP_VARIABLE, WORKDIR, Tree
from packager.package_managers.registry import PACKAGE_MANAGERS
from packager.toolchains.environment import clean_environment, of_the_session
from packager.toolchains.node import find_node, this_machine

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from packager.core.progress import Stopwatch
    from packager.model.builds import Invocation
    from packager.model.plan import Job

ENGINES_FOLDER = "engines"
"""Beside the tree in scratch."""
_FREE = "free some space, or let TMPDIR name another disk"
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


class LocalBuilder:
    """Builds jobs on this machine. The project folder is read, never written."""

    def __init__(self, cache: Path | None = None, environment: Mapping[str, str] | None = None) -> None:
        self._cache = cache
        """Where Nodes of other majors are kept; None is the user's cache folder."""
        self._outside = dict(os.environ if environment is None else environment)

    def build(self, job: Job, scratch: Path, watch: Stopwatch) -> Tree:
        """Run the job in a folder of its own beneath scratch, and return what it left there.

        Raises GeneratorFault if a command fails or takes too long, EnvironmentFault if this machine lacks a tool or
        disk space, ConfigError for a lock file that cannot be used, ArtifactError for unreadable sources.
        """
        here = this_machine()
        run_scripts = here.system == "linux" and here.arch == job.arch and here.libc == job.libc
        notes = [] if run_scripts else _notes_on_scripts(job)
        invocations = invocations_for(job, run_scripts=run_scripts)
        environment, toolchain = self._surroundings(job, invocations)
        _require_tools(job, environment)
        # The name occurs nowhere else: it is what generated files are searched for afterwards.
        root = scratch / f"packager-{uuid.uuid4().hex}"
        try:
            with watch.step("copy", job.source.name):
                root.mkdir(parents=True)
                copy_source(job, root)
            if job.engine_files:
                with watch.step("engines", ", ".join(file.file for file in job.engine_files)):
                    store = EngineStore(self._cache or default_cache(), {**self._outside, **dict(job.environment)})
                    store.provide(job.engine_files, scratch / ENGINES_FOLDER, job.source)
            for invocation in invocations:
                with watch.step(invocation.purpose, job.source.name):
                    self._run(invocation, job, root, environment, watch)
            with watch.step("normalise", job.source.name):
                normalised = normalise(root, tuple(dict.fromkeys((str(root), str(root.resolve())))))
        except OSError as error:
            raise _disk_fault(error, scratch) from error
        notes += [f"{path} holds the path of the build folder and will differ each time" for path in normalised.left]
        for note in notes:
            watch.progress.line(f"note: {note}")
        return Tree(root, "local", toolchain=toolchain, notes=tuple(notes))

    def identity(self, job: Job, watch: Stopwatch) -> str:
        """Return the tools and the environment of a job as one text, less what differs from terminal to terminal."""
        here = this_machine()
        invocations = invocations_for(job, run_scripts=True)
        environment, toolchain = self._surroundings(job, invocations)
        steady = sorted((name, value) for name, value in environment.items() if not of_the_session(name))
        return repr((here, toolchain, steady))

    def _surroundings(
        self, job: Job, invocations: tuple[Invocation, ...]
    ) -> tuple[dict[str, str], tuple[tuple[str, str], ...]]:
        """Return the environment of all invocations and the versions of the tools found."""
        environment = clean_environment(self._outside)
        bundle = self._outside.get("PACKAGER_CA_BUNDLE")
        if bundle:
            names = ("NODE_EXTRA_CA_CERTS", "npm_config_cafile", "PIP_CERT", "REQUESTS_CA_BUNDLE")
            environment.update(dict.fromkeys(names, bundle))
        programs = [argv[0] for argv in LANGUAGES[job.language].build_programs]
        if "node" in programs and invocations:
            node = find_node(job.language_version, self._cache)
            environment["PATH"] = os.pathsep.join((str(node.bin_dir), environment.get("PATH", os.defpath)))
            headers = node.bin_dir.parent / "include" / "node"
            if headers.is_dir():  # else node-gyp fetches them from nodejs.org
                environment["npm_config_nodedir"] = str(node.bin_dir.parent)
            return environment, (("node", node.node_version), ("npm", node.npm_version))
        if "python3" in programs and invocations:
            python, environment[PIP_VARIABLE] = _python(environment)
            return environment, (("python", _version_of_python(python, environment)),)
        return environment, ()

    def _run(
        self, invocation: Invocation, job: Job, root: Path, environment: Mapping[str, str], watch: Stopwatch
    ) -> None:
        """Run one invocation to its end; raises GeneratorFault or EnvironmentFault unless it succeeds."""
        own = fill(invocation.environment, _any_file(), str(root.parent / ENGINES_FOLDER))
        together = {**environment, **own}
        argv = (_python(environment)[0], *invocation.argv[1:]) if invocation.argv[0] == "python3" else invocation.argv
        # Looked up on the invocation's own PATH; Popen would look on ours.
        program = shutil.which(argv[0], path=together.get("PATH"))
        if program is None:
            raise _no_program(argv[0], invocation.purpose)
        mask = Mask({**self._outside, **dict(job.environment)})
        ended = run_live(
            (program, *argv[1:]),
            folder=root / invocation.workdir,
            environment=together,
            timeout_seconds=job.timeout_seconds,
            mask=mask,
            on_line=watch.progress.line,
        )
        if ended.timed_out or ended.exit_code != 0:
            raise invocation_failure(invocation, ended, timeout_seconds=job.timeout_seconds, mask=mask, free=_FREE)


def _require_tools(job: Job, environment: Mapping[str, str]) -> None:
    """Raise EnvironmentFault for a program of the package manager that is not here, before anything is copied."""
    for program in PACKAGE_MANAGERS[job.manager].tools(job) if job.manager is not None else ():
        # Another name for a Python may do, which `_python` has found already.
        if program != "python3" and shutil.which(program, path=environment.get("PATH")) is None:
            raise _no_program(program, "install")


def _no_program(name: str, where: str) -> EnvironmentFault:
    msg = f"there is no program {name} on this machine"
    return EnvironmentFault(msg, where=where, fix=f"install {name}, or build with --builder docker")


def _disk_fault(error: OSError, scratch: Path) -> EnvironmentFault:
    where = str(error.filename or scratch).replace(str(scratch), WORKDIR, 1) if error.filename else str(scratch)
    if error.errno in _FULL:
        return EnvironmentFault("the disk is full", where=where, fix=_FREE)
    msg = f"cannot be used: {error.strerror or error}"
    return EnvironmentFault(msg, where=where, fix="set TMPDIR to a writable folder with free space")


def _notes_on_scripts(job: Job) -> list[str]:
    """Return a note on packages whose install scripts are not run, since they would build for this machine."""
    packages = PACKAGE_MANAGERS[job.manager].read(job.source).install_scripts if job.manager is not None else ()
    if not packages:
        return []
    wanted = f"{job.arch} {job.libc}"
    return [
        f"install scripts not run, since this machine is not {wanted}: {', '.join(packages)}",
        "what they would have fetched or compiled is missing, the audit tells whether that matters (docker runs them)",
    ]


def _any_file() -> str:
    """Return the path of some executable; every Unix has a ``true``, if not always in /bin."""
    return shutil.which("true") or sys.executable


# Started without -I, which would pass over the user's own packages: the working folder goes before any import instead.
_FIND_PIP = """
import sys
sys.path = [path for path in sys.path if path]
import os, pip
print(os.path.dirname(os.path.dirname(os.path.abspath(pip.__file__))))
"""


def _python(environment: Mapping[str, str]) -> tuple[str, str]:
    """Return a Python that has pip, and the folder with its pip: this Python, else those on PATH.

    Any version can fetch wheels for any other. Raises EnvironmentFault where none has pip.
    """
    names = (sys.executable, "python3", "python")
    candidates = [path for name in names if name and (path := shutil.which(name, path=environment.get("PATH")))]
    for path in dict.fromkeys(candidates):
        argv = (path, "-B", "-c", _FIND_PIP)
        done = subprocess.run(argv, env=dict(environment), capture_output=True, text=True, check=False)
        if done.returncode == 0:
            return path, done.stdout.strip()
    msg = "there is no Python with pip on this machine"
    raise EnvironmentFault(msg, fix="install python3-pip, or build with --builder docker")


def _version_of_python(path: str, environment: Mapping[str, str]) -> str:
    done = subprocess.run((path, "--version"), env=dict(environment), capture_output=True, text=True, check=False)
    return done.stdout.strip().removeprefix("Python ")
