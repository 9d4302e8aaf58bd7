"""``packager init``: a commented packager.yaml from what is detected."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.argument("directory", default=".", type=click.Path(path_type=Path))
@click.option("--force", is_flag=True, help="Overwrite an existing packager.yaml.")
@click.option("--stdout", "to_stdout", is_flag=True, help="Print it instead of writing it.")
def init(directory: Path, force: bool, to_stdout: bool) -> int:
    """Write a commented packager.yaml from what is detected.

    Nothing is asked; edit the file afterwards.
    """
    from packager.core.errors import UsageError
    from packager.delivery.placing import place_files
    from packager.project.scaffold import config_text

    root = directory.resolve()
    if not root.is_dir():
        msg = "there is no such folder"
        raise UsageError(msg, where=str(directory))
    text = config_text(root)
    if to_stdout:
        click.echo(text, nl=False)
        return 0
    path = root / "packager.yaml"
    if path.exists() and not force:
        msg = "exists already and was not changed"
        raise UsageError(msg, where=str(path), fix="print a new one with --stdout, or overwrite this one with --force")
    place_files({path.name: text}, root)
    click.echo(f"{path} written: look at it, then run `packager plan {directory}`")
    return 0
