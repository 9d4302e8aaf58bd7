"""packager's own way from a script to an archive: traced, trimmed, written, audited, proved, and mended if need be."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from benchmarks.nft.checkout import SCRIPTS
from packager.catalog.current import load_catalog
from packager.core.progress import Silent, Stopwatch
from packager.inventory.contents import TreeContents
from packager.model.builds import Tree
from packager.model.machine import Machine
from packager.model.options import BuildOptions
from packager.model.project import Survey
from packager.model.results import Scanned
from packager.model.tools import Workbench
from packager.pipeline import stages
from packager.pipeline.bundle import package_bundle
from packager.pipeline.inputs import scan_inputs
from packager.pipeline.tools import real_tools
from packager.planning.planner import make_plan
from packager.project.config import parse_project
from packager.select.trace.licences import is_licence, licence_files

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from benchmarks.nft.checkout import Script
    from packager.model.plan import Bundle
    from packager.model.results import Result

RUNTIME = "nodejs24.x"
VERSION = "24"
SETTINGS: Mapping[str, Mapping[str, str]] = {
    RUNTIME: {},
    "plain": {"NODE_OPTIONS": "--experimental-require-module --experimental-detect-module"},
}
"""Way of starting Node → variables of a function that is started so: AWS Lambda's own, and without its options."""
_PATIENCE_SECONDS = 120.0


class Packing:
    """A project whose tree is there already: nothing is installed."""

    def __init__(self, project: Path, scripts: Sequence[Script], scratch: Path) -> None:
        catalog = load_catalog()
        # The plan is made from a folder without dependencies, so that no lock file is asked for.
        source = scratch / "source"
        (source / SCRIPTS).mkdir(parents=True)
        (source / "package.json").write_text("{}", encoding="utf-8")
        for script in scripts:
            name, text = script.function
            (source / SCRIPTS / name).write_text(text, encoding="utf-8")
        described = parse_project(document(scripts), source)
        self._options = BuildOptions(out=scratch / "dist", builder="local")
        plan = make_plan(described, catalog, Machine(), self._options)
        self._bundles = {bundle.name: _patient(bundle) for bundle in plan.bundles}
        inventory, graph = stages.scan(scan_inputs(plan.jobs[0].engines), project)
        survey = Survey(project, "nodejs", None, "")
        contents = TreeContents(project.resolve(), scratch / "made")
        self._scanned = Scanned(Tree(project, "local"), inventory, graph, survey, contents)
        self._tools = real_tools(self._options.cache)
        self._scratch = scratch

    def flags(self, script: Script, way: str) -> tuple[str, ...]:
        """Return the options with which the host starts Node for the script."""
        bundle = self._bundles[bundle_name(script, way)]
        return tuple(flag.flag for flag in bundle.target.system.flags_of(dict(bundle.environment)))

    def make(self, script: Script, way: str) -> Result:
        """Return the script's bundle, made and judged. Raises PackagerError."""
        options = self._options
        bench = Workbench(
            self._tools, self._scanned.contents, self._scratch, options.cache, options.jobs, Stopwatch(Silent())
        )
        return package_bundle(self._bundles[bundle_name(script, way)], self._scanned, [], options, bench)


def bundle_name(script: Script, way: str) -> str:
    """Return what the bundle of a script is called that is started in one way."""
    return f"{script.stem}-{way}"


def document(scripts: Sequence[Script]) -> dict[str, object]:
    """Return the packager.yaml with a function for each script and way."""
    bundles = {
        bundle_name(script, way): {
            "target": "aws-lambda",
            "runtime": RUNTIME,
            "handler": script.handler,
            "trim": "trace",
            "environment": dict(environment),
        }
        for script in scripts
        for way, environment in SETTINGS.items()
    }
    return {"version": 1, "bundles": bundles}


def verdict_of(result: Result) -> tuple[bool, str]:
    """Return whether packager says yes, and what it says else: the first error."""
    if result.ok and result.proof.status == "proved":
        return True, ""
    error = next((finding for finding in result.findings if finding.severity == "error"), None)
    said = f"{error.code}: {error.message}" if error else f"{result.proof.status}: {result.proof.detail}"
    return False, " ".join(said.split())[:200]


@dataclass(frozen=True)
class Weight:
    """What an archive weighs, unpacked."""

    all_bytes: int = 0
    licence_bytes: int = 0
    """How many of these are licences of packages."""


def weight_of(result: Result) -> Weight:
    """Return what the archive weighs; of native files what is left without their symbols."""
    sizes = {item.path: item.choice.file.size_bytes for item in result.placed}
    owners = {item.path: item.choice.file.package for item in result.placed}
    packages = {path: owner.path for path, owner in owners.items() if owner is not None and owner.path}
    return Weight(sum(sizes.values()) - sum(result.stripped.values()), sum(sizes[path] for path in licences(packages)))


def licences(packages: Mapping[str, str]) -> set[str]:
    """Return which files hold a package's licence, or one of what it has copied; `packages` are file → its folder.

    >>> sorted(licences({"node_modules/a/README.md": "node_modules/a", "node_modules/a/b/LICENSE": "node_modules/a"}))
    ['node_modules/a/README.md', 'node_modules/a/b/LICENSE']
    """
    names: dict[str, list[str]] = {}
    for path, package in packages.items():
        folder, _, name = path.rpartition("/")
        if folder == package:
            names.setdefault(package, []).append(name)
    found = {f"{package}/{name}" for package, given in names.items() for name in licence_files(given)}
    return found | {path for path in packages if is_licence(path.rpartition("/")[2])}


def _patient(bundle: Bundle) -> Bundle:
    return replace(bundle, proof=replace(bundle.proof, timeout_seconds=_PATIENCE_SECONDS))
