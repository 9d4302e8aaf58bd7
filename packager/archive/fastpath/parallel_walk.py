"""A folder seen by two processes: of a large one, each takes the next folder that neither has looked into.

What they saw is put together in the order of a single walk, so the result does not depend on which process saw what.
"""

from __future__ import annotations

import marshal
import os
import time

from packager.archive.fastpath.fork_worker import Aside, can_work_aside
from packager.archive.fastpath.snapshot import Columns, Snapshot, joined, see
from packager.archive.fastpath.walk import Group, Walk, look
from packager.core.errors import ArtifactError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from packager.archive.fastpath.fork_worker import Asking

_ENOUGH = 48
"""With fewer folders ahead, one process is done before another has begun."""
_TOKEN_BYTES = 4
_MAX_TOKENS = (64 << 10) // _TOKEN_BYTES
"""What a pipe takes while no process reads from it (pipe(7))."""


def see_folder(root: str | os.PathLike[str], *, skip: Callable[[str], bool] | None = None) -> Snapshot:
    """Return what a walk through a folder sees, links to packages kept as links.

    Raises as `look` does, for the same fault in every run.
    """
    if not can_work_aside() or _processors() == 1:
        return see(look(root, skip=skip, keep_links=True))
    started_ns = time.time_ns()
    try:
        walk = Walk(root, skip=skip, keep_links=True)
        columns = Columns()
        while walk.ahead and not _ENOUGH <= len(walk.ahead) <= _MAX_TOKENS:
            columns.add(walk.step())
        first = columns.sight(started_ns)
        return joined((first, *_see_in_two(walk)), started_ns) if walk.ahead else first
    except ArtifactError:
        return see(look(root, skip=skip, keep_links=True))


def _see_in_two(walk: Walk) -> list[Snapshot]:
    """Return what lies beneath the folders ahead, a sight each, in the order of the walk."""
    folders = walk.ahead[::-1]
    tokens = _tokens(len(folders))

    def draw() -> Iterator[tuple[int, Snapshot]]:
        while token := os.read(tokens, _TOKEN_BYTES):
            number = int.from_bytes(token, "big")
            yield number, beneath(number)

    def beneath(number: int) -> Snapshot:
        walk.ahead = [folders[number]]
        columns = Columns()
        while walk.ahead:
            columns.add(walk.step())
        return columns.sight(0)

    def work(_: Asking) -> bytes:
        return marshal.dumps([(number, *_flat(sight)) for number, sight in draw()])

    try:
        with Aside(work) as aside:
            seen = dict(draw())
            answer = aside.finish()
    finally:
        os.close(tokens)
    for number, names, identities, groups in marshal.loads(answer) if answer is not None else ():
        seen[number] = Snapshot(names, identities, tuple(_group(*group) for group in groups), 0)
        walk.count(len(seen[number]))
    return [seen[number] if number in seen else beneath(number) for number in range(len(folders))]


def _tokens(number: int) -> int:
    """Return a pipe that gives each number once, to the next reader, and then ends."""
    tokens, giving = os.pipe()
    try:
        os.write(giving, b"".join([each.to_bytes(_TOKEN_BYTES, "big") for each in range(number)]))
    finally:
        os.close(giving)
    return tokens


def _flat(sight: Snapshot) -> tuple[bytes, bytes, list[tuple[str, list[str], str, list[str] | None]]]:
    """Return a sight as what ``marshal`` takes."""
    groups = [
        (group.prefix, group.names, group.folder, None if group.files is group.names else group.files)
        for group in sight.groups
    ]
    return sight.names, sight.identities, groups


def _group(prefix: str, names: list[str], folder: str, files: list[str] | None) -> Group:
    return Group(prefix, names, folder, names if files is None else files)


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
