"""Project × survey × catalog × machine → plan. Decides everything, does nothing."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from packager.detect import NODE_SUFFIXES, TYPESCRIPT_SUFFIXES, check_handler
from packager.engines.supply import at_hand, generate_lines, plan_supply
from packager.errors import ConfigError, UsageError
from packager.outputs import own_outputs
from packager.plan import TRACED, BuilderName, Bundle, Job, Plan
from packager.recipes import Recipe, find_recipe
from packager.survey import Survey, survey

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from packager.catalog import Catalog, Host
    from packager.catalog.records import Arch, Budget, Target
    from packager.machine import Machine
    from packager.plan import TrimLevel
    from packager.project import BundleSpec, Project


@dataclass(frozen=True)
class Wishes:
    """What the command line or a caller decides beyond the configuration."""

    builder: str = ""
    """``auto``, ``docker``, ``host``; empty: the configuration's."""
    image: str = ""
    out: str = "dist"
    """Output folder relative to the project; never part of the source."""
    fix_schema: bool = False
    """Build with the binary target that is needed where the schema does not name it."""
    offline: bool = False
    """Fetch nothing."""
    environment: tuple[tuple[str, str], ...] = ()
    """This machine's variables that name engines (``PRISMA_QUERY_ENGINE_LIBRARY``, …)."""


def make_plan(project: Project, catalog: Catalog, machine: Machine, wishes: Wishes | None = None) -> Plan:
    """Return what will be built. Raises ConfigError for what cannot be."""
    return _Planner(project, catalog, machine, wishes or Wishes()).plan()


