"""A folder as it lies there, trimmed for a target and packed: what ``packager pack --trim`` does.

Nothing is installed or generated: what is known is what package.json, ``.dist-info`` and schemas say.
"""

from __future__ import annotations

import csv
import posixpath
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from packager.archive.cache.member_cache import open_cache
from packager.archive.fastpath.codec import DEFAULT_LEVEL
from packager.archive.fastpath.noop_check import own_name
from packager.archive.fastpath.walk import LINK_MARK
from packager.archive.write.layout import arrange
from packager.archive.write.writer import write
from packager.compile.stripping import strip
from packager.core.errors import ArtifactError
from packager.engines.generations import spoken_of
from packager.engines.schemas import find_clients
from packager.engines.targets import for_targets
from packager.inventory.contents import TreeContents
from packager.inventory.tree import scan_tree
from packager.model.archives import Entry
from packager.model.stages import CompileInputs, StripInputs, TrimInputs
from packager.pipeline.inputs import scan_inputs
from packager.pipeline.own_needs import with_own_needs
from packager.select.trim.references import trim as trim_files

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from packager.model.archives import Artifact
    from packager.model.bytecode import Compiled
    from packager.model.catalog import Catalog
    from packager.model.contents import Contents
    from packager.model.inventory import Inventory
    from packager.model.plan import TrimLevel
    from packager.model.results import Stripped
    from packager.model.selection import Selection
    from packager.model.targets import Target


@dataclass(frozen=True)
class Trimmed:
    """A folder that was judged, and its archive."""

    selection: Selection
    stripped: Stripped
    artifact: Artifact
    compiled: Compiled | None = None
    """Bytecode of its modules; None where none was asked for."""


@dataclass(frozen=True)
class Judged:
    """A folder that was judged."""

    selection: Selection
    links: Mapping[str, str]
    """Link to a package → the folder it leads to; both as they lie in the folder."""


@dataclass(frozen=True)
class TrimmedPack:
    """How a folder is trimmed, compiled and packed."""

    trim: TrimLevel = "safe"
    compile: bool = False
    """Whether Python's modules are compiled, by an interpreter of this machine."""
    level: int = DEFAULT_LEVEL
    jobs: int | None = None
    cache: Path | None = None
    """Cache folder; None: nothing is remembered."""


def pack_trimmed(
    folder: Path, destination: Path, target: Target, catalog: Catalog, how: TrimmedPack, scratch: Path
) -> Trimmed:
    """Write the archive of what a target needs of a folder; stripped copies lie in `scratch` meanwhile.

    Raises ArtifactError if nothing is left or the folder cannot be read, EnvironmentFault for the destination, or
    where modules are to be compiled and the target's Python is not here.
    """
    cache = open_cache(how.cache) if how.cache else None
    contents = TreeContents(folder.resolve(), scratch / "made")
    kept = cache.folder if cache else None
    judged = judge_tree(folder, target, catalog, trim=how.trim, without=(destination, kept))
    selection = judged.selection
    natives = tuple(choice.file for choice in selection.kept if choice.file.elf is not None)
    stripped = strip(StripInputs(natives, wanted=how.trim != "none"), contents)
    if not selection.kept:
        msg = "nothing is left to pack"
        raise ArtifactError(msg, where=str(folder), fix="see why: packager pack --trim … --why .")
    compiled = compile_folder(folder, selection, target, how, scratch) if how.compile else None
    selection = compiled.selection if compiled else selection
    files = [Entry(c.file.path, contents.path(stripped.source(c.file))) for c in selection.kept]
    layout = arrange([*files, *_link_entries(judged.links, selection)])
    artifact = write(layout, destination, level=how.level, jobs=how.jobs, cache=cache)
    return Trimmed(selection, stripped, artifact, compiled)


