"""A bundle of the plan, its tree and what lies beneath it → what each stage is given. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from packager.compile.kept import optimize_of
from packager.engines.targets import for_targets
from packager.hosts.registry import HOSTS
from packager.model.builds import PYTHON_PACKAGES_DIR
from packager.model.stages import (
    CompileInputs,
    LayerBeneath,
    ProveInputs,
    ScanInputs,
    StripInputs,
    TraceInputs,
    TrimInputs,
)
from packager.model.tracing import View
from packager.select.trim.patterns import compiled

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from packager.model.clients import Client
    from packager.model.generators import Engine
    from packager.model.plan import Bundle
    from packager.model.results import Scanned
    from packager.model.selection import Selection

NOTHING_PINNED: Mapping[str, str] = {}


def scan_inputs(engines: Sequence[Engine], clients: Sequence[Client] = ()) -> ScanInputs:
    """Return what `scan` is given."""
    companions = {name: needs for engine in engines for name, needs in engine.companions}
    return ScanInputs(companions, tuple(client.folder for client in clients))


def layers_beneath(bundle: Bundle, layers: Sequence[tuple[Bundle, Selection]]) -> tuple[LayerBeneath, ...]:
    """Return what the layers of this plan carry, as seen by the bundle on top of them."""
    return tuple(LayerBeneath(layer.name, chosen, layer.job == bundle.job) for layer, chosen in layers)


def trace_inputs(
    bundle: Bundle, scanned: Scanned, layers: Sequence[LayerBeneath], pinned: Mapping[str, str] = NOTHING_PINNED
) -> TraceInputs:
    """Return what `trace` is given."""
    same_tree = [choice for layer in layers if layer.same_tree for choice in layer.selection.kept]
    return TraceInputs(
        name=bundle.name,
        target=bundle.target,
        kind=bundle.kind,
        trim=bundle.trim,
        inventory=scanned.inventory,
        graph=scanned.graph,
        handler=bundle.handler,
        entries=bundle.entries,
        include=bundle.include,
        external=bundle.external,
        engines=bundle.job.engines,
        clients=for_targets(scanned.survey.clients, bundle.job.binary_targets),
        pinned=pinned,
        beneath=frozenset(choice.file.package.path for choice in same_tree if choice.file.package),
        environment=bundle.environment,
    )


def trim_inputs(
    bundle: Bundle,
    scanned: Scanned,
    layers: Sequence[LayerBeneath] = (),
    view: View | None = None,
    pinned: Mapping[str, str] = NOTHING_PINNED,
) -> TrimInputs:
    """Return what `trim` is given; without a view nothing counts as traced."""
    view = view or View(scanned.inventory)
    return TrimInputs(
        target=bundle.target,
        kind=bundle.kind,
        trim=bundle.trim,
        inventory=view.inventory,
        graph=scanned.graph,
        handler=bundle.handler,
        entries=bundle.entries,
        include=bundle.include,
        packages=bundle.packages,
        recipe=bundle.recipe,
        engines=bundle.job.engines,
        clients=for_targets(scanned.survey.clients, bundle.job.binary_targets),
        layers=tuple(layers),
        python_packages=PYTHON_PACKAGES_DIR,
        traced=view.reached,
        inlined=view.inlined,
        pinned=pinned,
        needed=view.needed,
    )


def strip_inputs(bundle: Bundle, selection: Selection) -> StripInputs:
    """Return what `strip` is given: the kept native files."""
    return StripInputs(tuple(choice.file for choice in selection.kept if choice.file.elf is not None), bundle.strip)


def compile_inputs(bundle: Bundle, selection: Selection) -> CompileInputs | None:
    """Return what `compile` is given; None where the bundle asks for no bytecode."""
    if not bundle.compile:
        return None
    place, system = HOSTS[bundle.target.provider].place, bundle.target.system
    root = system.layer_root if bundle.kind == "layer" else system.function_root
    return CompileInputs(
        name=bundle.name,
        selection=selection,
        names={choice.file.path: f"{root}/{place(bundle, choice.file.path)}" for choice in selection.kept},
        language_version=bundle.target.language_version,
        arch=bundle.target.arch,
        optimize=optimize_of(dict(bundle.environment)),
        checked=bundle.kind == "layer",
    )


def prove_inputs(bundle: Bundle, selection: Selection, artifact: str, layers: Sequence[str], image: str) -> ProveInputs:
    """Return what `prove` is given: the archives by their SHA-256."""
    return ProveInputs(
        artifact=artifact,
        layers=tuple(layers),
        target=bundle.target,
        handler=bundle.handler,
        environment=tuple(sorted({**dict(bundle.environment), **dict(bundle.proof.environment)}.items())),
        allow_network=bundle.proof.allow_network,
        settle_seconds=bundle.proof.settle_seconds,
        timeout_seconds=bundle.proof.timeout_seconds,
        image=image,
        packages=tuple(sorted(_roots(bundle, selection))),
        dropped={choice.file.path: f"{choice.rule}: {choice.reason}" for choice in selection.dropped},
    )


def each_start(bundle: Bundle, inputs: ProveInputs) -> tuple[ProveInputs, ...]:
    """Return what `prove` is given for each of what the host starts of a bundle, and for each event of that."""
    starts = HOSTS[bundle.target.provider].starts(bundle.handler, bundle.entries)
    events = bundle.proof.events or (None,)
    return tuple(
        replace(inputs, handler=handler, entry=entry, event=event) for handler, entry in starts for event in events
    )


def _roots(bundle: Bundle, selection: Selection) -> set[str]:
    """Return the names of the packages a layer is made for: loading them is what its proof shows."""
    kept = {choice.file.package.name for choice in selection.kept if choice.file.package and choice.file.package.path}
    return {name for name in kept if any(compiled(glob).match(name) for glob in bundle.packages)}
