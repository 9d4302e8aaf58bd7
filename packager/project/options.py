"""What the command line says, laid over a project."""

from __future__ import annotations

import difflib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from packager.core.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from packager.model.options import BuildOptions
    from packager.model.project import Project


def _select(project: Project, names: Iterable[str]) -> Project:
    """Return the project with the named bundles only; their layers are kept by the plan. No names: all."""
    wanted = tuple(names)
    known = [spec.name for spec in project.bundles]
    for name in wanted:
        if name not in known:
            close = difflib.get_close_matches(name, known, n=1)
            guess = f", did you mean {close[0]!r}?" if close else ""
            msg = f"there is no bundle {name!r}{guess}"
            raise UsageError(msg, where="--bundle", fix=f"use one of: {', '.join(known)}")
    if not wanted:
        return project
    needed = set(wanted)
    for spec in project.bundles:
        if spec.name in wanted:
            needed.update(spec.layers)
    return replace(project, bundles=tuple(spec for spec in project.bundles if spec.name in needed))


def with_options(project: Project, options: BuildOptions) -> Project:
    """Return the project with the options laid over every bundle that is to be built.

    The target is that of the functions: a layer beneath one of them stays a layer. Raises UsageError for a bundle that
    is not there.
    """
    project = _select(project, options.bundles)
    beneath = {name for spec in project.bundles for name in spec.layers}
    specs = []
    for spec in project.bundles:
        changes: dict[str, Any] = {}
        if options.target and spec.name not in beneath:
            changes["target"] = options.target
        if options.runtime:
            changes["runtime"] = options.runtime
        if options.arches:
            changes["arches"] = options.arches
        if options.budget_bytes is not None:
            changes["budget_bytes"] = options.budget_bytes
        if options.trim is not None:
            changes["trim"] = options.trim
        specs.append(replace(spec, **changes))
    generate = project.generate
    if options.timeout_seconds is not None:
        generate = replace(generate, timeout_seconds=options.timeout_seconds)
    return replace(project, bundles=tuple(specs), generate=generate)
