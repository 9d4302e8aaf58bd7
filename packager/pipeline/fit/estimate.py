"""What each way of making a bundle would come to, told from the artifact just made: its real compressed sizes.

How packages are split into layers is told by `packager.pipeline.fit.layer_split`, for all functions at once.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from packager.archive.fastpath.codec import LEVELS
from packager.compile.kept import RULE
from packager.core.errors import PackagerError
from packager.inventory.bytecode import source_path
from packager.model.plan import TRIM_LEVELS
from packager.pipeline.fit.levels import level_ratio
from packager.select.trim.patterns import compiled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from packager.model.fitting import Excess, Settings
    from packager.model.plan import Bundle, TrimLevel
    from packager.model.results import Result
    from packager.model.selection import Choice, Selection
    from packager.pipeline.fit.layers import LayerPart

    Select = Callable[[Bundle], Selection]


@dataclass
class Estimates:
    """Savings by measure, corrected as combinations are made."""

    zipped: int
    unzipped: int
    """With the layers beneath."""
    layers_unzipped: int
    settings: Settings
    """Those the artifact was made with."""
    trims: dict[TrimLevel, tuple[int, int]] = field(default_factory=dict)
    """Level → (zipped, unzipped) bytes less; a level that is missing cannot be told without doing it."""
    levels: dict[int, float] = field(default_factory=dict)
    """Compression level → what it takes for each byte of now."""
    strip: tuple[int, int] | None = None
    """(zipped, unzipped) bytes of symbols, if they are not stripped yet."""
    bytecode: tuple[int, int] = (0, 0)
    """(zipped, unzipped) bytes of modules compiled ahead."""
    parts: tuple[LayerPart, ...] = ()
    """The packages split into layers, in the order they are mounted."""
    name: str = ""
    """Of the bundle."""

    def of(self, settings: Settings) -> tuple[int, int] | None:
        """Return (zipped, unzipped with layers) bytes of a bundle made so; None where it cannot be told."""
        zipped, unzipped = self.zipped, self.unzipped
        if settings.trim != self.settings.trim:
            if settings.trim not in self.trims:
                return None
            zipped -= self.trims[settings.trim][0]
            unzipped -= self.trims[settings.trim][1]
        if settings.strip and not self.settings.strip and self.strip:
            zipped -= self.strip[0]
            unzipped -= self.strip[1]
        if settings.layers:
            zipped -= sum(part.saving(self.name) for part in self.parts[: settings.layers])
        if settings.level != self.settings.level:
            zipped = int(zipped * self.levels.get(settings.level, 1.0))
        return max(zipped, 0), max(unzipped, 0)

    def learn(self, settings: Settings, zipped: int, unzipped: int) -> None:
        """Take the real size of a combination for what its trim level saves."""
        if settings.trim == self.settings.trim or settings.layers:
            return
        ratio = self.levels.get(settings.level, 1.0) if settings.level != self.settings.level else 1.0
        self.trims[settings.trim] = (self.zipped - int(zipped / ratio), self.unzipped - unzipped)


def estimate(result: Result, settings: Settings, layers_unzipped: int, excess: Excess, select: Select) -> Estimates:
    """Return what every measure would save on a bundle as it was made."""
    artifact = result.artifact
    unzipped = artifact.unzipped_bytes + layers_unzipped
    found = Estimates(artifact.zipped_bytes, unzipped, layers_unzipped, settings, name=result.bundle.name)
    weights = {member.path: (member.compressed_bytes, member.size_bytes) for member in artifact.members}
    for trim in TRIM_LEVELS[TRIM_LEVELS.index(settings.trim) + 1 :]:
        # The size of esbuild's output is not known beforehand; a layer has no entries to trace from.
        if trim == "bundle" or (trim == "trace" and result.bundle.kind == "layer"):
            continue
        saved = _left_out(result, weights, trim, select)
        if saved is not None:
            found.trims[trim] = saved
    if excess.zipped:
        members = [
            (result.scanned.contents.path(item.choice.file.source), weights[item.path][0])
            for item in result.placed
            if item.choice.file.source and item.path in weights
        ]
        for level in sorted({LEVELS["best"], LEVELS["max"]}):
            if level > settings.level:
                found.levels[level] = level_ratio(members, settings.level, level)
    if not settings.strip:
        found.strip = _symbols(result, weights)
    found.bytecode = _sum(weights[item.path] for item in result.placed if item.choice.rule == RULE)
    return found


def brought(result: Result) -> tuple[tuple[str, ...], int, int]:
    """Return what of the bundle the runtime itself has: (globs, compressed bytes, bytes)."""
    weights = {member.path: (member.compressed_bytes, member.size_bytes) for member in result.artifact.members}
    globs, zipped, unzipped = set(), 0, 0
    for item in result.placed:
        package = item.choice.file.package
        if package is None or not package.path or item.path not in weights:
            continue
        for glob in result.bundle.target.system.brought:
            if compiled(glob).match(package.name):
                globs.add(glob)
                zipped += weights[item.path][0]
                unzipped += weights[item.path][1]
                break
    return tuple(sorted(globs)), zipped, unzipped


def _left_out(
    result: Result, weights: dict[str, tuple[int, int]], trim: TrimLevel, select: Select
) -> tuple[int, int] | None:
    """Return the weight of the files that are packed now and not at another trim level."""
    from dataclasses import replace

    try:
        selection = select(replace(result.bundle, trim=trim))
    except PackagerError:
        return None  # the tracer cannot be had or cannot read the code: trying it would say so again
    kept = {choice.file.path for choice in selection.kept}
    gone = [item.path for item in result.placed if _of_the_tree(item.choice) not in kept and item.content is None]
    return _sum(weights.get(path, (0, 0)) for path in gone)


def _of_the_tree(choice: Choice) -> str:
    """Return the path of a file, of bytecode that of its source: with that it comes and goes."""
    return source_path(choice.file.path) if choice.rule == RULE else choice.file.path


def _symbols(result: Result, weights: dict[str, tuple[int, int]]) -> tuple[int, int]:
    """Return (zipped, unzipped) bytes of symbols that are still in; zipped by the file's own ratio."""
    from packager.compile.symbols import never_stripped, strip_symbols

    saved = []
    for item in result.placed:
        file = item.choice.file
        if file.elf is None or not file.elf.has_symbols or not file.source or never_stripped(file.path):
            continue
        smaller = strip_symbols(result.scanned.contents.read(file))
        compressed, size = weights.get(item.path, (0, 0))
        if smaller is not None and size:
            less = size - len(smaller)
            saved.append((compressed * less // size, less))
    return _sum(saved)


def _sum(pairs: Iterable[tuple[int, int]]) -> tuple[int, int]:
    zipped = unzipped = 0
    for one, other in pairs:
        zipped += one
        unzipped += other
    return zipped, unzipped
