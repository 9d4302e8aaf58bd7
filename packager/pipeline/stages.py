"""The stages of a bundle, one after the other: each a function of its inputs to its result, done with a workbench."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from packager.archive.cache.member_cache import open_cache
from packager.archive.write.layout import make_layout
from packager.archive.write.writer import write as write_archive
from packager.audit.judge import audit_joined
from packager.compile import stripping
from packager.hosts.registry import lay_out
from packager.inventory.tree import scan_tree
from packager.model.plan import TRACED
from packager.model.tracing import View
from packager.select import tracing
from packager.select.trim import references

if TYPE_CHECKING:
    from collections.abc import Sequence

    from packager.model.archives import Artifact
    from packager.model.builds import Tree
    from packager.model.bytecode import Compiled
    from packager.model.contents import Contents
    from packager.model.findings import Finding
    from packager.model.inventory import Inventory
    from packager.model.packages import PackageGraph
    from packager.model.proof import Proof
    from packager.model.results import Placed, Stripped
    from packager.model.selection import Selection
    from packager.model.stages import (
        AuditInputs,
        CompileInputs,
        PlaceInputs,
        ProveInputs,
        ScanInputs,
        StripInputs,
        TraceInputs,
        TrimInputs,
        WriteInputs,
    )
    from packager.model.tools import Workbench


def scan(inputs: ScanInputs, tree: Path) -> tuple[Inventory, PackageGraph]:
    """Return every file of the tree and its packages.

    Raises ArtifactError for links that leave the tree, cycles, names that cannot be archived and unreadable files.
    """
    return scan_tree(tree, inputs.companions, inputs.generated)


def trace(inputs: TraceInputs, bench: Workbench) -> View:
    """Return the tree as the bundle's code sees it; as it is where the trim level asks no code."""
    if inputs.trim not in TRACED:
        return View(inputs.inventory)
    with bench.watch.step(inputs.trim, inputs.name):
        return tracing.trace(inputs, bench.tools, bench.contents)


def trim(inputs: TrimInputs, bench: Workbench) -> Selection:
    """Return the verdict on every file of the tree."""
    return references.trim(inputs, bench.contents)


def strip(inputs: StripInputs, bench: Workbench) -> Stripped:
    """Return copies of native files without their symbols."""
    return stripping.strip(inputs, bench.contents)


def compile_modules(inputs: CompileInputs, tree: Tree | None, bench: Workbench) -> Compiled:
    """Return the selection with bytecode beside its modules, made by an interpreter of the tree's image if it has one.

    Raises EnvironmentFault without the target's Python, GeneratorFault if that dies.
    """
    from packager.compile.kept import compile_kept

    folder = Path(tempfile.mkdtemp(dir=bench.scratch, prefix=f"compiled-{inputs.name}-"))
    with (
        bench.watch.step("compile", inputs.name),
        bench.tools.interpreters(inputs.language_version, tree, inputs.arch) as python,
    ):
        return compile_kept(inputs, python, bench.contents, bench.cache, folder)


def place(inputs: PlaceInputs) -> tuple[Placed, ...]:
    """Return every kept file with its name in the archive."""
    return tuple(lay_out(inputs, inputs.kept, inputs.types))


def write(inputs: WriteInputs, archive: Path, bench: Workbench) -> Artifact:
    """Write the archive and return what is in it."""
    entries = [(path, bench.contents.path(source)) for path, source in inputs.entries]
    cache = open_cache(bench.cache)
    return write_archive(make_layout(entries), archive, level=inputs.level, jobs=bench.jobs, cache=cache)


def audit(
    inputs: AuditInputs, archive: Path, layers: Sequence[Path], contents: Contents | None = None
) -> list[Finding]:
    """Return what an archive on its layers lacks on its target, and which limits it breaks.

    `contents` has the source maps, where there are any.
    """

    def map_of(name: str) -> bytes | None:
        source = inputs.maps.get(name)
        return contents.path(source).read_bytes() if source and contents else None

    return audit_joined(archive, layers, inputs, map_of)


def prove(inputs: ProveInputs, archive: Path, layers: Sequence[Path], bench: Workbench) -> Proof:
    """Return what loading the archive shows."""
    return bench.tools.prover(inputs, archive, layers)
