"""``packager build`` and ``packager plan``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from packager.cli.options import (
    apply,
    budget_option,
    builder_options,
    output_options,
    proof_options,
    talk_options,
    target_options,
    trim_option,
    verbosity,
)

if TYPE_CHECKING:
    from packager.model.options import BuildOptions
    from packager.model.project import Project

_config = click.option(
    "--config", type=click.Path(path_type=Path), help="Read this file in place of the project's packager.yaml."
)
_project = click.argument("project", default=".", type=click.Path(path_type=Path))
_planning = apply(
    click.option("--bundle", multiple=True, metavar="NAME", help="Build only this bundle; may be repeated."),
    target_options,
    builder_options,
    output_options,
    budget_option,
    trim_option,
)


@click.command()
@_project
@_config
@_planning
@proof_options
@click.option(
    "--fit", is_flag=True, help="Bring bundles that are too large under their limits, by the cheapest safe measures."
)
@click.option("--sbom", is_flag=True, help="Also write <bundle>.cdx.json, a CycloneDX bill of materials.")
@click.option("--dry-run", is_flag=True, help="Show the plan and exit.")
@click.option("--why", metavar="PATH", help="Say why a file or folder is kept or dropped, and write nothing.")
@talk_options
@click.pass_context
def build(ctx: click.Context, /, **words: Any) -> int:
    """Generate, trim, lay out, zip, audit and prove every bundle.

    PROJECT is the folder with packager.yaml, package.json or requirements.txt; it is never changed, except for the
    output folder.
    """
    from packager.cli.running import explain, run_build, show_plan

    dry_run, why = words.pop("dry_run"), words.pop("why")
    project, options, talk = _read(ctx, words)
    if dry_run:
        return show_plan(project, options, talk["as_json"])
    level = verbosity(talk["verbose"], talk["quiet"], talk["as_json"])
    if why is not None:
        return explain(project, options, why, level, talk["as_json"])
    return run_build(project, options, level, talk["as_json"])


@click.command()
@_project
@_planning
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_context
def plan(ctx: click.Context, /, **words: Any) -> int:
    """Show what would be built, where and why.

    Nothing is installed, written or started; the Docker engine is asked for its version.
    """
    from packager.cli.running import show_plan

    project, options, talk = _read(ctx, words)
    return show_plan(project, options, talk["as_json"])


def _read(ctx: click.Context, words: dict[str, Any]) -> tuple[Project, BuildOptions, dict[str, bool]]:
    from packager.cli.request import options_of
    from packager.project.loading import load_project

    talk = {key: bool(words.pop(key, False)) for key in ("as_json", "verbose", "quiet")}
    folder: Path = words.pop("project")
    config: Path | None = words.pop("config", None)
    project = load_project(folder, words["target"], config)
    return project, options_of(ctx, project), talk
