"""Command-line words → options, project and plan; the same for build, plan, emit and layer build."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from packager.archive.fastpath.codec import LEVELS
from packager.core.errors import UsageError
from packager.core.resources import default_cache
from packager.core.units import parse_size
from packager.model.options import BuildOptions

if TYPE_CHECKING:
    import click

    from packager.model.catalog import Catalog
    from packager.model.options import ProveMode
    from packager.model.plan import Plan
    from packager.model.project import Project


def options_of(ctx: click.Context, project: Project) -> BuildOptions:
    """Return the options that were typed for a project; a command that has not all of them leaves the defaults.

    The output folder is below the user's feet if it was typed, else below the project. Raises UsageError.
    """
    from packager.catalog.arches import parse_arch

    given = ctx.params
    if given.get("no_prove") and given.get("require_proof"):
        msg = "--no-prove and --require-proof cannot be used together"
        raise UsageError(msg, fix="remove one of them")
    prove: ProveMode = "skip" if given.get("no_prove") else "require" if given.get("require_proof") else "auto"
    source = ctx.get_parameter_source("out")
    typed = source is not None and source.name != "DEFAULT"
    return BuildOptions(
        out=(Path.cwd() if typed else project.root) / given.get("out", "dist"),
        cache=given.get("cache") or default_cache(),
        bundles=given.get("bundle", ()),
        target=given.get("target", ""),
        runtime=given.get("runtime", ""),
        arches=tuple(dict.fromkeys(parse_arch(text, "--arch") for text in given.get("arch", ()))),
        budget_bytes=parse_size(given["budget"]) if given.get("budget") else None,
        trim=given.get("trim"),
        builder=_builder(given.get("builder") or project.builder),
        image=given.get("image", ""),
        timeout_seconds=given.get("timeout"),
        fix_schema=given.get("fix_schema", False),
        offline=given.get("offline", False),
        fresh=given.get("fresh", False),
        level=LEVELS[given.get("compress", "default")],
        jobs=given.get("jobs"),
        prove=prove,
        prove_image=given.get("prove_image") or project.prove_image,
        fit=given.get("fit", False),
        sbom=given.get("sbom", False),
    )


def planned(project: Project, options: BuildOptions, catalog: Catalog) -> Plan:
    """Return the plan of a project with options laid over it; asks the Docker engine if a builder is to be chosen."""
    from dataclasses import replace

    from packager.containers.machine import look
    from packager.model.machine import Machine
    from packager.planning.planner import make_plan
    from packager.project.options import with_options

    variables = sorted({engine.native.override for engine in catalog.engines if engine.native})
    named = tuple((name, os.environ[name]) for name in variables if os.environ.get(name))
    machine = look() if options.builder == "auto" else Machine()
    return make_plan(with_options(project, options), catalog, machine, replace(options, engine_variables=named))


def _builder(name: str) -> str:
    """Return the builder's name: ``host`` is what `local` was called until 2026-11."""
    return "local" if name == "host" else name