class _Planner:
    """One planning run: surveys are made once per folder."""

    def __init__(self, project: Project, catalog: Catalog, machine: Machine, wishes: Wishes) -> None:
        self.project = project
        self.catalog = catalog
        self.machine = machine
        self.wishes = wishes
        self.surveys: dict[tuple[Path, str], Survey] = {}
        self.notes: list[str] = list(project.notes)

    def plan(self) -> Plan:
        """Return the plan, layers first."""
        bundles: list[Bundle] = []
        for spec in self.project.bundles:
            for arch in spec.arches:
                bundles.append(self._bundle(spec, arch))
        self._check_names(bundles)
        self._check_layers(bundles)
        ordered = sorted(bundles, key=lambda bundle: bundle.kind != "layer")
        jobs = tuple(dict.fromkeys(bundle.job for bundle in ordered))
        return Plan(self.project.root, jobs, tuple(ordered), tuple(dict.fromkeys(self.notes)))

    def _bundle(self, spec: BundleSpec, arch: Arch) -> Bundle:
        where = f"{self.project.config_file or 'command line'}: bundles.{spec.name}"
        with _at(f"{where}.target"):
            host = self.catalog.host(spec.target)
        recipe = None
        if spec.recipe:
            with _at(f"{where}.recipe"):
                recipe = find_recipe(spec.recipe, self.project.root)
        source = self._source(spec, recipe, where)
        language = recipe.language if recipe else self._survey(source).language
        runtime = spec.runtime or host.default_runtimes.get(language, "")
        if not runtime:
            raise self._no_runtime(spec, host, language, where)
        target = self._target(spec, runtime, arch, where)
        self.notes.extend(host.notes.get(spec.target, ()))
        facts = self._survey(source, target.language)
        handler, entries = self._entry_points(spec, target, source, where)
        name = spec.name if len(spec.arches) == 1 else f"{spec.name}-{arch}"
        layers, layer_files = self._layers(spec, arch, where)
        return Bundle(
            name=name,
            kind=target.kind,
            target=target,
            job=self._job(facts, target),
            budget=_narrow(target.budget, spec.budget_bytes),
            handler=handler,
            entries=entries,
            include=spec.include,
            packages=spec.packages or (recipe.packages if recipe else ()),
            recipe=recipe.name if recipe else "",
            layers=layers,
            layer_files=layer_files,
            configured=spec.name,
            environment=tuple(sorted(spec.environment.items())),
            strip=spec.strip,
            trim=self._trim(spec, target),
            external=spec.external,
            silence=tuple((silence.code, silence.path, silence.reason) for silence in spec.silence),
        )

    def _trim(self, spec: BundleSpec, target: Target) -> TrimLevel:
        """Return the level, or the highest below it that needs no code to start from."""
        if spec.trim in TRACED and (target.kind == "layer" or target.language != "nodejs"):
            why = "a layer has no entry to trace from" if target.kind == "layer" else "only Node's code is traced"
            self.notes.append(f"{spec.name}: trim: strict in place of {spec.trim}, {why}")
            return "strict"
        return spec.trim

    def _source(self, spec: BundleSpec, recipe: Recipe | None, where: str) -> Path:
        """Return the folder to install in: the app's, or a standalone recipe's if the app lacks its packages."""
        if recipe is None:
            return self.project.root
        if recipe.standalone and not recipe.needs_project:
            present = self._survey(self.project.root).packages if self.project.root != recipe.folder else {}
            if not any(name in present for name in recipe.packages):
                self.notes.append(f"{spec.name}: recipe {recipe.name} installs its own packages")
                return recipe.folder
        if recipe.needs_project:
            missing = [name for name in recipe.packages if "*" not in name]
            present = self._survey(self.project.root).packages
            if present and not any(name in present for name in missing):
                msg = f"recipe {recipe.name} is made from an app that uses {missing[0]}, this one does not"
                raise ConfigError(msg, where=f"{where}.recipe", fix=f"npm install {missing[0]}, or name another recipe")
        return self.project.root

    def _survey(self, source: Path, language: str = "") -> Survey:
        key = (source, language)
        if key not in self.surveys:
            generate = self.project.generate
            facts = survey(
                source, self.catalog, language, commands=generate.command or (), environment=generate.environment
            )
            self.surveys[key] = facts
            self.notes.extend(facts.notes)
            for engine in facts.engines:
                schemas = dict.fromkeys(client.schema_file for client in facts.clients if client.engine == engine)
                schema = f", schema {', '.join(schemas)}" if schemas else ""
                self.notes.append(f"engine: {engine.title}{schema}")
        return self.surveys[key]

    def _no_runtime(self, spec: BundleSpec, host: Host, language: str, where: str) -> ConfigError:
        """Return the error for a project in a language the host has no runtime for, or in one that cannot be told."""
        if language == "provided":
            return ConfigError("no runtime is named and none follows from the project", where=f"{where}.runtime")
        fitting = (other for other in self.catalog.hosts.values() if language in other.default_runtimes)
        names = ", ".join(name for other in fitting for name in other.kinds)
        msg = (
            f"{spec.target} takes {' and '.join(host.default_runtimes)} projects here, and this is a {language} project"
        )
        return ConfigError(msg, where=f"{where}.target", fix=f"targets for {language} are: {names}")

    def _target(self, spec: BundleSpec, runtime: str, arch: Arch, where: str) -> Target:
        with _at(f"{where}.runtime"):
            target = self.catalog.target(spec.target, runtime, arch)
        if target.status in ("deprecated", "gone"):
            since = f" since {target.until}" if target.until else ""
            self.notes.append(f"{spec.name}: runtime {runtime} is {target.status}{since}")
        return target

    def _entry_points(self, spec: BundleSpec, target: Target, source: Path, where: str) -> tuple[str, tuple[str, ...]]:
        """Return what the host calls, and the entry files of hosts that route to files."""
        from packager.detect import entry_files

        entries = (
            entry_files(source, spec.src, target.launcher, where, compiles=spec.trim == "bundle")
            if spec.src or not spec.handler
            else ()
        )
        if target.kind == "layer" or (target.launcher == "handler" and not entries):
            return self._handler(spec, target, source, where), ()
        stem = entries[0].rpartition(".")[0] if entries else spec.handler.rpartition(".")[0] or spec.handler
        if not entries:
            suffixes = (*NODE_SUFFIXES, *TYPESCRIPT_SUFFIXES) if spec.trim == "bundle" else NODE_SUFFIXES
            found = next((f"{stem}{end}" for end in suffixes if (source / f"{stem}{end}").is_file()), "")
            if not found:
                raise ConfigError(f"no file {stem}.js", where=f"{where}.handler", fix="name an existing file")  # noqa: EM102
            entries = (found,)
        suffix = {"handler": ".handler", "module": ".default", "server": ""}[target.launcher]
        return spec.handler or f"{stem}{suffix}", entries

    def _handler(self, spec: BundleSpec, target: Target, source: Path, where: str) -> str:
        if target.kind == "layer":
            if spec.handler:
                raise ConfigError("a layer has no handler", where=f"{where}.handler", fix="remove it")  # noqa: EM101
            return ""
        if spec.handler:
            own = source == self.project.root and not spec.layers and self.project.generate.command is None
            if own:
                check_handler(source, spec.handler, target.language, f"{where}.handler", compiles=spec.trim == "bundle")
            return spec.handler
        from packager.detect import detect_handler

        found = detect_handler(source, target.language, compiles=spec.trim == "bundle")
        if not found:
            msg = "no handler is named and none was found"
            raise ConfigError(msg, where=f"{where}.handler", fix="write it as path/to/module.exportedName")
        return found

    def _layers(self, spec: BundleSpec, arch: Arch, where: str) -> tuple[tuple[str, ...], tuple[Path, ...]]:
        names: list[str] = []
        files: list[Path] = []
        specs = {other.name: other for other in self.project.bundles}
        for item in spec.layers:
            path = self.project.root / item
            if item in specs:
                other = specs[item]
                if arch not in other.arches:
                    msg = f"layer {item} is not built for {arch}"
                    raise ConfigError(msg, where=f"{where}.layers", fix=f"add {arch} to bundles.{item}.arch")
                names.append(item if len(other.arches) == 1 else f"{item}-{arch}")
            elif item.endswith(".zip") and path.is_file():
                files.append(path)
            else:
                msg = f"{item!r} is neither a bundle of this project nor a zip file"
                raise ConfigError(msg, where=f"{where}.layers", fix=f"bundles are: {', '.join(specs)}")
        return tuple(names), tuple(files)

    def _check_names(self, bundles: list[Bundle]) -> None:
        """Refuse two bundles that would be one file in the output folder: macOS and Windows ignore case."""
        seen: dict[str, Bundle] = {}
        for bundle in bundles:
            first = seen.setdefault(bundle.name.lower(), bundle)
            if first is not bundle:
                msg = f"{first.name} and {bundle.name} would be written to the same file"
                raise ConfigError(msg, where=f"bundles.{bundle.name}", fix="name one of them differently")

    def _check_layers(self, bundles: list[Bundle]) -> None:
        known = {bundle.name: bundle for bundle in bundles}
        for bundle in bundles:
            for name in bundle.layers:
                layer = known[name]
                if layer.kind != "layer":
                    msg = f"{name} is no layer"
                    fix = f"set bundles.{name}.target: aws-lambda-layer"
                    raise ConfigError(msg, where=f"bundles.{bundle.name}.layers", fix=fix)
                if layer.target.language != bundle.target.language and layer.target.language != "provided":
                    msg = f"layer {name} is for {layer.target.runtime}, the function for {bundle.target.runtime}"
                    raise ConfigError(msg, where=f"bundles.{bundle.name}.layers")

    def _job(self, facts: Survey, target: Target) -> Job:
        generate = self.project.generate
        lines = generate.command
        if lines is None:
            lines = generate_lines(facts)
        environment = {key: value for engine in facts.engines for key, value in engine.environment}
        environment.update(generate.environment)
        if self.wishes.offline:
            environment["npm_config_offline"] = "true"
        is_own = facts.root == self.project.root
        supply = plan_supply(
            facts, target, given={**dict(self.wishes.environment), **generate.environment}, fix=self.wishes.fix_schema
        )
        self.notes.extend(supply.notes)
        job = Job(
            source=facts.root,
            builder="host",
            platform=target.platform,
            arch=target.arch,
            libc=target.platform.libc,
            language=target.language,
            language_version=target.language_version,
            manager=facts.manager,
            lock_file=facts.lock_file,
            engines=facts.engines,
            generate=lines if is_own else (),
            environment=tuple(sorted(environment.items())),
            timeout_seconds=generate.timeout_seconds,
            image=self.wishes.image or self.project.image,
            ignore=own_outputs(facts.root, self.wishes.out),
            binary_targets=supply.binary_targets,
            rewritten=supply.rewritten,
            offline=self.wishes.offline,
        )
        job = replace(job, builder=self._builder(job))
        files, notes = at_hand(supply.files, job)
        self.notes.extend(notes)
        environment.update((file.variable, f"{{engines}}/{file.file}") for file in files)
        return replace(job, engine_files=files, environment=tuple(sorted(environment.items())))

    def _builder(self, job: Job) -> BuilderName:
        wish = self.wishes.builder or self.project.builder
        if wish == "host":
            return "host"
        image = job.image or job.platform.image
        if wish == "docker":
            return "docker"
        problem = self.machine.docker_problem or self.machine.image_problem(image, job.arch)
        if problem:
            self.notes.append(f"builder: host, since docker cannot be used: {problem}")
            return "host"
        self.notes.append(f"builder: docker with image {image} ({self.machine.docker})")
        return "docker"


@contextmanager
def _at(where: str) -> Iterator[None]:
    """Point the error of a look-up at the key that asked for it: a wrong name there is one of the configuration."""
    try:
        yield
    except (ConfigError, UsageError) as error:
        if error.where:
            raise
        raise ConfigError(error.message, where=where, fix=error.fix) from error


def _narrow(budget: Budget, wanted_bytes: int | None) -> Budget:
    """Return the limits with the user's own budget, which is about the zip, laid over them."""
    if wanted_bytes is None:
        return budget
    return replace(budget, zipped=wanted_bytes, zipped_by_user=True)
