"""``packager pack``: the archive engine on its own."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from packager.archive.fastpath.codec import LEVELS
from packager.cli.closing import packed
from packager.cli.quick import document, no_search_for_cycles, told
from packager.core.errors import UsageError

if TYPE_CHECKING:
    from packager.model.plan import TrimLevel


@click.command()
@click.argument("path", type=click.Path(path_type=Path))
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="The zip to write.")
@click.option(
    "--compress", type=click.Choice(list(LEVELS)), default="default", show_default=True, help="Compression level."
)
@click.option(
    "--cache", envvar="PACKAGER_CACHE", type=click.Path(file_okay=False, path_type=Path), help="Cache folder."
)
@click.option("--no-cache", is_flag=True, help="Read and compress everything; use and fill no cache.")
@click.option("--jobs", type=click.IntRange(1, 64), help="Threads for compressing. Default: one per processor.")
@click.option(
    "--trim",
    type=click.Choice(["none", "safe", "strict"]),
    help="Leave out what running does not need; by default everything is packed.",
)
@click.option(
    "--target", default="aws-lambda", show_default=True, metavar="NAME", help="With --trim: target that runs it."
)
@click.option(
    "--runtime",
    default="",
    metavar="NAME",
    help="With --trim: runtime. Default: the target's, by the language of the folder.",
)
@click.option(
    "--arch", default="x86_64", show_default=True, metavar="ARCH", help="With --trim: architecture, x86_64 or arm64."
)
@click.option("--compile", "compile_modules", is_flag=True, help="With --trim: put bytecode beside Python modules.")
@click.option("--why", metavar="PATH", help="With --trim: say why a file or folder is kept or dropped; write nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def pack(
    path: Path,
    output: Path,
    compress: str,
    cache: Path | None,
    no_cache: bool,
    jobs: int | None,
    trim: TrimLevel | None,
    target: str,
    runtime: str,
    arch: str,
    why: str | None,
    compile_modules: bool,
    as_json: bool,
) -> int:
    """Turn a folder or any zip into a canonical zip.

    Sorted names, one date, modes by content, deflate only: the same files give the same bytes on every machine. Reads
    Deflate64 zips as Windows makes them. What has not changed since the last time is not compressed again; a zip that
    would become the same is not written again. Links between packages in node_modules stay links, as pnpm needs
    them; other links become what they point to.

    With --trim, a folder with node_modules or Python packages is packed for a target: secrets, development packages,
    binaries for other systems, types, tests, docs and the like stay out, symbols are stripped.
    """
    start = time.monotonic()
    if trim or why or compile_modules:
        from packager.cli.trimming import pack_folder, target_of_folder
        from packager.core.resources import default_cache
        from packager.pipeline.folder import TrimmedPack

        kept = None if no_cache else cache or default_cache()
        how = TrimmedPack(trim or "safe", compile_modules, LEVELS[compress], jobs, kept)
        chosen = target_of_folder(path, target, runtime, arch)
        return pack_folder(path, output, how, chosen, why=why, as_json=as_json)
    _refuse_idle(click.get_current_context(), "target", "runtime", "arch")
    from packager.archive.cache.member_cache import open_cache
    from packager.archive.pack import pack as run_pack
    from packager.core.resources import default_cache

    store = None if no_cache else open_cache(cache or default_cache())
    with no_search_for_cycles():
        artifact = run_pack(path, output, level=LEVELS[compress], jobs=jobs, cache=store)
    if as_json:
        import json

        click.echo(json.dumps(document(artifact), indent=1))
        return 0
    click.echo(told(artifact) + packed(time.monotonic() - start, written=artifact.written), nl=False)
    return 0


def _refuse_idle(context: click.Context, *names: str) -> None:
    """Raise UsageError for options that were typed and would say nothing."""
    for name in names:
        source = context.get_parameter_source(name)
        if source is not None and source.name != "DEFAULT":
            msg = f"--{name} has no effect without --trim"
            raise UsageError(msg, fix="add --trim safe, or remove the option")
