"""Functions as they were made → the layers to cut from them, and these layers made."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from packager.core.errors import ConfigError
from packager.languages.registry import with_layout
from packager.model.plan import TRIM_LEVELS
from packager.model.stages import LayerBeneath
from packager.pipeline.fit.layers import Demand, LayerPart, split
from packager.select.trim.layer_dedup import provided_by

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from packager.model.plan import Bundle
    from packager.model.results import Result
    from packager.model.selection import Selection
    from packager.pipeline.fit.layers import Weight
    from packager.pipeline.fit.workshop import Workshop

_MARGIN = 3
"""An estimate by packages may miss: a part in 2 to this power more than is too much has to go."""


@dataclass(frozen=True)
class Base:
    """A function as it was made, which is too big, and what is known of it."""

    result: Result
    workshop: Workshop
    limit_bytes: int
    """Of its zip."""
    enough_bytes: int
    """Compressed, that are to leave it: what is too much, with a margin."""
    refuses: frozenset[str] = frozenset()
    """Packages that an earlier attempt has shown not to be for layers."""

    @property
    def name(self) -> str:
        """Return the name of its bundle."""
        return self.result.bundle.name

    @property
    def excess_bytes(self) -> int:
        """Return how much its zip is over the limit."""
        return max(0, self.result.artifact.zipped_bytes - self.limit_bytes)


def wanted(zipped_bytes: int, limit_bytes: int) -> int:
    """Return how many compressed bytes are to leave a zip, with a margin; 0 where it fits."""
    excess = max(0, zipped_bytes - limit_bytes)
    return excess + (excess >> _MARGIN)


def can_cut(bundle: Bundle) -> bool:
    """Return whether packages of a bundle can go into layers of its host, and it may have more of these."""
    return bundle.kind == "function" and bundle.target.language in with_layout("folders") and free_layers(bundle) > 0


def free_layers(bundle: Bundle) -> int:
    """Return how many more layers a function may have."""
    return (bundle.budget.layers or 0) - len(bundle.layers) - len(bundle.layer_files) - len(bundle.layer_arns)


def cut(bases: Sequence[Base]) -> tuple[LayerPart, ...]:
    """Return the layers for functions of one tree and target, as many as each still needs; none where there are none.

    Trims the tree once more, as one layer of all packages: what a layer carries of a package decides whether a
    function can do without its own copy.
    """
    template = layer_template(bases)
    if template is None:
        return ()
    first = bases[0]
    whole = first.workshop.select(template)
    packed = {path: weight for base in bases for path, weight in _packed(base.result).items()}
    weights = _layer_weights(whole, packed)
    demands = [_demand(base, whole, template) for base in bases]
    # The layer's own limit for a direct upload is the host's, whatever the user allows the function.
    limit = template.budget.zipped or first.limit_bytes
    room = limit - (limit >> 5)  # names and headers are not in the sum
    return split(first.result.scanned.graph, demands, weights, room)


def layer_template(bases: Sequence[Base]) -> Bundle | None:
    """Return the bundle of a layer of all packages beneath these functions; None where the host has no layers.

    It leaves out no more than the functions do and stands on the layers that all of them have.
    """
    bundles = [base.result.bundle for base in bases]
    first, target = bundles[0], bases[0].workshop.layer_target
    if target is None:
        return None
    level = min([*(TRIM_LEVELS.index(bundle.trim) for bundle in bundles), TRIM_LEVELS.index("strict")])
    return replace(
        first,
        kind="layer",
        target=target,
        budget=target.budget,
        handler="",
        entries=(),
        include=(),
        packages=(),
        layers=tuple(name for name in first.layers if all(name in bundle.layers for bundle in bundles)),
        layer_files=(),
        trim=TRIM_LEVELS[level],
        strip=all(bundle.strip for bundle in bundles),
        external=(),
        environment=tuple(item for item in first.environment if all(item in other.environment for other in bundles)),
        silence=tuple(item for item in first.silence if all(item in other.silence for other in bundles)),
        configured="",
    )


def make_layers(parts: Sequence[LayerPart], template: Bundle, workshop: Workshop, level: int) -> list[Result]:
    """Return the layers of these parts, each on top of those that all its functions have.

    Raises ConfigError where one would take the name of another bundle.
    """
    names = layer_names(parts)
    made: list[Result] = []
    for index, (part, name) in enumerate(zip(parts, names, strict=True)):
        if name in workshop.taken:
            msg = f"the new layer {name} would have the name of a bundle"
            raise ConfigError(msg, where=f"bundles.{name}", fix="name that bundle differently")
        below = [
            layer for other, layer in zip(parts[:index], made, strict=True) if set(part.functions) <= {*other.functions}
        ]
        declared = [layer for layer in workshop.layers if layer.bundle.name in template.layers]
        beneath = (*template.layers, *(layer.bundle.name for layer in below))
        bundle = replace(template, name=name, packages=part.packages, layers=beneath)
        made.append(workshop.make(bundle, [*declared, *below], replace(workshop.options, level=level)))
    return made


def layer_names(parts: Sequence[LayerPart]) -> list[str]:
    """Return a name for each layer: ``api-layer-1`` for one function's own, ``api-shared-1`` for that of several.

    The first of these in order of names is in it, since names of layers count in a whole account.
    """
    counted: Counter[str] = Counter()
    found = []
    for part in parts:
        stem = f"{part.functions[0]}-{'layer' if len(part.functions) == 1 else 'shared'}"
        counted[stem] += 1
        found.append(f"{stem}-{counted[stem]}")
    return found


def twice(function: Result, layers: Sequence[Result]) -> set[str]:
    """Return the names of packages that a function would see more than once, by layers of ours."""
    found: set[str] = set()
    seen: dict[str, str] = _folders(function.selection)
    for layer in layers:
        carried = _folders(layer.selection)
        found |= {name for folder, name in carried.items() if folder in seen}
        seen.update(carried)
    return found


def _demand(base: Base, whole: Selection, template: Bundle) -> Demand:
    bundle, artifact = base.result.bundle, base.result.artifact
    offered, _ = provided_by(base.result.selection, [LayerBeneath("", whole, same_tree=True)], file_by_file=False)
    own = _folders(base.result.selection)
    # A copy that the layer cannot stand for stays in the function, where it would hide the layer's.
    refused = {name for folder, name in own.items() if folder not in offered}
    for layer in base.workshop.layers:
        if layer.bundle.name not in template.layers:
            refused.update(_folders(layer.selection).values())
    packed = _packed(base.result)
    weights: dict[str, Weight] = {}
    for choice in base.result.selection.kept:
        package = choice.file.package
        if package is not None and package.path and choice.file.path in packed:
            weights[package.path] = _sum(weights.get(package.path, (0, 0)), packed[choice.file.path])
    limit = bundle.budget.unzipped_with_layers
    used = artifact.unzipped_bytes + base.workshop.layers_unzipped
    return Demand(
        name=base.name,
        weights=weights,
        enough_bytes=base.enough_bytes,
        layers=free_layers(bundle),
        room_bytes=None if limit is None else limit - used,
        refuses=frozenset(refused) | base.refuses,
    )


def _layer_weights(whole: Selection, packed: Mapping[str, Weight]) -> dict[str, Weight]:
    """Return package folder → what a layer would carry of it; files that no function has as those it has compress."""
    zipped, unzipped = (sum(weight[index] for weight in packed.values()) for index in (0, 1))
    found: dict[str, Weight] = {}
    for choice in whole.kept:
        package, size = choice.file.package, choice.file.size_bytes
        if package is None or not package.path:
            continue
        weight = packed.get(choice.file.path) or (size * zipped // max(1, unzipped), size)
        found[package.path] = _sum(found.get(package.path, (0, 0)), weight)
    return found


def _packed(result: Result) -> dict[str, Weight]:
    """Return path in the tree → what the file takes in the zip."""
    members = {member.path: (member.compressed_bytes, member.size_bytes) for member in result.artifact.members}
    return {item.choice.file.path: members[item.path] for item in result.placed if item.path in members}


def _folders(selection: Selection) -> dict[str, str]:
    """Return the folders of the packages that are kept → their names."""
    packages = (choice.file.package for choice in selection.kept)
    return {package.path: package.name for package in packages if package is not None and package.path}


def _sum(one: Weight, other: Weight) -> Weight:
    return one[0] + other[0], one[1] + other[1]
