"""A package manager made up here: ``shelf.lock`` lists ``name version hash``, and a shell makes a file of each."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from packager.core.errors import ConfigError
from packager.model.builds import Invocation
from packager.model.locks import LockFacts
from packager.model.package_managers import KnownCause, LockAdvice, MissingPart

if TYPE_CHECKING:
    from pathlib import Path

    from packager.model.plan import Job, PackageManager
    from packager.model.targets import Language

language: Language = "provided"
manifest = "shelf.txt"
lock_files: tuple[str, ...] = ("shelf.lock",)
settings_files: tuple[str, ...] = (".shelfrc",)
cache_variable = "SHELF_CACHE"
causes: tuple[KnownCause, ...] = (
    KnownCause(r"the shelf has no (?P<detail>\S+)", "the shelf has no {detail}", "run `shelf fill`"),
)
advice = LockAdvice("write a shelf.txt", "run `shelf lock`", "run `shelf lock`")


def declares(root: Path) -> bool:
    return bool((root / manifest).read_text())


def is_workspace(folder: Path) -> bool:
    return False


def tools(job: Job) -> tuple[str, ...]:
    return ("sh",)


def read(root: Path, member: str = "") -> LockFacts:
    packages = tuple((name, version) for name, version, _ in _lines(root / member / "shelf.lock"))
    return LockFacts(cast("PackageManager", "shelf"), "shelf.lock", packages)


def install(job: Job, *, run_scripts: bool) -> tuple[Invocation, ...]:
    script = 'for one in "$@"; do mkdir -p "shelf/$one"; echo "$one $ARCH" >"shelf/$one/it"; done'
    names = [name for name, _, _ in _lines(job.source / job.lock_file)]
    return (Invocation("install", ("sh", "-c", script, "shelf", *names), (("ARCH", f"{job.arch} {job.libc}"),)),)


def prune(job: Job) -> tuple[Invocation, ...]:
    names = [f"shelf/{name}" for name, _, _ in _lines(job.source / job.lock_file) if name.startswith("dev-")]
    return (Invocation("prune", ("sh", "-c", 'rm -rf -- "$@"', "shelf", *names)),)


def reproducible(job: Job) -> bool:
    return True


def missing_parts(job: Job) -> tuple[MissingPart, ...]:
    return ()


def integrity(path: Path) -> dict[str, str]:
    try:
        return {f"{name}@{version}": digest for name, version, digest in _lines(path)}
    except (ConfigError, OSError):
        return {}


def _lines(path: Path) -> list[tuple[str, str, str]]:
    if not path.is_file():
        msg = "there is no such file"
        raise ConfigError(msg, where=str(path), fix="run `shelf lock`")
    found = []
    for line in path.read_text(errors="replace").splitlines():
        words = line.split()
        if len(words) != 3 or "/" in words[0] or words[0].startswith("."):
            msg = f"{line!a} is not a package"
            raise ConfigError(msg, where=path.name, fix="run `shelf lock`")
        found.append((words[0], words[1], words[2]))
    return found
