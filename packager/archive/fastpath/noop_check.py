"""``packager pack`` where nothing has changed: told, and said, before anything else is loaded."""

from __future__ import annotations

import gc
import os
import sys

from packager.archive.fastpath.codec import LEVELS, codec_name
from packager.archive.fastpath.columns import DamagedError, split_columns
from packager.archive.fastpath.parallel_walk import see_folder
from packager.archive.fastpath.record_path import PARTIAL_SUFFIX, record_place
from packager.archive.fastpath.snapshot import Snapshot, identity_of
from packager.core.errors import PackagerError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

RECORD_COLUMNS = 9
_FACTS = 5
"""Codec, SHA-256, summary, zipped and unzipped bytes; then the archive's identity."""


class PackRequest:
    """What the words of the command line ask for, if it is this: a folder to be packed with a cache."""

    __slots__ = ("cache", "level", "output", "source")

    def __init__(self, source: str, output: str, cache: str, level: int) -> None:
        self.source = source
        self.output = output
        self.cache = cache
        self.level = level


class PackCheck:
    """What was seen."""

    __slots__ = ("request", "sight", "unchanged")

    def __init__(self, request: PackRequest, sight: Snapshot, *, unchanged: bool) -> None:
        self.request = request
        self.sight = sight
        """Of the source, so that packing need not walk it again."""
        self.unchanged = unchanged
        """The archive is what it would become; the user has been told."""


def check_unchanged(words: list[str]) -> PackCheck | None:
    """Look whether ``packager pack`` with these words has nothing to do, and say so.

    None for anything out of the ordinary, faults included: the command itself tells what is wrong.
    """
    request = read_words(words)
    if request is None:
        return None
    was_on = gc.isenabled()
    gc.disable()  # of the many small objects none is part of a cycle, and looking for one takes a sixth of the time
    try:
        name = codec_name(request.level)
        sight = see_folder(request.source, skip=own_name(request.source, request.output, f"{request.cache}/archive"))
        told = _unchanged(sight, name, request)
        if told:
            sys.stdout.write(told)
            sys.stdout.flush()
        return PackCheck(request, sight, unchanged=bool(told))
    except (PackagerError, ImportError, OSError):
        return None
    finally:
        if was_on:
            gc.enable()


def read_words(words: list[str]) -> PackRequest | None:
    """Return what words after ``pack`` ask for; None if there is more to it than a glance can answer."""
    options = {"-o": "", "--output": "", "--compress": "default", "--cache": ""}
    folders = []
    rest = iter(words)
    for word in rest:
        if word in options:
            options[word] = next(rest, "")
        elif word.startswith("-"):
            return None
        else:
            folders.append(word)
    output = options["-o"] or options["--output"]
    if len(folders) != 1 or not output or options["--compress"] not in LEVELS:
        return None
    # Names are shown as pathlib writes them, and that leaves only these as they are.
    if (options["-o"] and options["--output"]) or ".." in output.split("/") or not os.path.isdir(folders[0]):  # noqa: PTH112
        return None
    cache = options["--cache"] or _default_cache()
    if os.path.exists(cache) and not os.path.isdir(cache):  # noqa: PTH110, PTH112
        return None
    return PackRequest(folders[0], output, cache, LEVELS[options["--compress"]])


def _default_cache() -> str:
    chosen = os.environ.get("PACKAGER_CACHE")
    if chosen:
        return chosen
    from packager.core.resources import default_cache

    return str(default_cache())


def own_name(
    folder: str | os.PathLike[str], output: str | os.PathLike[str], cache: str | os.PathLike[str] | None = None
) -> Callable[[str], bool] | None:
    """Return what says of a name in a folder that it is ours: the archive to be written there, or the engine's cache.

    So are the beginnings of the archive that runs left which were killed (`packager.core.atomic`). None if all of
    ours is elsewhere.
    """
    root = os.path.realpath(folder).rstrip("/") + "/"
    target = os.path.realpath(output)
    own = target[len(root) :] if target.startswith(root) else ""
    place, slash, name = own.rpartition("/")
    begun = f"{place}{slash}.{name}."
    kept = os.path.realpath(cache) if cache else ""
    kept = kept[len(root) :] if kept.startswith(root) else ""
    if not own and not kept:
        return None

    def is_own(path: str) -> bool:
        if kept and (path == kept or path.startswith(f"{kept}/")):
            return True
        return bool(own) and (
            path == own or (path.startswith(begun) and path.endswith(PARTIAL_SUFFIX) and "/" not in path[len(begun) :])
        )

    return is_own


def _unchanged(sight: Snapshot, codec: str, request: PackRequest) -> str:
    """Return what to say if the archive on record is what these files give and still is there, else nothing."""
    try:
        with open(record_place(f"{request.cache}/archive", request.output), "rb") as file:  # noqa: PTH123
            columns = split_columns(file.read(), RECORD_COLUMNS)
        facts = columns[0].decode().split("\n")
        # What `Record.shows` and `Record.is_intact` ask.
        if facts[0] != codec or columns[1] != sight.names or columns[2] != sight.identities:
            return ""
        if list(map(int, facts[_FACTS:])) != list(identity_of(os.stat(request.output))):  # noqa: PTH116
            return ""
    except (OSError, DamagedError, ValueError, IndexError):
        return ""  # the first time, tidied up or damaged
    return f"{os.path.normpath(request.output)}: unchanged, {facts[2]}\n  sha256 {facts[1]}\n"
