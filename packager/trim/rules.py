"""The rules in the order they are asked: the first that speaks decides. Pure: facts in, selection out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from packager.trim import Choice, Selection
from packager.trim.engines import EngineRules
from packager.trim.patterns import compiled, included, matches_any, reaching
from packager.trim.platforms import foreign_files, foreign_packages
from packager.trim.secrets import asked_for, secret_reason

if TYPE_CHECKING:
    from collections.abc import Mapping

    from packager.engines import Client
    from packager.inventory import File, Inventory
    from packager.inventory.packages import PackageGraph
    from packager.plan import Bundle

# Never of use at run time, wherever they lie.
LEFTOVERS: tuple[tuple[str, str], ...] = (
    ("{**/,}.git/**", "version control"),
    ("{**/,}.git{ignore,attributes,modules,keep}", "version control"),
    ("{**/,}.{npm,docker,up,gcloud}ignore", "build configuration"),
    ("{**/,}.{svn,hg}/**", "version control"),
    ("{**/,}*.tmp[0-9]*", "left by an aborted generate"),
    ("{**/,}.DS_Store", "left by the Finder"),
    ("{**/,}Thumbs.db", "left by the Explorer"),
    ("{**/,}npm-debug.log*", "a log"),
    ("{**/,}node_modules/.cache/**", "a cache"),
    ("{**/,}node_modules/.bin/**", "links for the shell"),
    ("{**/,}node_modules/.{package-lock.json,yarn-integrity,modules.yaml}", "the installer's own record"),
    ("{**/,}node_modules/.pnpm-workspace-state*.json", "the installer's own record"),
    ("{**/,}__pycache__/**", "bytecode, rebuilt by Python"),
    ("{**/,}.{mypy_cache,pytest_cache,ruff_cache,tox,nox,turbo,parcel-cache,nyc_output}/**", "a cache"),
    ("{**/,}.{venv,vscode,idea}/**", "of the development machine"),
)  # fmt: skip
# Of installed packages only, the compiler's own excepted: it reads its declarations when it runs.
DECLARATIONS: tuple[tuple[str, str], ...] = (
    ("{**/,}*.d.{ts,mts,cts}", "type declarations: only compilers and editors read them"),
    ("{**/,}*.{js,mjs,cjs,ts,mts,cts,css}.map", "a source map: only debuggers read it"),
)
_COMPILERS = ("typescript", "@typescript/", "ts-morph", "@ts-morph/")
# Of the project's own folder only: what building needs and running does not.
BUILD_FILES: tuple[str, ...] = (
    "package-lock.json", "npm-shrinkwrap.json", "pnpm-lock.yaml", "pnpm-workspace.yaml", "yarn.lock", "bun.lock{,b}",
    "packager.y{,a}ml", "serverless.{yml,yaml,json,ts,js}", "template.y{,a}ml", "samconfig.{toml,yaml}",
    "netlify.toml", "now.json", "vercel.json", "up.json", "prisma.config.{ts,js,mjs,cjs,mts,cts}",
    "serverless-packager.cjs", "packager.tf.json", "packager-cdk.ts",
    "tsconfig{,.*}.json", "jsconfig.json",
    "Dockerfile{,.*}", "docker-compose*.y{,a}ml", "Makefile", "*.tf", ".serverless/**", ".aws-sam/**", ".vercel/**",
    ".netlify/**", ".github/**", ".editorconfig", ".prettierrc*", ".eslintrc*", "eslint.config.*", "README*", "*.tgz",
    "requirements*.{txt,in}", "Pipfile{,.lock}", "poetry.lock", "uv.lock",
)  # fmt: skip


@dataclass(frozen=True)
class Circumstances:
    """What trimming has to know beyond the files."""

    graph: PackageGraph
    clients: tuple[Client, ...] = ()
    """What the project's generators wrote, with the binary target each needs."""
    provided: Mapping[str, str] = field(default_factory=dict)
    """Package folder → name of the layer that carries the same package with the same content."""
    provided_files: Mapping[str, str] = field(default_factory=dict)
    """File → name of the layer that carries it: Python packages have no folder of their own."""
    python_packages: str = ""
    """Folder of installed Python packages in the tree; empty if there are none."""
    traced: Mapping[str, str] | None = None
    """File → what asks for it, for every file the entries reach; None: not traced, everything counts as reached."""
    spared: Mapping[str, str] = field(default_factory=dict)
    """Package folder or file → why rules of the trim levels must leave it alone: a proof missed it without them."""


def trim(inventory: Inventory, bundle: Bundle, circumstances: Circumstances) -> Selection:
    """Return the verdict on every file of the tree, each exactly once."""
    judge = _Judge(inventory, bundle, circumstances)
    return Selection(tuple(judge.choose(file) for file in inventory.files))


