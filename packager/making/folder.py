"""A folder as it lies there, trimmed for a target and packed: what ``packager pack --trim`` does.

Nothing is installed or generated: what is known is what package.json, ``.dist-info`` and schemas say.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from packager.archive.layout import make_layout
from packager.archive.writer import write
from packager.core.errors import ArtifactError
from packager.engines.generations import spoken_of
from packager.engines.schemas import find_clients
from packager.engines.targets import for_targets
from packager.glance.unchanged import own_name
from packager.inventory.tree import scan_tree
from packager.making.stripping import Stripped, strip_kept
from packager.model.plan import Bundle, Job
from packager.trim.named import trim_unnamed
from packager.trim.rules import Circumstances

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from packager.archive.cache import Cache
    from packager.model.archives import Artifact
    from packager.model.bytecode import Compiled
    from packager.model.catalog import Catalog
    from packager.model.inventory import Inventory
    from packager.model.plan import TrimLevel
    from packager.model.selection import Selection
    from packager.model.targets import Target

    Compiler = Callable[[Selection, Bundle, Path], Compiled]


@dataclass(frozen=True)
class Trimmed:
    """A folder that was judged, and its archive."""

    selection: Selection
    stripped: Stripped
    artifact: Artifact
    compiled: Compiled | None = None
    """Bytecode of its modules; None where none was asked for."""


def pack_trimmed(
    folder: Path,
    destination: Path,
    target: Target,
    catalog: Catalog,
    scratch: Path,
    *,
    trim: TrimLevel,
    level: int,
    jobs: int | None = None,
    cache: Cache | None = None,
    compiler: Compiler | None = None,
) -> Trimmed:
    """Write the archive of what a target needs of a folder; stripped copies lie in `scratch` meanwhile.

    With a `compiler`, Python's modules are compiled. Raises ArtifactError if nothing is left or the folder cannot be
    read, EnvironmentFault for the destination or for want of the target's Python.
    """
    kept = cache.folder if cache else None
    selection, bundle = judge_folder(folder, target, catalog, trim=trim, without=(destination, kept))
    stripped = strip_kept(selection, bundle, scratch / "stripped") if trim != "none" else Stripped()
    if not selection.kept:
        msg = "nothing is left to pack"
        raise ArtifactError(msg, where=str(folder), fix="see why: packager pack --trim … --why .")
    compiled = compiler(selection, bundle, scratch) if compiler else None
    selection = compiled.selection if compiled else selection
    layout = make_layout([(choice.file.path, stripped.source(choice.file)) for choice in selection.kept])
    artifact = write(layout, destination, level=level, jobs=jobs, cache=cache)
    return Trimmed(selection, stripped, artifact, compiled)


def compiler_here(cache: Path) -> Compiler:
    """Return what compiles the modules of a folder, by an interpreter of this machine."""
    from packager.compiling.finding import find_python
    from packager.compiling.kept import compile_kept

    def compiler(selection: Selection, bundle: Bundle, scratch: Path) -> Compiled:
        folder = scratch / "compiled"
        folder.mkdir()
        # The archive has the paths of the folder.
        return compile_kept(selection, bundle, None, lambda path: path, find_python, cache, folder)

    return compiler


def judge_folder(
    folder: Path,
    target: Target,
    catalog: Catalog,
    *,
    trim: TrimLevel,
    without: tuple[Path, Path | None] | None = None,
) -> tuple[Selection, Bundle]:
    """Return the verdict on every file of a folder, and the bundle it was judged for. Writes nothing.

    `without` is an output file and a cache that may lie in the folder and are no part of it.
    """
    root = folder.resolve()
    inventory, graph = scan_tree(root, {name: needs for engine in catalog.engines for name, needs in engine.companions})
    if without is not None:
        inventory = _without(inventory, root, *without)
    packages = {installed.package.name: installed.package.version for installed in graph.installed.values()}
    spoken = tuple(engine for engine in catalog.engines if spoken_of(engine, packages))
    clients = find_clients(root, spoken, packages)
    made_with = (client.engine for client in clients if client.engine)
    engines = tuple(dict.fromkeys([*made_with, *(engine for engine in spoken if not engine.family)]))
    job = Job(
        source=root,
        builder="host",
        platform=target.platform,
        arch=target.arch,
        libc=target.platform.libc,
        language=target.language,
        language_version=target.language_version,
        manager=None,
        lock_file="",
        engines=engines,
    )
    bundle = Bundle(name=root.name, kind="function", target=target, job=job, budget=target.budget, trim=trim)
    python, tops = python_installation(inventory)
    circumstances = Circumstances(
        graph=graph,
        clients=for_targets(clients, job.binary_targets),
        python_packages=python,
        python_tops=tops,
    )
    return trim_unnamed(inventory, bundle, circumstances), bundle


def python_installation(inventory: Inventory) -> tuple[str, frozenset[str] | None]:
    """Return the folder of installed Python packages ("." is the whole tree, "" none), and what lies there of theirs.

    The latter are first parts of paths, by the RECORD of each distribution; the rest beside them is somebody's own.
    """
    infos = [path for path in inventory.by_path if path.endswith(".dist-info/METADATA")]
    folders = {path.rpartition("/")[0].rpartition("/")[0] for path in infos}
    if len(folders) != 1:
        return "", None
    tops: set[str] = set()
    for path in infos:
        info = path.rpartition("/")[0]
        tops.add(info.rpartition("/")[2])
        record = inventory.by_path.get(f"{info}/RECORD")
        if record is None or record.source is None:
            return folders.pop() or ".", None
        rows = csv.reader(record.source.read_text(encoding="utf-8", errors="replace").splitlines())
        tops |= {row[0].partition("/")[0] for row in rows if row}
    return folders.pop() or ".", frozenset(tops)


def _without(inventory: Inventory, root: Path, output: Path, cache: Path | None) -> Inventory:
    """Return the inventory without what an earlier run left in the folder: its archive, its cache."""
    is_own = own_name(root, output, cache)
    if is_own is None:
        return inventory
    return replace(inventory, files=tuple(file for file in inventory.files if not is_own(file.path)))
