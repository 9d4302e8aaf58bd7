"""pip: requirements.txt, and wheels for the target."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from packager.catalog.current import load_catalog
from packager.core.requirements import decoded, read_requirements
from packager.model.builds import IMAGE_TOOLS, PIP_VARIABLE, PYTHON_PACKAGES_DIR, Invocation
from packager.model.locks import LockFacts
from packager.model.package_managers import KnownCause, LockAdvice, MissingPart
from packager.package_managers.lockfiles import first_of
from packager.package_managers.scripts import script

if TYPE_CHECKING:
    from pathlib import Path

    from packager.model.plan import Job
    from packager.model.targets import Arch, Language, Version

language: Language = "python"
manifest = "requirements.txt"
lock_files: tuple[str, ...] = ("requirements.txt",)
settings_files: tuple[str, ...] = ()
cache_variable = "PIP_CACHE_DIR"
causes: tuple[KnownCause, ...] = (
    KnownCause(
        r"No matching distribution found for (?P<detail>\S+)",
        "pip found no wheel of {detail} for the target",
        "choose a version that has one, or build it: --builder docker",
    ),
)
advice = LockAdvice(
    no_manifest="name the folder that has it",
    no_lock="write it with `pip freeze > requirements.txt`",
    unread_lock="write the list with `pip freeze > requirements.txt`",
)

_WHEEL_CPU: dict[Arch, str] = {"x86_64": "x86_64", "arm64": "aarch64"}
_ISOLATED = ("python3", "-I", "-B")
# Distributions' own pip is years old: Debian 11's lacks options that every later one has, Debian 12's fetches wheels
# for another Python only to find that they do not suit its own. The newest that their Python runs is put aside.
_NEW_PIP = f"{IMAGE_TOOLS}/pip"
_FETCH_PIP = ("install", "--quiet", "--disable-pip-version-check", "--target", _NEW_PIP, "pip")


def declares(root: Path) -> bool:
    """Return False: what requirements.txt does not name is not installed."""
    return False


def is_workspace(folder: Path) -> bool:
    """Return False: there is no such thing."""
    return False


def tools(job: Job) -> tuple[str, ...]:
    """Return the programs that are started; in an image a shell chooses among its Pythons."""
    return ("python3",) if job.builder == "local" else ("sh", "python3")


def read(root: Path, member: str = "") -> LockFacts:
    """Return the packages that requirements.txt names."""
    lock_file = first_of(root / member, lock_files)
    text = decoded((root / member / lock_file).read_bytes())
    return LockFacts("pip", lock_file, tuple(read_requirements(text).items()))


def install(job: Job, *, run_scripts: bool) -> tuple[Invocation, ...]:
    """Return pip's install of wheels for the target into `PYTHON_PACKAGES_DIR`.

    Where the builder's image has the target's own Python, docker lets that one choose and build what has no wheel.
    """
    tidy = (*_ISOLATED, "-c", script("pip_tidy.py"), PYTHON_PACKAGES_DIR)
    pip = [*_ISOLATED[1:], "-c", script("pip_run.py")]
    common = ["install", "--target", PYTHON_PACKAGES_DIR, "--no-compile", "--no-input"]
    common += ["--disable-pip-version-check", "--root-user-action=ignore", "-r", job.lock_file]
    version = job.language_version
    wheels = [*common, "--only-binary=:all:", "--implementation", "cp", "--python-version", version]
    for tag in _wheel_platforms(job):
        wheels += ["--platform", tag]
    line = shlex.join(["python3", "-I", "-m", "pip", *wheels])
    if job.builder == "local":
        return Invocation("install", ("python3", *pip, *wheels), line=line), Invocation("install", tidy)
    own = f"python{version}"
    has_pip = f"{shlex.join([own, *pip])} --version >/dev/null 2>&1"
    choose = f'if {has_pip}; then exec {own} "$@"; else {shlex.join(["python3", *pip, *wheels])}; fi'
    new = ((PIP_VARIABLE, _NEW_PIP),)
    return (
        Invocation("pip", ("python3", "-I", "-m", "pip", *_FETCH_PIP)),
        Invocation("install", ("sh", "-c", choose, "pip", *pip, *common), new, line=line),
        Invocation("install", tidy, new),
    )


def prune(job: Job) -> tuple[Invocation, ...]:
    """Return nothing: development packages have a list of their own."""
    return ()


def reproducible(job: Job) -> bool:
    """Return False: a list need not pin what its packages bring along."""
    return False


def missing_parts(job: Job) -> tuple[MissingPart, ...]:
    """Return nothing: a wheel is chosen for the system when it is installed."""
    return ()


def integrity(path: Path) -> dict[str, str]:
    """Return nothing: a list may have several hashes for one version, one for each file."""
    return {}


def _wheel_platforms(job: Job) -> list[str]:
    """Return the platform tags of wheels that load on the job's userland, the newest first, as pip prefers them.

    Source: PEP 600 (manylinux_X_Y and the older names it gives a meaning to), PEP 656 (musllinux).
    """
    cpu = _WHEEL_CPU[job.arch]
    if job.libc == "musl":
        return [f"musllinux_1_{minor}_{cpu}" for minor in (2, 1)]
    glibc: Version = load_catalog().baselines[job.platform.baseline].glibc
    lowest = 5 if job.arch == "x86_64" else 17
    older = {17: "manylinux2014", 12: "manylinux2010", 5: "manylinux1"}
    tags: list[str] = []
    for minor in range(glibc[1], lowest - 1, -1):
        tags.append(f"manylinux_2_{minor}_{cpu}")
        if minor in older:
            tags.append(f"{older[minor]}_{cpu}")
    return tags
