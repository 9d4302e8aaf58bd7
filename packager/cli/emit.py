"""``packager emit``: the configuration a host or deployment tool wants, and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from packager.cli.options import target_options


@click.command()
@click.argument("name", metavar="NAME")
@click.argument("project", default=".", type=click.Path(path_type=Path))
@click.option("--bundle", multiple=True, metavar="NAME", help="Emit only this bundle; may be repeated.")
@target_options
@click.option(
    "--out", default="dist", show_default=True, type=click.Path(path_type=Path), help="Folder that holds the zips."
)
@click.option("--plugin", is_flag=True, help="With serverless: write the plugin that runs packager as a build step.")
@click.option("--force", is_flag=True, help="Overwrite your values where they conflict.")
@click.option("--stdout", "to_stdout", is_flag=True, help="Print the files instead of writing them.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def emit(name: str, project: Path, plugin: bool, force: bool, to_stdout: bool, as_json: bool, **words: Any) -> int:
    """Write the configuration of a host or tool into the project.

    NAME is one of now, vercel, netlify, google-cloud-functions, up, serverless, sam, terraform, cdk. What is there is
    merged: your comments, order and other keys stay, a contradiction is refused with a diff. Layers that `build --fit`
    made are described, too, once they lie in the folder of the zips.
    """
    import json
    import time
    from dataclasses import replace

    from packager.catalog.current import load_catalog
    from packager.cli.closing import done
    from packager.cli.plain import say
    from packager.cli.request import options_of, planned
    from packager.core.errors import UsageError
    from packager.core.units import counted
    from packager.delivery.emitting import emit_for, plugin_files
    from packager.delivery.fitted import with_fitted_layers
    from packager.project.loading import load_project

    start = time.monotonic()
    if plugin and name != "serverless":
        msg = "--plugin can be used with serverless only"
        raise UsageError(
            msg, where="--plugin", fix=f"run `packager emit {name}`, or `packager emit serverless --plugin`"
        )
    if plugin:
        root = project.resolve()
        files = plugin_files(root, force=force)
    else:
        catalog = load_catalog()
        loaded = load_project(project, words["target"])
        options = replace(
            options_of(click.get_current_context(), loaded), builder="local", out=loaded.root / words["out"]
        )
        plan = planned(loaded, options, catalog)
        root = plan.project
        plan = with_fitted_layers(plan, root / words["out"], catalog)
        files = emit_for(name, plan, words["out"].as_posix(), force=force)
    changed = {
        path: text
        for path, text in files.items()
        if not (root / path).is_file() or (root / path).read_bytes() != text.encode()
    }
    if as_json:
        if not to_stdout:
            _write(root, changed)
        document = {"version": 1, "ok": True, "files": files, "changed": sorted(changed)}
        click.echo(json.dumps(document, indent=1))
        return 0
    if to_stdout:
        for text in files.values():
            click.echo(text, nl=False)
        return 0
    _write(root, changed)
    for path in files:
        say(f"{root / path}: {'written' if path in changed else 'unchanged'}")
    kept = len(files) - len(changed)
    pairs = ((len(changed), "written"), (kept, "unchanged"))
    counts = [f"{counted(number, 'file')} {what}" for number, what in pairs if number]
    say(done(time.monotonic() - start, *counts))
    return 0


def _write(root: Path, files: dict[str, str]) -> None:
    from packager.delivery.placing import place_files

    by_folder: dict[Path, dict[str, str | Path]] = {}
    for path, text in files.items():
        by_folder.setdefault((root / path).parent, {})[Path(path).name] = text
    for folder, texts in by_folder.items():
        place_files(texts, folder)
