"""What of a tree goes into a bundle: as its code sees the tree, trimmed, without what layers carry, compiled."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from packager.engines.targets import for_targets
from packager.hosts.registry import HOSTS
from packager.layering import provided_by
from packager.making.tracing import Tools, View, view
from packager.model.plan import TRACED
from packager.trim.named import trim_unnamed
from packager.trim.rules import Circumstances

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from packager.core.progress import Stopwatch
    from packager.host import Host
    from packager.making.mending import Spared
    from packager.model.bytecode import Compiled
    from packager.model.options import Options
    from packager.model.plan import Bundle
    from packager.model.results import Scanned
    from packager.model.selection import Selection


def see(
    bundle: Bundle,
    scanned: Scanned,
    layers: Sequence[tuple[Bundle, Selection]],
    host: Host,
    options: Options,
    scratch: Path,
    watch: Stopwatch,
    spared: Mapping[str, Spared],
) -> View:
    """Return the tree as the bundle sees it: traced or bundled where it asks for that."""
    if bundle.trim not in TRACED:
        return View(scanned.inventory)
    tools = Tools(host.tracer, host.bundler, options.cache, scratch / f"traced-{bundle.name}")
    clients = for_targets(scanned.survey.clients, bundle.job.binary_targets)
    same_tree = [chosen for layer, chosen in layers if layer.job == bundle.job]
    beneath = {choice.file.package.path for chosen in same_tree for choice in chosen.kept if choice.file.package}
    with watch.step(bundle.trim, bundle.name):
        return view(bundle, scanned.tree.root, scanned.inventory, scanned.graph, clients, tools, spared, beneath)


def select_files(
    bundle: Bundle,
    scanned: Scanned,
    layers: Sequence[tuple[Bundle, Selection]],
    seen: View | None = None,
    spared: Mapping[str, Spared] | None = None,
) -> Selection:
    """Return the verdict on every file of the tree; what the layers carry is left out.

    Without a view nothing counts as traced.
    """
    from packager.model.builds import PYTHON_PACKAGES_DIR

    seen = seen or View(scanned.inventory)
    circumstances = Circumstances(
        graph=scanned.graph,
        clients=for_targets(scanned.survey.clients, bundle.job.binary_targets),
        python_packages=PYTHON_PACKAGES_DIR,
        traced=seen.reached,
        inlined=seen.inlined,
        spared={path: str(why) for path, why in (spared or {}).items()},
    )
    selection = trim_unnamed(seen.inventory, bundle, circumstances)
    if not layers:
        return selection
    carried = [(layer.name, chosen, layer.job == bundle.job) for layer, chosen in layers]
    packages, files = provided_by(selection, carried, bundle)
    return trim_unnamed(seen.inventory, bundle, replace(circumstances, provided=packages, provided_files=files))


def compile_selected(
    bundle: Bundle,
    scanned: Scanned,
    selection: Selection,
    host: Host,
    options: Options,
    scratch: Path,
    watch: Stopwatch,
) -> Compiled | None:
    """Return the selection with the bytecode of its modules; None where the bundle does not ask for it."""
    if not bundle.compile:
        return None
    from packager.compiling.kept import compile_kept

    def place(path: str) -> str:
        return HOSTS[bundle.target.provider].place(bundle, path)

    folder = Path(tempfile.mkdtemp(dir=scratch, prefix=f"compiled-{bundle.name}-"))
    with watch.step("compile", bundle.name):
        return compile_kept(selection, bundle, scanned.tree, place, host.python, options.cache, folder)