class _Judge:
    """Everything that is worked out once per bundle, so that `choose` is a walk down the rules."""

    def __init__(self, inventory: Inventory, bundle: Bundle, circumstances: Circumstances) -> None:
        self.bundle = bundle
        self.circumstances = circumstances
        self.layer = bundle.kind == "layer"
        graph = circumstances.graph
        build_only = frozenset(name for engine in bundle.job.engines for name in engine.build_only)
        clients = circumstances.clients
        self.reached = _reached(bundle, graph, build_only, clients)
        cpu = "x64" if bundle.target.arch == "x86_64" else bundle.target.arch
        self.rules = EngineRules(bundle.job.engines, clients, (file.path for file in inventory.files), cpu)
        # Only what would be packed counts as a twin: an unreachable package must not justify dropping a reachable one.
        live = [file for file in inventory.files if file.package is None or file.package.path in self.reached]
        self.foreign = foreign_files(live, bundle.target)
        self.foreign_packages = foreign_packages(live, bundle.target)

    def choose(self, file: File) -> Choice:
        """Return the verdict on one file."""
        package = file.package
        in_package = bool(package and package.path)
        python = self.circumstances.python_packages
        installed = in_package or bool(python and file.path.startswith(f"{python}/"))
        secret = secret_reason(file.path, installed)
        if secret:
            if not self.layer and asked_for(file.path, self.bundle.include):
                return Choice(file, True, "secret", f"{secret}, packed because an include pattern names it", noted=True)
            return Choice(file, False, "secret", f"{secret}: never packed unless an include pattern names it")
        for pattern, reason in LEFTOVERS:
            if compiled(pattern).match(file.path):
                return Choice(file, False, "leftover", reason)
        if installed and not in_package:
            if layer := self.circumstances.provided_files.get(file.path):
                return Choice(file, False, "layer", f"layer {layer} carries it")
            return self._native(file) or Choice(file, True, "dependency", "installed for the target")
        if not in_package:
            return self._own(file)
        return self._of_package(file)

    def _own(self, file: File) -> Choice:
        if self.layer:
            recipe = file.path.startswith(
                (f"{self.bundle.target.layer_paths.bin}/", f"{self.bundle.target.layer_paths.lib}/")
            )
            if recipe and self.bundle.recipe:
                return Choice(file, True, "recipe", "the recipe's own file")
            return Choice(file, False, "layer-content", "a layer carries packages, not the project's own code")
        kept, pattern = included(file.path, self.bundle.include)
        if pattern.startswith("!") or asked_for(file.path, self.bundle.include):
            return Choice(file, kept, "include", f"pattern {pattern}")
        if file.path == "package.json":
            return Choice(file, True, "project", "decides how Node reads the project's modules")
        if not kept:
            return Choice(file, False, "include", "no include pattern names it")
        if matches_any(file.path, BUILD_FILES):
            return Choice(file, False, "build-file", "only building needs it")
        if dropped := self.rules.choice(file, ""):
            return dropped
        if pattern:
            return Choice(file, True, "include", f"pattern {pattern}")
        return self._native(file) or Choice(file, True, "project", "the project's own file")

    def _of_package(self, file: File) -> Choice:
        package = file.package
        folder = package.path if package else ""
        pattern = "" if self.layer else reaching(file.path, self.bundle.include)
        if pattern:
            return Choice(file, not pattern.startswith("!"), "include", f"pattern {pattern}")
        if folder not in self.reached:
            reason = "the layer's packages do not need it" if self.layer else "no production dependency needs it"
            return Choice(file, False, "unreachable", reason)
        if folder in self.foreign_packages:
            return Choice(file, False, "platform", self.foreign_packages[folder])
        if folder in self.circumstances.provided:
            return Choice(file, False, "layer", f"layer {self.circumstances.provided[folder]} carries it")
        dropped = self.rules.choice(file, folder) or self._native(file)
        if dropped is None and not {folder, file.path} & self.circumstances.spared.keys():
            dropped = _declaration(file)
        return dropped or Choice(file, True, "dependency", _chain(folder, self.reached))

    def _native(self, file: File) -> Choice | None:
        reason = self.foreign.get(file.path)
        return Choice(file, False, "platform", reason) if reason else None


def _declaration(file: File) -> Choice | None:
    if file.package is None or file.package.name.startswith(_COMPILERS):
        return None
    for pattern, reason in DECLARATIONS:
        if compiled(pattern).match(file.path):
            return Choice(file, False, "declaration", reason)
    return None


def _reached(
    bundle: Bundle, graph: PackageGraph, build_only: frozenset[str], clients: tuple[Client, ...]
) -> dict[str, str]:
    """Return the folders of packages the bundle needs → what led there."""
    production = graph.production(build_only)
    generated = {client.folder: client for client in clients if client.folder in graph.installed}
    # Nobody depends on a generated client by name, unless it lies where its package looks for it.
    production = {**production, **{folder: "" for folder in generated if folder not in production}}
    if not bundle.packages:
        return production
    roots = [
        folder
        for folder in production
        if any(compiled(pattern).match(graph.installed[folder].package.name) for pattern in bundle.packages)
    ]
    named = {graph.installed[folder].package.name for folder in roots}
    roots += [
        folder
        for folder, client in generated.items()
        if folder not in roots and client.engine and named.intersection(client.engine.packages)
    ]
    return graph.closure(roots, build_only)


def _chain(folder: str, reached: Mapping[str, str]) -> str:
    """Return how the project came to need a package: "express > body-parser > bytes"."""
    names: list[str] = []
    while folder:
        names.append(folder.rpartition("node_modules/")[2])
        folder = reached.get(folder, "")
    return " > ".join(reversed(names))