def compile_folder(folder: Path, selection: Selection, target: Target, how: TrimmedPack, scratch: Path) -> Compiled:
    """Return the selection with bytecode beside its modules, by an interpreter of this machine.

    The archive has the paths of the folder.
    """
    from packager.compile.finding import find_python
    from packager.compile.kept import compile_kept

    root = target.system.function_root
    names = {choice.file.path: f"{root}/{choice.file.path}" for choice in selection.kept}
    inputs = CompileInputs(folder.resolve().name, selection, names, target.language_version, target.arch)
    contents = TreeContents(folder.resolve(), scratch / "made")
    place = scratch / "compiled"
    place.mkdir()
    with find_python(inputs.language_version, None, inputs.arch) as python:
        return compile_kept(inputs, python, contents, how.cache or scratch / "cache", place)


def judge_folder(
    folder: Path,
    target: Target,
    catalog: Catalog,
    *,
    trim: TrimLevel,
    without: tuple[Path, Path | None] | None = None,
) -> Selection:
    """Return the verdict on every file of a folder. Writes nothing; see `judge_tree`."""
    return judge_tree(folder, target, catalog, trim=trim, without=without).selection


def judge_tree(
    folder: Path,
    target: Target,
    catalog: Catalog,
    *,
    trim: TrimLevel,
    without: tuple[Path, Path | None] | None = None,
) -> Judged:
    """Return the verdict on every file of a folder, and the links between its packages. Writes nothing.

    `without` is an output file and a cache that may lie in the folder and are no part of it.
    """
    root = folder.resolve()
    scan = scan_inputs(catalog.engines)
    inventory, graph = scan_tree(root, scan.companions, scan.generated, keep_links=True)
    if without is not None:
        inventory = _without(inventory, root, *without)
    packages = {installed.package.name: installed.package.version for installed in graph.installed.values()}
    spoken = tuple(engine for engine in catalog.engines if spoken_of(engine, packages))
    clients = find_clients(root, spoken, packages)
    made_with = (client.engine for client in clients if client.engine)
    engines = tuple(dict.fromkeys([*made_with, *(engine for engine in spoken if not engine.family)]))
    contents = TreeContents(root, root)  # nothing is made while files are judged
    graph = with_own_needs(graph, inventory, contents) if "" in graph.installed else graph
    python, tops = python_installation(inventory, contents)
    inputs = TrimInputs(
        target=target,
        kind="function",
        trim=trim,
        inventory=inventory,
        graph=graph,
        engines=engines,
        clients=for_targets(clients, ()),
        python_packages=python,
        python_tops=tops,
    )
    return Judged(trim_files(inputs, contents), graph.links)


def _link_entries(links: Mapping[str, str], selection: Selection) -> list[Entry]:
    """Return the links of the archive: those from a package or folder that is kept to one that is."""
    kept = {""}
    for choice in selection.kept:
        folder = choice.file.path
        while (folder := folder.rpartition("/")[0]) and folder not in kept:
            kept.add(folder)
    return [
        Entry(link, LINK_MARK + posixpath.relpath(target, posixpath.dirname(link)))
        for link, target in links.items()
        if target in kept and link.rpartition("node_modules/")[0].rstrip("/") in kept
    ]


def python_installation(inventory: Inventory, contents: Contents) -> tuple[str, frozenset[str] | None]:
    """Return the folder of installed Python packages ("." is the whole tree, "" none), and what lies there of theirs.

    The latter are first parts of paths, by the RECORD of each distribution; the rest beside them is the user's own.
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
        if record is None or not record.source:
            return folders.pop() or ".", None
        rows = csv.reader(contents.read(record).decode("utf-8", "replace").splitlines())
        tops |= {row[0].partition("/")[0] for row in rows if row}
    return folders.pop() or ".", frozenset(tops)


def _without(inventory: Inventory, root: Path, output: Path, cache: Path | None) -> Inventory:
    """Return the inventory without what an earlier run left in the folder: its archive, its cache."""
    is_own = own_name(root, output, cache)
    if is_own is None:
        return inventory
    return replace(inventory, files=tuple(file for file in inventory.files if not is_own(file.path)))
