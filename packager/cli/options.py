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
    click.option("--target", default="", metavar="NAME", help="Target that runs it; see `packager targets`."),
    click.option("--runtime", default="", metavar="NAME", help="Runtime as the host names it, such as nodejs22.x."),
    click.option("--arch", multiple=True, metavar="ARCH", help="Architecture: x86_64 or arm64; may be repeated."),
)
builder_options = apply(
    click.option(
        "--builder",
        type=click.Choice(["auto", "docker", "local", "host"]),
        default=None,
        help=(
            "Where to build: in an image that matches the target, or on this "
            "machine (local, also called host). Default: auto."
        ),
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
        help=(
            "Build with the engine that the target needs, even if the Prisma schema "
            "does not list it; the schema is not changed."
        ),
    ),
    click.option(
        "--fresh",
        is_flag=True,
        help="Install and generate again, even if nothing has changed since the last build.",
    ),
    click.option("--offline", is_flag=True, help="Fetch nothing: use packages and engines from caches only."),
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
        help="Compression level.",
    ),
)
trim_option = click.option(
    "--trim",
    type=click.Choice(TRIM_LEVELS),
    default=None,
    help="How much of the installed packages to leave out. Default: safe.",
)
budget_option = click.option("--budget", metavar="SIZE", help="Largest zip to accept, such as 25mb.")
proof_options = apply(
    click.option("--no-prove", is_flag=True, help="Do not load the finished bundle."),
    click.option("--require-proof", is_flag=True, help="Fail if a bundle cannot be proved on this machine."),
    click.option("--prove-image", default="", metavar="NAME", help="Image to prove in, in place of the target's own."),
)
talk_options = apply(
    click.option("--json", "as_json", is_flag=True, help="Print one JSON document."),
    click.option("-v", "--verbose", is_flag=True, help="Show every step, the output of commands and all details."),
    click.option("-q", "--quiet", is_flag=True, help="Show errors only."),
)


def verbosity(verbose: bool, quiet: bool, as_json: bool) -> int:
    """Return -1, 0 or 1 for `console.Steps`. JSON runs are quiet unless -v is given."""
    if verbose:
        return 1
    return -1 if quiet or as_json else 0
