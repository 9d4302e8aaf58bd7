"""Options that several commands share, as decorators; choices come from the catalog."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from packager.archive.fastpath.codec import LEVELS
from packager.model.plan import TRIM_LEVELS

if TYPE_CHECKING:
    from collections.abc import Callable

F = TypeVar("F", bound="Callable[..., Any]")


def apply(*decorators: Callable[[F], F]) -> Callable[[F], F]:
    """Return one decorator made of several, in reading order."""

    def decorate(function: F) -> F:
        for decorator in reversed(decorators):
            function = decorator(function)
        return function

    return decorate


target_options = apply(
    click.option("--target", default="", metavar="NAME", help="Where it runs, see `packager targets`."),
    click.option("--runtime", default="", metavar="NAME", help="Runtime in the host's spelling, such as nodejs22.x."),
    click.option("--arch", multiple=True, metavar="ARCH", help="x86_64 or arm64; repeatable."),
)
builder_options = apply(
    click.option(
        "--builder",
        type=click.Choice(["auto", "docker", "local", "host"]),
        default=None,
        help="Where to build: in a matching image, or on this machine for the target (local, or host). Default: auto.",
    ),
    click.option("--image", default="", metavar="NAME", help="Base image to build in, in place of the platform's own."),
    click.option(
        "--timeout",
        type=click.FloatRange(min=0, min_open=True),
        metavar="SECONDS",
        help="Time limit of each command while building. Default: 1800.",
    ),
    click.option(
        "--fix-schema",
        is_flag=True,
        help="Build for the engine the target needs where the Prisma schema does not list it; your file stays.",
    ),
    click.option(
        "--fresh",
        is_flag=True,
        help="Install and generate again, even if nothing has changed since the last build.",
    ),
    click.option(
        "--offline", is_flag=True, help="Fetch nothing: packages and engines come from caches, or not at all."
    ),
)
output_options = apply(
    click.option("--out", default="dist", show_default=True, type=click.Path(path_type=Path), help="Output folder."),
    click.option(
        "--cache", envvar="PACKAGER_CACHE", type=click.Path(file_okay=False, path_type=Path), help="Cache folder."
    ),
    click.option("--jobs", type=click.IntRange(1, 64), help="Threads for compressing. Default: one per processor."),
    click.option(
        "--compress",
        type=click.Choice(list(LEVELS)),
        default="default",
        show_default=True,
        help="How hard to compress.",
    ),
)
trim_option = click.option(
    "--trim",
    type=click.Choice(TRIM_LEVELS),
    default=None,
    help="How much of what is installed to leave out. Default: safe.",
)
budget_option = click.option("--budget", metavar="SIZE", help="Largest zip you allow, such as 25mb.")
proof_options = apply(
    click.option("--no-prove", is_flag=True, help="Do not load the finished bundle."),
    click.option("--require-proof", is_flag=True, help="A bundle that cannot be proved here is an error."),
    click.option(
        "--prove-image", default="", metavar="NAME", help="Image to prove in: a stand-in for the target's own."
    ),
)
talk_options = apply(
    click.option("--json", "as_json", is_flag=True, help="Print one JSON document."),
    click.option("-v", "--verbose", is_flag=True, help="Show the output of commands."),
    click.option("-q", "--quiet", is_flag=True, help="Show errors only."),
)


def verbosity(verbose: bool, quiet: bool, as_json: bool) -> int:
    """Return -1, 0 or 1 for `console.Steps`. JSON runs are quiet unless -v is given."""
    if verbose:
        return 1
    return -1 if quiet or as_json else 0
