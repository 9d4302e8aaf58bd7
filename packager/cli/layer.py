"""``packager layer list`` and ``packager layer build``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from packager.cli.options import (
    budget_option,
    builder_options,
    output_options,
    proof_options,
    talk_options,
    verbosity,
)


@click.group()
def layer() -> None:
    """List the layer recipes, or build one."""


@layer.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def list_(as_json: bool) -> int:
    """List the recipes that come with packager."""
    from packager.project.recipes import load_recipes

    recipes = load_recipes()
    if as_json:
        import json

        rows = [
            {"name": r.name, "title": r.title, "language": r.language, "packages": list(r.packages),
             "needs_project": r.needs_project} for r in recipes
        ]  # fmt: skip
        click.echo(json.dumps({"version": 1, "ok": True, "recipes": rows}, indent=1))
        return 0
    from packager.cli.plain import hanging, width

    for recipe in recipes:
        source = "needs your app" if recipe.needs_project else "needs no app; with --project it takes the app's version"
        click.echo(hanging(f"{recipe.name:<16} ", f"{recipe.title} ({source})", width()))
    return 0


@layer.command()
@click.argument("recipe")
@click.option(
    "--project", type=click.Path(path_type=Path), help="Folder of the app whose schema and versions are used."
)
@click.option("--name", default="", help="Name of the layer; default: the recipe's.")
@click.option("--runtime", default="", metavar="NAME", help="Runtime, such as nodejs22.x.")
@click.option("--arch", multiple=True, metavar="ARCH", help="Architecture: x86_64 or arm64; may be repeated.")
@builder_options
@output_options
@budget_option
@proof_options
@click.option("--dry-run", is_flag=True, help="Show the plan and exit.")
@talk_options
@click.pass_context
def build(ctx: click.Context, /, recipe: str, project: Path | None, name: str, **words: Any) -> int:
    """Build the layer of RECIPE, a name of `packager layer list` or a folder with a layer.yaml."""
    from dataclasses import replace

    from packager.cli.request import options_of
    from packager.cli.running import run_build, show_plan
    from packager.core.errors import UsageError
    from packager.model.project import BundleSpec, Project
    from packager.project.names import check_name
    from packager.project.recipes import find_recipe

    found = find_recipe(recipe)
    check_name(name or found.name, "--name")
    if project is None and not found.standalone:
        if found.needs_project and (Path.cwd() / "package.json").is_file():
            project = Path.cwd()
        else:
            msg = f"recipe {found.name} needs an app: it uses the app's schema and versions"
            raise UsageError(msg, where="--project", fix="give the app's folder: --project PATH")
    root = (project or found.folder).resolve()
    if not root.is_dir():
        msg = "there is no such folder"
        raise UsageError(msg, where=str(root))
    spec = BundleSpec(name=name or found.name, target="aws-lambda-layer", recipe=str(found.folder))
    talk = {key: bool(words.pop(key)) for key in ("as_json", "verbose", "quiet")}
    dry_run = words.pop("dry_run")
    app = Project(root=root, bundles=(spec,))
    options = replace(options_of(ctx, app), out=Path.cwd() / words["out"])
    if dry_run:
        return show_plan(app, options, talk["as_json"])
    return run_build(app, options, verbosity(talk["verbose"], talk["quiet"], talk["as_json"]), talk["as_json"])
