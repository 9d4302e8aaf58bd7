"""The rules in the order they are asked: the first that speaks decides. Pure: facts in, selection out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from packager.core.resources import RECIPE_FILE
from packager.inventory.packages import way
from packager.model.packages import in_output, package_folder
from packager.model.selection import Choice, Selection
from packager.select.trim.engines import EngineRules, linked_folders
from packager.select.trim.patterns import compiled, included, reaching
from packager.select.trim.platforms import foreign_files, foreign_packages
from packager.select.trim.rulebook import package_rules, rulebook
from packager.select.trim.secrets import asked_for, secret_reason

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from packager.model.clients import Client
    from packager.model.inventory import File
    from packager.model.languages import PackageLayout
    from packager.model.packages import PackageGraph
    from packager.model.stages import TrimInputs


@dataclass(frozen=True)
class Settled:
    """What trimming has found out by the time the rules are asked."""

    provided: Mapping[str, str] = field(default_factory=dict)
    """Package folder → name of the layer that carries the same package with the same content."""
    provided_files: Mapping[str, str] = field(default_factory=dict)
    """File → name of the layer that carries it: Python packages have no folder of their own."""
    pinned: Mapping[str, str] = field(default_factory=dict)
    """More of `TrimInputs.pinned`: what kept code names."""
    twins: Mapping[str, str] = field(default_factory=dict)
    """File → why nothing can load it; for the levels that ask (`packager.select.trim.esm_duplicates`)."""


NOTHING_SETTLED = Settled()


def apply_rules(inputs: TrimInputs, settled: Settled = NOTHING_SETTLED) -> Selection:
    """Return the verdict on every file of the tree, each exactly once."""
    judge = _Judge(inputs, settled)
    return Selection(tuple(judge.choose(file) for file in inputs.inventory.files))


class _Judge:
    """Everything that is worked out once per bundle, so that `choose` is a walk down the rules."""

    def __init__(self, inputs: TrimInputs, settled: Settled) -> None:
        self.inputs = inputs
        self.settled = settled
        self.pinned = inputs.pinned.keys() | settled.pinned.keys()
        self.layer = inputs.kind == "layer"
        inventory, graph, clients = inputs.inventory, inputs.graph, inputs.clients
        build_only = frozenset(name for engine in inputs.engines for name in engine.build_only)
        self.reached = _reached(inputs, graph, build_only, clients)
        cpu = "x64" if inputs.target.arch == "x86_64" else inputs.target.arch
        links = linked_folders(clients, inventory.files)
        paths = [file.path for file in inventory.files]
        self.rules = EngineRules(inputs.engines, clients, paths, cpu, links, self._only_linked(links))
        # Only what would be packed counts as a twin: an unreachable package must not justify dropping a reachable one.
        live = [file for file in inventory.files if file.package is None or file.package.path in self.reached]
        all_of_it = inputs.trim == "none"
        self.foreign = {} if all_of_it else foreign_files(live, inputs.target)
        self.foreign_packages = {} if all_of_it else foreign_packages(live, inputs.target)
        self.leftovers = rulebook("any", inputs.trim, "both")
        self.build_files = rulebook("any", inputs.trim, "own")
        layouts: tuple[PackageLayout, ...] = ("folders", "shared")
        self.levels = {layout: package_rules(layout, inputs.trim) for layout in layouts}
        self.beside = _beside(inventory.files)
        # An app that a recipe is applied to has its own code in folders of these names.
        self.of_recipe = bool(inputs.recipe) and any(file.path == RECIPE_FILE for file in inventory.files)

    def _only_linked(self, links: Mapping[str, str]) -> set[str]:
        """Return the clients' folders that code reaches as packages: no entry or pattern is about their workspace."""
        named = (self.inputs.handler, *self.inputs.entries, *self.inputs.include)
        found = set()
        for link, folder in links.items():
            package = package_folder(f"{link}/_")
            workspace = folder.removesuffix(link[len(package) :])
            if package in self.reached and not any(path.startswith(f"{workspace}/") for path in named):
                found.add(folder)
        return found

    def choose(self, file: File) -> Choice:
        """Return the verdict on one file."""
        package = file.package
        in_package = bool(package and package.path)
        python = self.inputs.python_inner(file.path)
        installed = in_package or bool(python)
        secret = secret_reason(file.path, installed)
        if secret:
            if not self.layer and asked_for(file.path, self.inputs.include):
                return Choice(file, True, "secret", f"{secret}, packed because an include pattern names it", noted=True)
            return Choice(file, False, "secret", f"{secret}: never packed unless an include pattern names it")
        if rule := self.leftovers.rule(file.path):
            return Choice(file, False, rule.name, rule.reason)
        if installed and not in_package:
            if layer := self.settled.provided_files.get(file.path):
                return Choice(file, False, "layer", f"layer {layer} carries it")
            top = python.partition("/")[0]
            folder = file.path.removesuffix(python) + top
            dropped = self.rules.choice(file, folder, top) if self.inputs.trim != "none" else None
            dropped = dropped or self._native(file) or self._by_level(file, "shared", python, top, top)
            return dropped or Choice(file, True, "dependency", "installed for the target")
        if not in_package or in_output(file.path):
            return self._own(file)
        return self._of_package(file)

    def _own(self, file: File) -> Choice:
        if self.layer:
            recipe = file.path.startswith(
                (f"{self.inputs.target.layer_paths.bin}/", f"{self.inputs.target.layer_paths.lib}/")
            )
            if recipe and self.of_recipe:
                return Choice(file, True, "recipe", "the recipe's own file")
            return Choice(file, False, "layer-content", "a layer carries packages, not the project's own code")
        if inside := self._inlined(file):
            return inside
        kept, pattern = included(file.path, self.inputs.include)
        if pattern.startswith("!") or asked_for(file.path, self.inputs.include):
            return Choice(file, kept, "include", f"pattern {pattern}")
        if file.path == "package.json":
            return Choice(file, True, "project", "decides how Node reads the project's modules")
        traced = self.inputs.traced
        if not kept and (traced is None or file.path not in traced):
            return Choice(file, False, "include", "no include pattern names it")
        if rule := self.build_files.rule(file.path):
            return Choice(file, False, rule.name, rule.reason)
        if self.inputs.trim != "none" and (dropped := self.rules.choice(file, "")):
            return dropped
        if pattern:
            return Choice(file, True, "include", f"pattern {pattern}")
        dropped = self._native(file) or self._untraced(file)
        return dropped or Choice(file, True, "project", (traced or {}).get(file.path, "the project's own file"))

    def _of_package(self, file: File) -> Choice:
        package = file.package
        folder = package.path if package else ""
        pattern = "" if self.layer else reaching(file.path, self.inputs.include)
        if pattern:
            return Choice(file, not pattern.startswith("!"), "include", f"pattern {pattern}")
        if folder not in self.reached:
            reason = "the layer's packages do not need it" if self.layer else "no production dependency needs it"
            return Choice(file, False, "unreachable", reason)
        if folder in self.foreign_packages:
            return Choice(file, False, "platform", self.foreign_packages[folder])
        if folder in self.settled.provided:
            return Choice(file, False, "layer", f"layer {self.settled.provided[folder]} carries it")
        dropped = self.rules.choice(file, folder) if self.inputs.trim != "none" else None
        dropped = dropped or self._native(file)
        if dropped is None and package is not None:
            dropped = self._by_level(file, "folders", file.path[len(folder) + 1 :], folder, package.name)
        dropped = dropped or self._untraced(file)
        return dropped or Choice(file, True, "dependency", way(folder, self.reached))

    def _by_level(self, file: File, layout: PackageLayout, inner: str, folder: str, package: str) -> Choice | None:
        """Return the drop that a rule of the trim level asks for; what is reached or spared it must leave alone."""
        traced = self.inputs.traced
        if (traced is not None and file.path in traced) or not self.pinned.isdisjoint((folder, file.path)):
            return None
        rule = self.levels[layout].rule(inner, package, self.beside.get(folder, frozenset()))
        if rule:
            return Choice(file, False, rule.name, rule.reason)
        twin = self.settled.twins.get(file.path)
        return Choice(file, False, "twin", twin) if twin else None

    def _untraced(self, file: File) -> Choice | None:
        """Return the drop of what no entry reaches, or has in it already; None if nothing was traced."""
        traced = self.inputs.traced
        if inside := self._inlined(file):
            return inside
        if traced is None or file.path in traced:
            return None
        return Choice(file, False, "untraced", "nothing that the entry reaches asks for it")

    def _inlined(self, file: File) -> Choice | None:
        entry = self.inputs.inlined.get(file.path)
        return Choice(file, False, "bundled", f"its code is in {entry}") if entry else None

    def _native(self, file: File) -> Choice | None:
        reason = self.foreign.get(file.path)
        return Choice(file, False, "platform", reason) if reason else None


