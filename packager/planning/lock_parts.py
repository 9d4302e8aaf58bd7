"""Does the lock file know what the target's system needs: parts of packages that are one package per system."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packager.core.errors import ConfigError
from packager.package_managers.registry import PACKAGE_MANAGERS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from packager.model.package_managers import MissingPart
    from packager.model.plan import Job


def check_parts(jobs: Iterable[Job]) -> tuple[str, ...]:
    """Return a note on each part that a package may do without.

    Raises ConfigError naming all that the project cannot do without: they would not be installed, and nothing would
    say so before the function runs.
    """
    notes: list[str] = []
    for job in jobs:
        if job.manager is None:
            continue
        plugin = PACKAGE_MANAGERS[job.manager]
        parts = plugin.missing_parts(job)
        notes += [f"{job.lock_file}: {said}" for said in _said(job, (part for part in parts if not part.required))]
        if lacking := [*_said(job, (part for part in parts if part.required))]:
            raise ConfigError("; ".join(lacking), where=job.lock_file, fix=plugin.advice.incomplete_lock)
    return tuple(dict.fromkeys(notes))


def _said(job: Job, parts: Iterable[MissingPart]) -> Iterator[str]:
    for part in parts:
        system = f"linux {job.arch} {job.libc}"
        has = f"{part.others[0]}{' and others' if len(part.others) > 1 else ''}"
        yield f"lacks {part.part}, the part of {part.package} for {system}; it has {has}"
