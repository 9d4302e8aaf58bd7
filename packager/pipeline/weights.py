"""What a bundle weighs once it is unpacked, with everything mounted beneath it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from packager.model.results import Result


def with_layers(result: Result, results: list[Result]) -> int:
    """Return the unzipped bytes of a bundle and everything mounted beneath it."""
    return result.artifact.unzipped_bytes + layers_unzipped(result, results)


def layers_unzipped(result: Result, results: list[Result]) -> int:
    """Return the unzipped bytes of everything mounted beneath a bundle."""
    made = {other.bundle.name: other for other in results}
    layers = sum(made[name].artifact.unzipped_bytes for name in result.bundle.layers if name in made)
    return layers + sum(_unzipped(path) for path in result.bundle.layer_files)


def _unzipped(path: Path) -> int:
    from packager.archive.reader import WEIGHED, open_archive

    with open_archive(path, limits=WEIGHED) as archive:
        return sum(member.size_bytes for member in archive.members)