def _beside(files: Iterable[File]) -> dict[str, frozenset[str]]:
    """Return package folder → names of the files directly in it."""
    found: dict[str, set[str]] = {}
    for file in files:
        folder, _, name = file.path.rpartition("/")
        if file.package is not None and file.package.path == folder:
            found.setdefault(folder, set()).add(name)
    return {folder: frozenset(names) for folder, names in found.items()}


def _reached(
    inputs: TrimInputs, graph: PackageGraph, build_only: frozenset[str], clients: tuple[Client, ...]
) -> dict[str, str]:
    """Return the folders of packages the bundle needs → what led there."""
    # Without a package.json it is not known what is for development only.
    production = graph.production(build_only) if "" in graph.installed else graph.closure(sorted(graph.installed))
    generated = {client.folder: client for client in clients if client.folder in graph.installed}
    # No package depends on a generated client by name, unless it lies where its package looks for it.
    production = {**production, **{folder: "" for folder in generated if folder not in production}}
    built = {folder: "" for folder in graph.installed if in_output(f"{folder}/")}
    production = {**built, **production}
    if added := inputs.needed - production.keys():
        production = {**graph.closure(sorted(added)), **production}
    if not inputs.packages:
        return production
    roots = [
        folder
        for folder in production
        if any(compiled(pattern).match(graph.installed[folder].package.name) for pattern in inputs.packages)
    ]
    named = {graph.installed[folder].package.name for folder in roots}
    roots += [
        folder
        for folder, client in generated.items()
        if folder not in roots and client.engine and named.intersection(client.engine.packages)
    ]
    return graph.closure(roots, build_only)
