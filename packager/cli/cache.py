"""``packager cache``: what is kept from earlier runs, and removing it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from packager.core.cache_dir import Item

_SECONDS = {"h": 3600, "d": 86_400, "w": 7 * 86_400}
_cache_option = click.option(
    "--cache",
    envvar="PACKAGER_CACHE",
    type=click.Path(file_okay=False, path_type=Path),
    help="Cache folder. Default: the user's.",
)
_json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")


def _seconds(context: click.Context, parameter: click.Parameter, value: str | None) -> float | None:
    """Return the seconds of a length of time such as 30d, 12h or 2w; a bare number is days."""
    if value is None:
        return None
    match = re.fullmatch(r"(\d{1,6})([hdw]?)", value)
    if match is None:
        msg = f"{value!r} is not a length of time: write it like 30d, 12h or 2w"
        raise click.BadParameter(msg, context, parameter)
    return float(int(match[1]) * _SECONDS[match[2] or "d"])


@click.group()
def cache() -> None:
    """Show or prune what is kept from earlier runs."""


@cache.command()
@_cache_option
@_json_option
def info(cache: Path | None, as_json: bool) -> int:
    """Show what the cache holds."""
    from packager.cli.plain import NARROW, hanging, say, width
    from packager.core.pruning import items, weigh
    from packager.core.resources import default_cache
    from packager.core.units import counted, format_count, format_size

    folder = cache or default_cache()
    held = weigh(items(folder))
    total = sum(room.size_bytes for room in held)
    if as_json:
        found = [
            {"name": room.name, "title": room.title, "items": room.items, "size_bytes": room.size_bytes}
            for room in held
        ]
        _print_document({"folder": str(folder), "size_bytes": total, "rooms": found})
        return 0
    say(f"{folder}: {format_size(total)}")
    columns = width()
    narrow = columns is not None and columns < NARROW
    longest = max(len(room.title) for room in held)
    for room in held:
        if room.items and narrow:
            say(hanging("  ", f"{room.title}: {counted(room.items, 'item')}, {format_size(room.size_bytes)}", columns))
        elif room.items:
            say(f"  {room.title:<{longest}} {format_count(room.items):>7}  {format_size(room.size_bytes):>8}")
    return 0


@cache.command()
@click.option("--all", "everything", is_flag=True, help="Remove everything.")
@click.option(
    "--older-than",
    callback=_seconds,
    metavar="AGE",
    help="Remove what was not used for this long, such as 30d, 12h or 2w.",
)
@click.option(
    "--max-size", metavar="SIZE", help="Remove the least recently used until the cache is no larger, such as 2gb."
)
@click.option("--dry-run", is_flag=True, help="Show what would be removed, and remove nothing.")
@_cache_option
@_json_option
def prune(
    everything: bool,
    older_than: float | None,
    max_size: str | None,
    dry_run: bool,
    cache: Path | None,
    as_json: bool,
) -> int:
    """Remove what was not used for long, to free disk space. What is needed again is made again.

    Without options, what was not used for 30 days is removed.
    """
    import time

    from packager.cli.plain import say
    from packager.core.pruning import choose, items, remove
    from packager.core.resources import default_cache
    from packager.core.units import counted, format_size, parse_size

    folder = cache or default_cache()
    if not everything and older_than is None and max_size is None:
        older_than = 30.0 * _SECONDS["d"]
    found = items(folder)
    chosen = choose(
        found,
        now=time.time(),
        older_than_seconds=older_than,
        max_bytes=None if max_size is None else parse_size(max_size),
        everything=everything,
    )
    gone = chosen if dry_run else remove(chosen, _tell_failure)
    freed = sum(item.size_bytes for item in gone)
    left = sum(item.size_bytes for item in found) - freed
    if as_json:
        _print_document(
            {
                "folder": str(folder),
                "removed": not dry_run,
                "items": len(gone),
                "freed_bytes": freed,
                "left_bytes": left,
            }
        )
    else:
        done = "would be removed" if dry_run else "removed"
        say(f"{folder}: {counted(len(gone), 'item')} {done}, {format_size(freed)}; {format_size(left)} left")
    return 0


def _tell_failure(item: Item, error: OSError) -> None:
    click.echo(f"{item.path}: cannot be removed: {error.strerror or error}", err=True)


def _print_document(fields: dict[str, object]) -> None:
    import json

    click.echo(json.dumps({"version": 1, "ok": True, **fields}, indent=1))
